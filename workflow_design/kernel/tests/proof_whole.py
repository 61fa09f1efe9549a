"""Random whole definitions: ticket types, forms, actions, splits, joins and loops with conditions over their fields.

Nothing here uses the proof. `Definition(random)` has a `bundle` in normal form; `proof_play` runs it.
"""

from __future__ import annotations

import json
from random import Random
from typing import Any

from workflow_design.kernel.document import normalize

from .proof_rules import OPTIONS, Entity, Rules

KINDS = ("integer", "number", "boolean", "text", "date", "datetime", "choice", "list", "enum", "object", "any", "const")
FIELD_KINDS = {
    "string": "text",
    "text": "text",
    "integer": "integer",
    "number": "number",
    "boolean": "boolean",
    "date": "date",
    "datetime": "datetime",
    "email": "email",
    "url": "url",
    "choice": "choice",
    "multichoice": "list",
    "json": "any",
    "user": "integer",
    "file": "integer",
}


class Definition(Rules):
    """One random definition. `kinds`: of its fields; `used`: what occurs in it."""

    def __init__(self, random: Random) -> None:
        super().__init__(random)
        self.tasks: list[Entity] = []
        self.ways: list[Entity] = []
        self.fields = [self._declared(place) for place in range(random.choice((0, 1, 2, 3)))]
        self.apart = 0
        first, last = self._block(random.choice((1, 2, 2, 3)))
        self._way(None, first)
        self._way(last, None)
        self.state = self._state()
        self.bundle = self._bundle()

    # ------------------------------------------------------------------------------------------------ the graph

    def _task(self, **values: Any) -> str:
        random, key = self.random, f"t{len(self.tasks)}"
        task: Entity = {"key": key, "title": key, "task_type": "FORM", **values}
        self.tasks.append(task)
        roll = random.random()
        if roll < 0.12 and self.kinds:
            task |= {"task_type": "SYNC_ACTION", "action": "compute", **self._computed()}
            self.used.add("compute")
        elif roll < 0.22:
            task |= {"task_type": "SYNC_ACTION", "action_url": "https://x.example/"}
            self.used.add("call")
        if "output_schema" not in task and random.random() < 0.75:
            task["output_schema"] = self._output()
        return key

    def _way(self, source: str | None, target: str | None, **values: Any) -> None:
        self.ways.append({"from": source, "to": target, **values})

    def _block(self, depth: int) -> tuple[str, str]:
        """(first task, last task) of something that one token enters and one leaves."""
        random = self.random
        form = random.choice(
            ("task", "sequence", "sequence", "exclusive", "exclusive", "inclusive", "parallel", "loop")
        )
        if not depth or form == "task":
            key = self._task()
            self._exits(key)
            return key, key
        if form == "sequence":
            first, middle = self._block(depth - 1)
            other, last = self._block(depth - 1)
            self._way(middle, other)
            return first, last
        self.used.add(form)
        if form == "loop":
            first, last = self._block(depth - 1)
            decide, after = self._task(), self._task()
            self._way(last, decide)
            rule = self._rule(2)
            self._way(decide, first, condition=rule)
            self._way(
                decide, after, **({"is_default": True} if random.random() < 0.6 else {"condition": {"!": [rule]}})
            )
            return first, after
        fork = self._task(split=form)
        self.apart += form != "exclusive"
        blocks = [self._block(depth - 1) for _ in range(random.choice((2, 2, 3)))]
        self.apart -= form != "exclusive"
        join = self._task(join=form)
        for (first, last), values in zip(blocks, self._choices(form, len(blocks)), strict=True):
            self._way(fork, first, **values)
            self._way(last, join)
        return fork, join

    def _exits(self, key: str) -> None:
        """A task that may time out or fail, and then ends or is done again."""
        random, task = self.random, self.tasks[-1]
        if random.random() > 0.2:
            return
        called = task["task_type"] != "FORM" and task.get("action") != "compute"
        if task["task_type"] != "FORM":
            event = random.choice(("error", "timeout")) if called else "error"
        else:
            event = "timeout"
        if event == "timeout":
            task["timeout_seconds" if called else "due_in_seconds"] = 60
        self.used.add(event)
        other = self._task()
        self._way(key, other, on_event=event)
        if random.random() < 0.5:
            self._way(other, key)
        else:
            self._way(other, None)

    def _choices(self, form: str, count: int) -> list[Entity]:
        """What each way of a split says."""
        random = self.random
        if form == "parallel":
            return [{} for _ in range(count)]
        roll = random.random()
        if roll < 0.35:
            rules = [self._rule(3) for _ in range(count - 1)]
            return [*({"condition": rule, "priority": place} for place, rule in enumerate(rules)), {"is_default": True}]
        if roll < 0.55:
            rules = [self._rule(2) for _ in range(count - 1)]
            return [{"condition": rule} for rule in (*rules, {"!": [{"or": rules}]})]
        name = self._name("integer", "number", "date")
        if roll < 0.75 and name and self.kinds[name] in ("integer", "number", "date"):
            bounds = sorted({self._constant(name) for _ in range(count - 1)}, key=str)
            bounds = sorted(
                (bound for bound in bounds if type(bound) is not bool), key=lambda b: (isinstance(b, str), b)
            )
            value, less = {"var": name}, random.choice(("<", "<="))
            rules = [{less: [value, bound]} for bound in bounds]
            rules.append({">" if random.random() < 0.3 else ">=": [value, bounds[-1]]})
            rules += [{"==": [value, None]}] * (count - len(rules))
            return [{"condition": rule, "priority": place} for place, rule in enumerate(rules[:count])]
        name = self._name("choice", "enum", "boolean", "const")
        if roll < 0.9 and name and self.kinds[name] in ("choice", "enum", "boolean", "const"):
            listed = self._listed(name)
            parts = [listed[place::count] for place in range(count)]
            rules = [{"in": [{"var": name}, part]} if part else {"==": [{"var": name}, None]} for part in parts]
            return [{"condition": rule} for rule in rules]
        return [{"condition": self._rule(3)} for _ in range(count)]

    # ----------------------------------------------------------------------------------------------- the fields

    def _declared(self, place: int) -> Entity:
        random = self.random
        kind = random.choice(list(FIELD_KINDS))
        field: Entity = {"FieldName": f"d{place}", "FieldType": kind}
        if random.random() < 0.5:
            field["Required"] = True
        if kind in ("choice", "multichoice"):
            field["Options"] = random.sample(["red", "green", "blue", "7"], random.randint(1, 4))
        self.kinds[field["FieldName"]] = FIELD_KINDS[kind]
        self.schemas[field["FieldName"]] = {"enum": field["Options"]} if kind == "choice" else {}
        return field

    def _output(self) -> Entity:
        random = self.random
        properties: Entity = {}
        shared = [name for name in self.schemas if name.startswith("o")]
        for _ in range(random.choice((0, 1, 1, 2, 3))):
            if shared and random.random() < 0.25 and (not self.apart or random.random() < 0.1):
                name = random.choice(shared)
                properties[name] = self._schema(self.kinds[name])
                continue
            name, kind = f"o{len(self.kinds)}", random.choice(KINDS)
            self.kinds[name] = kind
            self.schemas[name] = properties[name] = self._schema(kind)
        schema: Entity = {"type": "object", "properties": properties}
        if required := [name for name in properties if random.random() < 0.7]:
            schema["required"] = required
        if random.random() < 0.15:
            schema["additionalProperties"] = False
        if random.random() < 0.1 and properties:
            schema["minProperties"] = 1
        if random.random() < 0.1 and properties:
            name = random.choice(list(properties))
            schema["$defs"] = {"d": properties[name]}
            properties[name] = {"$ref": "#/$defs/d"}
            self.used.add("$ref")
        return schema

    def _computed(self) -> Entity:
        """A template over the data, and a schema that what it makes fits."""
        random = self.random
        name = f"o{len(self.kinds)}"
        source = random.choice(list(self.kinds))
        value: Any = {"var": f"_data.{source}"}
        rule = random.choice(
            (
                value,
                {"var": [f"_data.{source}", 0]},
                {"if": [self._prefixed(self._rule(1)), 1, 2]},
                {"+": [{"var": [f"_data.{source}", 0]}, 1]},
                {"cat": [value, "-"]},
                {"!!": [value]},
            )
        )
        self.kinds[name] = "any"
        schema: Entity = {}
        if "if" in rule:
            self.kinds[name], schema = "enum", {"enum": [1, 2]}
        elif "!!" in rule:
            self.kinds[name], schema = "boolean", {"type": "boolean"}
        self.schemas[name] = schema
        output = {"type": "object", "properties": {name: schema}, "required": [name]}
        return {"output_transform": {name: {"$": rule}}, "output_schema": output}

    def _prefixed(self, rule: Any) -> Any:
        text = json.dumps(rule)
        for name in self.kinds:
            text = text.replace(f'"{name}"', f'"_data.{name}"').replace(f'"{name}.', f'"_data.{name}.')
        return json.loads(text)

    def _schema(self, kind: str) -> Any:
        random = self.random
        null = random.random() < 0.25
        if kind in ("integer", "number"):
            schema: Entity = {"type": [kind, "null"] if null else kind}
            if random.random() < 0.5:
                schema[random.choice(("minimum", "exclusiveMinimum"))] = self._number(kind, -5, 3)
            if random.random() < 0.4:
                schema[random.choice(("maximum", "exclusiveMaximum"))] = self._number(kind, 4, 12)
            if random.random() < 0.1:
                schema["not"] = {"const": random.choice((0, 1, 5))}
            if random.random() < 0.05:
                return {"anyOf": [{"type": "null"}, {"type": kind, "minimum": 3}]}
            return schema
        if kind == "boolean":
            return {"type": ["boolean", "null"] if null else "boolean"}
        if kind == "text":
            schema = {"type": ["string", "null"] if null else "string"}
            if random.random() < 0.4:
                schema[random.choice(("minLength", "maxLength"))] = random.choice((1, 3))
            return schema
        if kind in ("date", "datetime"):
            return {
                "type": ["string", "null"] if null else "string",
                "format": "date" if kind == "date" else "date-time",
            }
        if kind == "choice":
            return {"type": "string", "enum": random.sample(OPTIONS, random.randint(1, 4))}
        if kind == "enum":
            return {"enum": random.sample([1, 2, 2.5, "red", "", None, True, False, 0, [1], "1"], random.randint(2, 5))}
        if kind == "const":
            return {"const": random.choice((1, "red", True, None, 1.0, [], {"a": 1}))}
        if kind == "list":
            items = {"type": "string", "enum": random.sample(OPTIONS, random.randint(1, 3))}
            schema = {"type": "array", "items": items}
            if random.random() < 0.5:
                schema["uniqueItems"] = True
            if random.random() < 0.3:
                schema[random.choice(("minItems", "maxItems"))] = random.choice((0, 1, 2))
            return schema
        if kind == "object":
            schema = {"type": "object", "properties": {"a": self._schema("integer"), "b": self._schema("boolean")}}
            if random.random() < 0.6:
                schema["required"] = random.choice((["a"], ["a", "b"]))
            return schema
        return random.choice(({}, True, {"type": ["string", "integer", "null"]}, {"not": {"type": "null"}}))

    def _number(self, kind: str, low: int, high: int) -> float:
        value = self.random.randint(low, high)
        if kind == "number" and self.random.random() < 0.3:
            value = value + self.random.choice((0.5, 0.1))  # type: ignore[assignment]
        self.constants.append(value)
        return value

    # ----------------------------------------------------------------------------------- tickets and the document

    def _state(self) -> Any:
        random = self.random
        if random.random() > 0.35 or not self.kinds:
            return None
        self.used.add("state_schema")
        names = random.sample(list(self.kinds), min(2, len(self.kinds)))
        schema: Entity = {"type": "object", "properties": {name: self.schemas[name] for name in names[:1]}}
        if random.random() < 0.5:
            schema["required"] = names[-1:]
        return schema

    def _ticket(self, place: int) -> Entity:
        random = self.random
        fields: Entity = {}
        for field in self.fields:
            roll = random.random()
            name, kind = field["FieldName"], field["FieldType"]
            if roll < 0.15:
                continue
            fields[name] = None
            preset = {"integer": 5, "number": 2.5, "boolean": False, "date": "2026-01-10", "string": "red", "text": ""}
            preset |= {"user": 1, "file": 3, "json": [1], "url": "https://a.example/", "email": "a@b.example"}
            preset |= {"choice": field.get("Options", [None])[0], "multichoice": field.get("Options", [])[:1]}
            if roll < 0.3 and kind in preset:
                fields[name] = preset[kind]
            elif roll < 0.45 and kind in preset:
                fields[name] = {"const": preset[kind]}
        for name in self.schemas:  # what tasks write may be asked for too
            if name.startswith("o") and random.random() < 0.08:
                fields[name] = None
        return {"key": f"k{place}", "title": "K", "fields": fields}

    def _bundle(self) -> Entity:
        workflow: Entity = {"key": "w", "title": "W", "fields": self.fields}
        if self.state is not None:
            workflow["state_schema"] = self.state
        count = self.random.choice((0, 1, 1, 1, 2))
        document = {
            "workflow": workflow,
            "tasks": self.tasks,
            "transitions": self.ways,
            "tickets": [self._ticket(place) for place in range(count)],
        }
        read = normalize(json.loads(json.dumps(document)))
        self.refused = [problem.code for problem in read.errors]
        return {} if self.refused else read.after
