"""A question to z3. Only the process that is made for it calls this: z3 is loaded here."""

from __future__ import annotations

from fractions import Fraction
from time import monotonic
from typing import Any

from workflow_design.kernel.proof.decisions.linear import exact, linear
from workflow_design.kernel.proof.decisions.rules import Node, operation
from workflow_design.kernel.proof.decisions.sets import Evaluation, Outcome, outcome
from workflow_design.kernel.proof.decisions.tables import EQUAL, ERROR, GREATER, LESS, OPEN, ORDERED, TRUE

MAX_MODELS = 4
"""Points that are told of one set, since not every one can be shown to people."""


def answer(question: dict[str, Any], seconds: float) -> dict[str, Any]:
    """For each ask: `no` (nothing is in the set), `yes` with points of it, or `unknown` where time was up."""
    until = monotonic() + 0.9 * seconds
    asked = _Asked(question)
    return {"results": [asked.result(ask, until) for ask in question["asks"]]}


class _Asked:
    """The formulas of a question. Numbers are reals, or integers where all cells of a field hold whole ones: more than
    the doubles, so that what isn't there isn't among them either.
    """

    def __init__(self, question: dict[str, Any]) -> None:
        import z3

        self.z3 = z3
        self.question = question
        self.solver = z3.Solver()
        self.cells: list[list[Any]] = []
        self.numbers: list[Any] = []
        self.free: dict[int, Any] = {}
        for place, cells in enumerate(question["fields"]):
            self._field(place, cells)
        evaluation: Evaluation[Any] = Evaluation(
            _Formula(z3, z3.BoolVal(True)), _Formula(z3, z3.BoolVal(False)), self._leaf
        )
        trees = [_node(tree) for tree in question["trees"]]
        here = evaluation.of(trees[-1])[0] if question["fact"] else evaluation.everything
        self.outcome: Outcome[Any] = outcome(
            evaluation, trees[: question["conditions"]], here, exclusive=question["exclusive"]
        )

    def _field(self, place: int, cells: list[Any]) -> None:
        z3 = self.z3
        chosen = [z3.Bool(f"c{place}_{number}") for number in range(len(cells))]
        self.cells.append(chosen)
        self.solver.add(z3.PbEq([(one, 1) for one in chosen], 1))
        measured = [cell for cell in cells if cell]
        whole = all(cell[3] or cell[0] == "day" for cell in measured)
        number = z3.Int(f"n{place}") if whole else z3.Real(f"n{place}")
        self.numbers.append(number if measured else None)
        for one, cell in zip(chosen, cells, strict=True):
            if cell:
                self.solver.add(
                    z3.Implies(
                        one, z3.And(self._value(cell[1], whole) <= number, number <= self._value(cell[2], whole))
                    )
                )

    def _value(self, bound: float, whole: bool) -> Any:
        return self.z3.IntVal(int(bound)) if whole else self.z3.RealVal(Fraction(bound))

    def _leaf(self, place: int) -> tuple[Any, Any]:
        z3 = self.z3
        leaf = self.question["leaves"][place]
        true, errors = [], []
        for cells, value in leaf["values"]:
            there = [self.cells[one][cell] for one, cell in zip(leaf["fields"], cells, strict=True)]
            if value == TRUE:
                true.append(z3.And(there))
            elif value == ERROR:
                errors.append(z3.And(there))
            elif value == ORDERED:
                true.append(z3.And([*there, self._ordered(leaf, cells)]))
            elif value == OPEN:
                true.append(z3.And([*there, self._open(place, leaf)]))
        return _Formula(z3, z3.Or(true)), _Formula(z3, z3.Or(errors))

    def _ordered(self, leaf: dict[str, Any], cells: list[int]) -> Any:
        z3 = self.z3
        first, second = leaf["fields"]
        before = [self.question["fields"][one][cell] for one, cell in zip(leaf["fields"], cells, strict=True)]
        left, right = self.numbers[first], self.numbers[second]
        if -1 in (before[0][2], before[1][2]) and before[0][0] == "day":
            return self._free(f"{first} {second}")  # days of which the calendar doesn't know the order
        # The meaning is that of the order of the field with the lower number.
        if first > second:
            left, right = right, left
        means = {LESS: left < right, EQUAL: left == right, GREATER: left > right}
        return z3.Or([means[order] for order in (LESS, EQUAL, GREATER) if leaf["meaning"][order]])

    def _free(self, name: str) -> Any:
        return self.z3.FreshBool(name)

    def _open(self, place: int, leaf: dict[str, Any]) -> Any:
        if place not in self.free:
            known = self.z3.Bool(f"open{place}")
            self.free[place] = known
            if leaf["linear"] is not None:
                self._bind(known, leaf)
        return self.free[place]

    def _bind(self, known: Any, leaf: dict[str, Any]) -> None:
        """Where all fields are whole numbers that are small enough, the leaf is what its sums say."""
        z3 = self.z3
        name, (left, right) = operation(leaf["linear"])
        largest: dict[str, float] = {}
        among = []
        for path, place in leaf["names"].items():
            cells = self.question["fields"][place]
            small = [
                number
                for number, cell in enumerate(cells)
                if cell and cell[0] == "number" and cell[3] and max(abs(cell[1]), abs(cell[2])) < 2**40
            ]
            if not small:
                return
            largest[path] = max(max(abs(cells[number][1]), abs(cells[number][2])) for number in small)
            among.append(z3.Or([self.cells[place][number] for number in small]))
        if not (exact(left, largest) and exact(right, largest)):
            return
        sides = []
        for rule in (left, right):
            found = linear(rule)
            assert found is not None
            terms = [factor * self.numbers[leaf["names"][path]] for path, factor in found[0].items()]
            sides.append(z3.Sum([*terms, z3.IntVal(found[1])]))
        compare = {
            "<": sides[0] < sides[1],
            "<=": sides[0] <= sides[1],
            ">": sides[0] > sides[1],
            ">=": sides[0] >= sides[1],
        }
        equal = sides[0] == sides[1]
        compare |= {"==": equal, "===": equal, "!=": z3.Not(equal), "!==": z3.Not(equal)}
        self.solver.add(z3.Implies(z3.And(among), known == compare[name]))

    def result(self, ask: str, until: float) -> dict[str, Any]:
        what, *numbers = ask.split()
        places = [int(number) for number in numbers]
        sets = {
            "gap": lambda: self.outcome.none,
            "default": lambda: self.outcome.none,
            "error": lambda: self.outcome.failing,
            "taken": lambda: self.outcome.taken[places[0]] | self.outcome.errors[places[0]],
            "overlap": lambda: self.outcome.taken[places[0]] & self.outcome.true[places[1]],
        }
        self.solver.push()
        self.solver.add(sets[what]().formula)
        points: list[dict[str, Any]] = []
        verdict = "unknown"
        while len(points) < MAX_MODELS:
            left = int(1000 * (until - monotonic()))
            if left <= 0:
                break
            self.solver.set("timeout", left)
            found = str(self.solver.check())
            if found == "unsat" and not points:
                verdict = "no"
            if found != "sat":
                break
            verdict = "yes"
            points.append(self._point(self.solver.model()))
            if what in ("taken", "default"):
                break
        self.solver.pop()
        return {"ask": ask, "answer": verdict, "points": points}

    def _point(self, model: Any) -> dict[str, Any]:
        z3 = self.z3
        chosen = [
            next((number for number, one in enumerate(cells) if z3.is_true(model.eval(one, True))), 0)
            for cells in self.cells
        ]
        numbers: list[float | None] = []
        for number in self.numbers:
            value = None if number is None else model.eval(number, True)
            if value is None or not (z3.is_int_value(value) or z3.is_rational_value(value)):
                numbers.append(None)
            else:
                exactly = value.as_long() if z3.is_int_value(value) else value.as_fraction()
                numbers.append(exactly if isinstance(exactly, int) and abs(exactly) < 2**53 else float(exactly))
        differs = [z3.Not(cells[number]) for cells, number in zip(self.cells, chosen, strict=True) if len(cells) > 1]
        self.solver.add(z3.Or(differs))
        return {"cells": chosen, "numbers": numbers}


def _node(tree: list[Any]) -> Node:
    kind, number, parts = tree
    return Node(kind, number, tuple(_node(part) for part in parts))


class _Formula:
    """A formula with the operators of sets."""

    def __init__(self, z3: Any, formula: Any) -> None:
        self._z3, self.formula = z3, formula

    def __and__(self, other: _Formula) -> _Formula:
        return _Formula(self._z3, self._z3.And(self.formula, other.formula))

    def __or__(self, other: _Formula) -> _Formula:
        return _Formula(self._z3, self._z3.Or(self.formula, other.formula))

    def __invert__(self) -> _Formula:
        return _Formula(self._z3, self._z3.Not(self.formula))
