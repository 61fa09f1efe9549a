"""Random conditions over fields of known kinds, most of them of the right type, some with traps."""

from __future__ import annotations

from datetime import date, timedelta
from random import Random
from typing import Any

Entity = dict[str, Any]
OPTIONS = ["red", "green", "blue", "", "7"]
LARGE = [2**53 - 1, -(2**53) + 1, 2.0**53, 1e308, -1e308, 5e-324, 0.1, 0.30000000000000004, 1e21]
TEXTS = [
    "",
    "0",
    "1",
    " ",
    "null",
    "true",
    "red",
    "é",
    "😀😀",
    "a,b",
    "2024-02-29",
    "0x10",
    "1e3",
    "Infinity",
    "x" * 300,
]
DATES = ["0001-01-01", "9999-12-31", "2024-02-29", "2026-01-10", "0000-02-29", "2026-01-31"]
MOMENTS = ["2026-01-10T00:00:00Z", "2026-01-10T01:00:00+01:00", "0001-01-01T00:00:00Z", "9999-12-31T23:59:60Z"]


class Rules:
    """Draws conditions. `kinds` and `schemas` of the fields by name, `constants` and `used` what has occurred."""

    def __init__(self, random: Random) -> None:
        self.random = random
        self.used: set[str] = set()
        self.kinds: dict[str, str] = {}
        self.schemas: dict[str, Any] = {}
        self.constants: list[Any] = []

    def _name(self, *kinds: str) -> str | None:
        """A field, of one of these kinds if there is one."""
        names = [name for name, kind in self.kinds.items() if not kinds or kind in kinds] or list(self.kinds)
        # What was written last is nearer to the split.
        return self.random.choice(names[-4:] if self.random.random() < 0.6 else names) if names else None

    def _listed(self, name: str) -> list[Any]:
        if self.kinds[name] == "boolean":
            return [True, False]
        schema = self.schemas[name]
        listed = schema.get("enum", [schema.get("const")]) if isinstance(schema, dict) else [1]
        return [value for value in listed if not isinstance(value, list | dict)] or [1]

    def _constant(self, name: str) -> Any:
        random, kind = self.random, self.kinds[name]
        if kind in ("choice", "enum", "boolean", "const"):
            value = random.choice(self._listed(name))
        elif kind == "integer":
            value = random.choice((random.randint(-5, 12), random.randint(-5, 12), 2.5, 2**53 - 1))
        elif kind == "number":
            value = random.choice((random.randint(-5, 12), 0.1, 7.5, 0, 1e300, 5e-324))
        elif kind == "date":
            value = (date(2026, 1, 1) + timedelta(days=random.randint(0, 40))).isoformat()
        elif kind == "datetime":
            value = random.choice(MOMENTS)
        elif kind == "list":
            value = random.choice(OPTIONS)
        else:
            value = random.choice(("red", "", "1", 1, 0))
        if kind in ("text", "email", "url") and not isinstance(value, str):
            value = "red"
        self.constants.append(value)
        return value

    def _rule(self, depth: int) -> Any:
        random = self.random
        if not self.kinds:
            return random.choice(({"!": [{"var": "_ticket.id"}]}, {"===": [{"var": "_task.outcome"}, "completed"]}))
        if depth and random.random() < 0.4:
            name = random.choice(("and", "or", "!", "!!", "if", "?:"))
            self.used.add(name)
            count = 1 if name in ("!", "!!") else random.choice((2, 3, 4)) if name in ("if", "?:") else 2
            return {name: [self._rule(depth - 1) for _ in range(count)]}
        return self._opaque() if random.random() < 0.12 else self._leaf()

    def _leaf(self) -> Any:
        random = self.random
        name = self._name() or ""
        kind = self.kinds[name]
        value: Any = {"var": name}
        roll = random.random()
        if kind == "object" and roll < 0.8:
            value, kind = {"var": f"{name}.{random.choice('ab')}"}, "inner"
        elif roll < 0.1:
            value = {"var": [name, self._constant(name)]}
        if roll < 0.04:
            return random.choice(
                (
                    {"!": [{"var": "_task.assignee"}]},
                    {">": [{"var": "_ticket.number"}, 0]},
                    {"var": ["_task.assignee", 1]},
                    {"in": [{"var": "_task.outcome"}, ["completed", "timeout"]]},
                )
            )
        roll = random.random()
        if roll < 0.1:
            self.used.add("missing")
            names = random.sample(list(self.kinds), random.randint(1, min(3, len(self.kinds))))
            return (
                {"missing": names} if random.random() < 0.6 else {"missing_some": [random.choice((1, 2, 1.5)), names]}
            )
        if roll < 0.16:
            return value
        if roll < 0.26:
            return {random.choice(("==", "===", "!=", "!==")): [value, None]}
        if kind == "list":
            constant = self._constant(name)
            if random.random() < 0.5:
                return {"in": [constant, value]}
            return {random.choice(("some", "all", "none")): [value, {"===": [{"var": ""}, constant]}]}
        if kind == "inner":
            operator = random.choice(("<", ">=", "===", "!=="))
            return {operator: [value, random.choice((0, 1, 3) if value["var"].endswith("a") else (True, False))]}
        if kind in ("integer", "number", "date"):
            others = [other for other in self.kinds if other != name and self.kinds[other] == kind]
            if others and random.random() < 0.2:
                self.used.add("two fields")
                other = {"var": random.choice(others)}
                if kind == "integer" and random.random() < 0.4:
                    value = {"+": [value, {"var": random.choice(others)}]}
                return {random.choice(("<", "<=", ">", "===", "!=")): [value, other]}
            if kind == "integer" and random.random() < 0.25:
                value = {random.choice(("+", "-", "*", "min", "max")): [value, random.choice((2, -3, 5))]}
            operator = random.choice(("<", "<=", ">", ">=", "==", "===", "!==", "between"))
            if operator == "between":
                low, high = self._constant(name), self._constant(name)
                return {random.choice(("<", "<=")): [low, value, high]}
            return {operator: [value, self._constant(name)]}
        if random.random() < 0.4:
            return {"in": [value, [self._constant(name) for _ in range(random.randint(1, 3))]]}
        return {random.choice(("===", "!==", "==", "!=")): [value, self._constant(name)]}

    def _opaque(self) -> Any:
        """What nobody decides, or what has traps."""
        random = self.random
        name = self._name() or ""
        value = {"var": name}
        self.used.add("opaque")
        return random.choice(
            (
                {">": [{"/": [value, 3]}, 1]},
                {"/": [1, {"var": [name, 1]}]},
                {"*": [value, 1e308]},
                {"===": [{"%": [value, 2]}, 0]},
                {"===": [{"cat": [value, "x"]}, "redx"]},
                {"===": [{"substr": [value, 0, 1]}, "r"]},
                {"in": ["r", value]},
                {"<": [value, "b"]},
                {"==": [value, "1"]},
                {"==": [value, 1]},
                {"===": [{"var": f"{name}.length"}, 2]},
                {"===": [{"var": f"{name}.0"}, "r"]},
                {"===": [{"reduce": [value, {"+": [{"var": "accumulator"}, 1]}, 0]}, 2]},
                {"===": [value, {"var": random.choice(list(self.kinds))}]},
                {"some": [value, {"in": [{"var": ""}, "red"]}]},
                {"var": [name, {"*": [1e308, 10]}]},
                {"missing": [f"{name}.0", f"{name}.a"]},
                {"startsWith": [value, "r"]},
            )
        )
