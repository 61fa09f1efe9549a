"""Random rules with the data they run on: well-typed ones as people write them, and mixed ones as nobody should."""

from __future__ import annotations

from random import Random
from typing import Any

TEXTS = ("", "EU", "US", "apple", "Springfield", "0", "10", "ä ö", "日本", "a😀b", "true", "e", "pp")
NUMBERS = (0, 1, 2, 3, 7, 10, 100, -1, -5, 0.5, 2.5, -0.25, 1e21, 1e-7, 123456789, 2**53 - 1, 0.1, 0.2)
FIELDS: dict[str, tuple[str, ...]] = {
    "number": ("amount", "rate", "order.total", "figures.1"),
    "text": ("region", "name", "order.city", "tags.0"),
    "flag": ("approved", "order.urgent"),
    "numbers": ("figures", "order.prices"),
    "texts": ("tags", "order.labels"),
    "rows": ("items",),
}
ABSENT = ("nowhere", "order.nothing", "items.99", "empty")


def data(random: Random) -> dict[str, Any]:
    """Data that holds every field of FIELDS with its type; `empty` is null and the others of ABSENT are not there."""

    def numbers() -> list[Any]:
        return [random.choice(NUMBERS) for _ in range(random.randint(2, 5))]

    def texts() -> list[str]:
        return [random.choice(TEXTS) for _ in range(random.randint(1, 4))]

    return {
        "amount": random.choice(NUMBERS),
        "rate": random.choice(NUMBERS),
        "region": random.choice(TEXTS),
        "name": random.choice(TEXTS),
        "approved": random.random() < 0.5,
        "figures": numbers(),
        "tags": texts(),
        "empty": None,
        "order": {
            "total": random.choice(NUMBERS),
            "city": random.choice(TEXTS),
            "urgent": random.random() < 0.5,
            "prices": numbers(),
            "labels": texts(),
        },
        "items": [
            {"qty": random.choice(NUMBERS), "sku": random.choice(TEXTS), "gift": random.random() < 0.5}
            for _ in range(random.randint(0, 4))
        ],
    }


class WellTyped:
    """Rules in which every operand has the type its operator is meant for. `item` names what a loop's body reads."""

    def __init__(self, random: Random) -> None:
        self.random = random

    def rule(self, kind: str, depth: int, item: str = "") -> Any:
        if depth <= 0 or self.random.random() < 0.15:
            return self.leaf(kind, item)
        makers = getattr(self, f"{kind}_rules")(depth - 1, item)
        return self.random.choice(makers)()

    def leaf(self, kind: str, item: str) -> Any:
        variable = self.variable(kind, item)
        if variable is not None and self.random.random() < 0.7:
            return variable
        if kind == "number":
            return self.random.choice(NUMBERS)
        if kind == "text":
            return self.random.choice(TEXTS)
        if kind == "flag":
            return self.random.random() < 0.5
        values = NUMBERS if kind == "numbers" else TEXTS
        return [self.random.choice(values) for _ in range(self.random.randint(0, 4))]

    def variable(self, kind: str, item: str) -> Any:
        if not item:
            path = self.random.choice(FIELDS[kind])
            return {"var": self.random.choice([path, [path]])}
        names = {
            "row": {"number": "qty", "text": "sku", "flag": "gift"},
            "number": {"number": ""},
            "text": {"text": ""},
            "fold": {"number": self.random.choice(["current", "accumulator"])},
        }[item]
        return {"var": names[kind]} if kind in names else None

    def number_rules(self, depth: int, item: str) -> list[Any]:
        def number() -> Any:
            return self.rule("number", depth, item)

        def several() -> list[Any]:
            return [number() for _ in range(self.random.randint(1, 3))]

        rules = [
            lambda: {"+": several()},
            lambda: {"*": several()},
            lambda: {"-": [number(), number()]},
            lambda: {"-": [number()]},
            lambda: {"/": [number(), number()]},
            lambda: {"%": [number(), number()]},
            lambda: {"min": several()},
            lambda: {"max": several()},
            lambda: {"if": [self.rule("flag", depth, item), number(), number()]},
            lambda: {"+": self.random.choice(["3.5", "10", " 7 ", "-2e3"])},
        ]
        if not item:
            rules += [
                lambda: {"var": [self.random.choice(ABSENT[:3]), number()]},
                lambda: {"reduce": [self.rule("numbers", depth), self.rule("number", depth, "fold"), number()]},
            ]
        return rules

    def text_rules(self, depth: int, item: str) -> list[Any]:
        def text() -> Any:
            return self.rule("text", depth, item)

        def place() -> int:
            return self.random.randint(-4, 4)

        return [
            lambda: {"cat": [text(), self.rule("number", depth, item), text()]},
            lambda: {"cat": text()},
            lambda: {"substr": [text(), place()]},
            lambda: {"substr": [text(), place(), place()]},
            lambda: {"?:": [self.rule("flag", depth, item), text(), text()]},
        ]

    def flag_rules(self, depth: int, item: str) -> list[Any]:
        def flag() -> Any:
            return self.rule("flag", depth, item)

        def pair(kind: str) -> list[Any]:
            return [self.rule(kind, depth, item), self.rule(kind, depth, item)]

        rules = [
            lambda: (
                {self.random.choice(["==", "===", "!=", "!=="]): pair(kind := self.kind())}
                if (kind := self.kind())
                else None
            ),
            lambda: {self.random.choice(["<", "<=", ">", ">="]): pair(self.random.choice(["number", "text"]))},
            lambda: {self.random.choice(["<", "<="]): [*pair("number"), self.rule("number", depth, item)]},
            lambda: {"and": [flag() for _ in range(self.random.randint(1, 3))]},
            lambda: {"or": [flag() for _ in range(self.random.randint(1, 3))]},
            lambda: {self.random.choice(["!", "!!"]): self.random.choice([[flag()], flag()])},
            lambda: {"in": pair("text")},
            lambda: {self.random.choice(["startsWith", "endsWith"]): pair("text")},
            lambda: {"in": [self.rule("text", depth, item), self.rule("texts", 0, "") if not item else ["EU", "e"]]},
        ]
        if not item:
            loops = [("rows", "row"), ("numbers", "number"), ("texts", "text")]

            def quantified() -> Any:
                kind, inner = self.random.choice(loops)
                operator = self.random.choice(["all", "some", "none"])
                return {operator: [self.rule(kind, depth), self.rule("flag", depth, inner)]}

            rules += [
                quantified,
                lambda: {"in": [self.rule("number", depth), self.rule("numbers", depth)]},
                lambda: {self.random.choice(["==", "!="]): [{"var": self.random.choice(ABSENT)}, None]},
                lambda: {"!": {"missing": [self.random.choice([*ABSENT, "amount", "region"])]}},
                lambda: {"!!": {"missing_some": [self.random.randint(1, 2), ["amount", *ABSENT[:2]]]}},
            ]
        return rules

    def kind(self) -> str:
        return self.random.choice(["number", "text", "flag"])

    def numbers_rules(self, depth: int, item: str) -> list[Any]:
        return [
            lambda: {"map": [self.rule("rows", depth), self.rule("number", depth, "row")]},
            lambda: {"map": [self.rule("numbers", depth), self.rule("number", depth, "number")]},
            lambda: {"filter": [self.rule("numbers", depth), self.rule("flag", depth, "number")]},
            lambda: {"merge": [self.rule("numbers", depth), self.rule("number", depth)]},
            lambda: [self.rule("number", depth), self.rule("number", depth)],
        ]

    def texts_rules(self, depth: int, item: str) -> list[Any]:
        return [
            lambda: {"map": [self.rule("rows", depth), self.rule("text", depth, "row")]},
            lambda: {"filter": [self.rule("texts", depth), self.rule("flag", depth, "text")]},
            lambda: {"merge": [self.rule("texts", depth), self.rule("texts", depth)]},
            lambda: {"missing": [*ABSENT, "amount", "name"]},
        ]

    def rows_rules(self, depth: int, item: str) -> list[Any]:
        return [lambda: {"filter": [self.rule("rows", depth), self.rule("flag", depth, "row")]}]


MIXED_VALUES: tuple[Any, ...] = (
    None, True, False, 0, 1, -1, 2.5, 1e21, 1e-7, "", "0", "1", " 12 ", "1e3", "0x1f", "12px", "abc", "-3", ".5",
    "Infinity", "null", "true", "a,b", "1,2", [], [0], [1], ["a"], [1, 2], [[]], [None], [[1], ["2"]], "日本",
)  # fmt: skip
MIXED_PATHS: tuple[Any, ...] = (
    "a", "b", "list", "object", "object.x", "list.0", "list.length", "text.length", "text.1", "a.b.c", "", None, 0, 1,
    1.5, "none", "empty", "current", "accumulator", ["a"], True, "list.00", "list.-1",
)  # fmt: skip
MIXED_DATA: dict[str, Any] = {
    "a": 1, "b": "2", "list": [1, "1", None, True, [2], {"x": 1}], "object": {"x": {"y": 0}}, "text": "hello",
    "empty": "", "nothing": None, "1": "one", "true": False, "matrix": [[1, 2], [], ["a"]],
}  # fmt: skip


class Mixed:
    """Any operator with any number of any operands."""

    def __init__(self, random: Random, operators: list[str]) -> None:
        self.random = random
        self.operators = operators

    def rule(self, depth: int) -> Any:
        chance = self.random.random()
        if depth <= 0 or chance < 0.2:
            return self.random.choice(MIXED_VALUES)
        if chance < 0.35:
            return {"var": self.random.choice([*MIXED_PATHS, *([name] for name in MIXED_DATA)])}
        if chance < 0.4:
            return [self.rule(depth - 1) for _ in range(self.random.randint(0, 3))]
        return self.operation(depth)

    def operation(self, depth: int) -> dict[str, Any]:
        operands = [self.rule(depth - 1) for _ in range(self.random.choice([0, 1, 1, 2, 2, 2, 2, 3, 3, 4]))]
        if len(operands) == 1 and self.random.random() < 0.5:
            return {self.random.choice(self.operators): operands[0]}
        return {self.random.choice(self.operators): operands}
