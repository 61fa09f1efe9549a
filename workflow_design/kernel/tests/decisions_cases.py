"""Random splits with conditions, and tickets to try them on; nothing here uses the proof.

A case is a bundle of one task, after which the conditions decide. `tickets` draws what a ticket may hold there, by the
schemas alone and around all constants that occur.
"""

from __future__ import annotations

import math
from datetime import date, timedelta
from itertools import pairwise
from random import Random
from typing import Any

from workflow_design.kernel.document import normalize
from workflow_design.kernel.schemas import compile_schema

Entity = dict[str, Any]
KINDS = ("integer", "number", "boolean", "choice", "nullable", "date", "multichoice", "enum")
OPTIONS = ["red", "green", "blue", "white"]
SAFE = 2**53 - 1
ABSENT = object()


class Case:
    """One random definition. `kinds`: of its fields; `used`: operators in its conditions."""

    def __init__(self, random: Random, *, undecidable: bool = False) -> None:
        self.random = random
        self.undecidable = undecidable
        self.used: set[str] = set()
        self.constants: list[Any] = [0, 1, -1]
        self.fields: dict[str, tuple[str, Entity]] = {}
        count = random.choice((1, 1, 1, 2, 2, 3))
        for place in range(count):
            kind = random.choice(KINDS)
            self.fields[f"f{place}"] = (kind, self._schema(kind))
        self.set = {name for name in self.fields if random.random() < 0.6}
        self.gate = random.choice(("exclusive", "exclusive", "inclusive"))
        size = random.choice((1, 2, 2, 3, 3, 4))
        self.rules = self._rules(size)
        self.default = random.random() < 0.12
        self.priorities = [random.choice((0, place)) for place in range(size)]
        self.bundle = self._bundle()

    def _schema(self, kind: str) -> Entity:
        random = self.random
        if kind in ("integer", "nullable"):
            schema: Entity = {"type": "integer"}
            if random.random() < 0.5:
                schema["minimum"] = random.randint(-3, 3)
            if random.random() < 0.4:
                schema["maximum"] = random.randint(4, 12)
            if random.random() < 0.1:
                schema["multipleOf"] = 2
            return {**schema, "type": ["integer", "null"]} if kind == "nullable" else schema
        if kind == "number":
            schema = {"type": random.choice(("number", ["number", "null"]))}
            if random.random() < 0.4:
                schema[random.choice(("minimum", "exclusiveMinimum"))] = random.choice((0, 0.5, -1))
            if random.random() < 0.3:
                schema[random.choice(("maximum", "exclusiveMaximum"))] = random.choice((5, 7.5))
            return schema
        if kind == "boolean":
            return {"type": random.choice(("boolean", ["boolean", "null"]))}
        if kind == "choice":
            return {"type": "string", "enum": random.sample(OPTIONS, random.randint(1, 4))}
        if kind == "enum":
            return {"enum": random.sample([1, 2, 2.5, "red", "", None, True, False], random.randint(2, 5))}
        if kind == "date":
            return {"type": random.choice(("string", ["string", "null"])), "format": "date"}
        schema = {"type": "array", "items": {"type": "string", "enum": random.sample(OPTIONS, random.randint(1, 3))}}
        if random.random() < 0.7:
            schema["uniqueItems"] = True
        if random.random() < 0.2:
            schema["minItems"] = 1
        return schema

    def _rules(self, size: int) -> list[Any]:
        """Free conditions, or ones that are made to fit: bands, options, a condition and its opposite."""
        random = self.random
        form = random.random()
        if form < 0.3:
            name = random.choice(list(self.fields))
            bounds = sorted({self._constant(name) for _ in range(size)}, key=repr) if size > 1 else []
            numbers = sorted(
                bound for bound in bounds if isinstance(bound, int | float) and not isinstance(bound, bool)
            )
            if len(numbers) >= 1:
                rules: list[Any] = [{random.choice(("<", "<=")): [{"var": name}, numbers[0]]}]
                for low, high in pairwise(numbers):
                    rules.append({random.choice(("<", "<=")): [low, {"var": name}, high]})
                rules.append({random.choice((">=", ">")): [{"var": name}, numbers[-1]]})
                self.used.update("<>")
                return rules
        if form < 0.55:
            first = self._condition(2)
            self.used.add("!")
            rest = [self._condition(2) for _ in range(size - 1)]
            return [first, *({"and": [{"!": [first]}, rule]} for rule in rest), {"!": [{"or": [first, *rest]}]}]
        if form < 0.7:
            name = random.choice(list(self.fields))
            kind, schema = self.fields[name]
            options = schema.get("enum", schema.get("items", {}).get("enum"))
            if kind in ("choice", "enum") and options:
                self.used.add("===")
                rules = [{"===": [{"var": name}, option]} for option in options]
                return rules if random.random() < 0.7 else rules[1:] or rules
        return [self._condition(3) for _ in range(size)]

    def _condition(self, depth: int) -> Any:
        random = self.random
        if depth and random.random() < 0.45:
            name = random.choice(("and", "or", "!", "!!", "if", "?:"))
            self.used.add(name)
            count = 1 if name in ("!", "!!") else 3 if name in ("if", "?:") else random.choice((2, 2, 3))
            return {name: [self._condition(depth - 1) for _ in range(count)]}
        if self.undecidable and random.random() < 0.35:
            return self._undecidable()
        return self._atom()

    def _atom(self) -> Any:
        random = self.random
        name = random.choice(list(self.fields))
        kind, _ = self.fields[name]
        value: Any = {"var": name}
        if random.random() < 0.12:
            value = {"var": [name, self._constant(name)]}
        roll = random.random()
        if roll < 0.08:
            self.used.add("missing")
            return {"missing": random.sample(list(self.fields), random.randint(1, len(self.fields)))}
        if roll < 0.11:
            self.used.add("missing_some")
            return {"missing_some": [random.choice((1, 2)), list(self.fields)]}
        if roll < 0.15:
            self.used.add("var")
            return value
        if roll < 0.22:
            operator = random.choice(("==", "===", "!=", "!=="))
            self.used.add(operator)
            return {operator: [value, None]}
        if kind == "multichoice":
            if random.random() < 0.5:
                self.used.add("in")
                return {"in": [self._constant(name), value]}
            operator = random.choice(("some", "all", "none"))
            self.used.add(operator)
            return {operator: [value, {"===": [{"var": ""}, self._constant(name)]}]}
        if roll < 0.35:
            self.used.add("in")
            return {"in": [value, [self._constant(name) for _ in range(random.randint(1, 3))]]}
        if kind in ("integer", "nullable") and roll < 0.5:
            arithmetic = random.choice(("+", "-", "*", "min", "max"))
            constant = random.choice((2, 3, -2, 5))
            self.used.add(arithmetic)
            value = {arithmetic: [value, constant] if random.random() < 0.7 else [constant, value]}
        if kind in ("boolean", "choice"):
            operator = random.choice(("==", "===", "!=", "!=="))
            self.used.add(operator)
            return {operator: [value, self._constant(name)]}
        if roll > 0.93 and len(self.fields) > 1:
            others = [other for other in self.fields if other != name and self.fields[other][0] == kind]
            if others:
                operator = random.choice(("<", "<=", ">", ">=", "===", "=="))
                self.used.add("field " + operator)
                return {operator: [value, {"var": random.choice(others)}]}
        operator = random.choice(("<", "<=", ">", ">=", "==", "===", "!=", "!==", "between"))
        self.used.add(operator)
        if operator == "between":
            return {random.choice(("<", "<=")): [self._constant(name), value, self._constant(name)]}
        operands = [value, self._constant(name)]
        return {operator: operands if random.random() < 0.8 else operands[::-1]}

    def _undecidable(self) -> Any:
        random = self.random
        name = random.choice(list(self.fields))
        value = {"var": name}
        operator = random.choice(
            ("/", "%", "cat", "substr", "map", "filter", "reduce", "==", "<", "+", "*", "in", "min")
        )
        self.used.add("undecidable " + operator)
        constant = self._constant(random.choice(list(self.fields)))
        if operator in ("/", "%", "+", "*", "min"):
            rule = {operator: [value, random.choice((2, 3, 0.1, 0, "2"))]}
            return rule if random.random() < 0.3 else {random.choice(("<", ">", "==")): [rule, random.choice((1, 2.5))]}
        if operator in ("==", "<"):
            return {operator: [value, random.choice(("1", "red", True, False, "", 0, "2026-01-01", [], "b"))]}
        if operator == "cat":
            return {"===": [{"cat": [value, "x"]}, random.choice(("redx", "1x", "x", "nullx"))]}
        if operator == "substr":
            return {"===": [{"substr": [value, 0, 1]}, random.choice(("r", "2", "", "1"))]}
        if operator == "map":
            return {"in": [constant, {"map": [value, {"var": ""}]}]}
        if operator == "filter":
            return {"!!": [{"filter": [value, {"===": [{"var": ""}, constant]}]}]}
        if operator == "reduce":
            return {">": [{"reduce": [value, {"+": [{"var": "accumulator"}, 1]}, 0]}, random.choice((0, 1, 2))]}
        return {"in": [random.choice(("r", "2", "")), value]}

    def _constant(self, name: str) -> Any:
        random = self.random
        kind, schema = self.fields[name]
        if kind in ("integer", "nullable"):
            value: Any = random.choice((random.randint(-4, 12), random.randint(-4, 12), 1000, 2.5, SAFE))
        elif kind == "number":
            value = random.choice((0, 0.1, 0.3, 1, 5, 7.5, -1, 1e300, 2.5))
        elif kind == "boolean":
            value = random.random() < 0.5
        elif kind == "date":
            value = (date(2026, 1, 1) + timedelta(days=random.randint(0, 40))).isoformat()
        elif kind == "enum":
            value = random.choice(schema["enum"])
        else:
            value = random.choice(OPTIONS)
        self.constants.append(value)
        return value

    def _bundle(self) -> Entity:
        properties = {name: schema for name, (_, schema) in self.fields.items()}
        required = sorted(self.set)
        keys = [f"t{place}" for place in range(len(self.rules) + 1)]
        ways = [
            {"from": "ask", "to": key, "condition": rule, "priority": self.priorities[place % len(self.priorities)]}
            for place, (key, rule) in enumerate(zip(keys, self.rules, strict=False))
        ]
        if self.default:
            ways.append({"from": "ask", "to": keys[-1], "is_default": True})
        tasks = [{"key": key, "title": key, "task_type": "FORM"} for key in keys[: len(ways)]]
        schema = {"type": "object", "properties": properties, "required": required}
        ask = {"key": "ask", "title": "Ask", "task_type": "FORM", "split": self.gate, "output_schema": schema}
        document = {
            "workflow": {"key": "w", "title": "W"},
            "tasks": [ask, *tasks],
            "transitions": [{"from": None, "to": "ask"}, *ways],
            "tickets": [{"key": "w", "title": "W", "fields": {}}],
        }
        read = normalize(document)
        assert read.errors == [], read.errors
        return read.after

    def tickets(self, count: int) -> list[Entity]:
        """What a ticket may hold when "ask" is complete."""
        checker = compile_schema(self.bundle["tasks"][0]["output_schema"])
        found: list[Entity] = []
        for _ in range(4 * count):
            data = {}
            for name in self.fields:
                value = self._value(name)
                if value is not ABSENT:
                    data[name] = value
            if checker.is_valid(data):
                found.append(data)
                if len(found) == count:
                    break
        return found

    def _value(self, name: str) -> Any:
        random = self.random
        kind, schema = self.fields[name]
        if name not in self.set and random.random() < 0.2:
            return ABSENT
        if random.random() < 0.1:
            return None
        if kind == "boolean":
            return random.random() < 0.5
        if kind in ("choice", "enum"):
            return random.choice(schema["enum"])
        if kind == "multichoice":
            options = schema["items"]["enum"]
            return random.sample(options, random.randint(0, len(options)))
        if kind == "date":
            days = [date.fromisoformat(text) for text in self.constants if isinstance(text, str) and text[:2] == "20"]
            around = random.choice(days or [date(2026, 1, 1)]) + timedelta(days=random.choice((-1, 0, 0, 1, 400)))
            return random.choice((around.isoformat(), around.isoformat(), "0001-01-01", "9999-12-31", "0000-02-29"))
        numbers = [value for value in self.constants if isinstance(value, int | float)]
        numbers += [bound for key in ("minimum", "maximum") if (bound := schema.get(key)) is not None]
        value = random.choice(numbers)
        value = random.choice((value, value, value + 1, value - 1, value * random.random(), random.randint(-20, 20)))
        if kind == "number":
            return random.choice((value, math.nextafter(value, math.inf), math.nextafter(value, -math.inf)))
        value = int(value)
        if random.random() < 0.15:  # what arithmetic with constants turns into them
            value = value // random.choice((2, 3, -2, 5))
        return value if abs(value) <= SAFE else float(value)
