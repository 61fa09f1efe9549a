"""What a JSON Schema may hold before the validator sees it: size, depth, references that end.

The walk knows which keywords hold schemas, so that a property named `$ref` or a default that holds one is data.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from workflow_design.kernel.problems import Problem, pointer
from workflow_design.kernel.schemas.cost import Node, TooBranchingError, Weight, own_steps, weigh
from workflow_design.kernel.schemas.patterns import MAX_PATTERN_LENGTH, pattern_size

MAX_DEPTH = 64
MAX_BYTES = 200_000
MAX_NODES = 5_000
MAX_ENUM = 1_000
MAX_PATTERNS = 100
MAX_PATTERN_BYTES = 6_000_000
DIALECT = "https://json-schema.org/draft/2020-12/schema"

_IN_PLACE_ONE = ("not", "if", "then", "else")
_IN_PLACE_MANY = ("allOf", "anyOf", "oneOf")
_CHILD_ALTERNATIVES = ("additionalProperties", "items")
_CHILD_ANY = ("contains", "propertyNames", "unevaluatedItems", "unevaluatedProperties")
_APART_ONE = ("contentSchema",)
_REFUSED = {
    "$id": "may not be used: a schema here has no address of its own",
    "$vocabulary": "may not be used: it belongs to meta-schemas",
    "$recursiveRef": "is not part of 2020-12: use $ref",
    "$recursiveAnchor": "is not part of 2020-12: use $anchor",
}


@dataclass(frozen=True, slots=True)
class Inspection:
    """Why a schema is refused before it is compiled (paths from its root); what checking costs at most;
    whether it holds references; what its compiled patterns take in memory.
    """

    problems: list[Problem]
    weight: Weight
    refers: bool
    pattern_bytes: int


def inspect(schema: Any) -> Inspection:
    """Walks `schema`, resolves its references and bounds its cost."""
    walk = _Walk()
    walk.run(schema)
    if not walk.problems:
        walk.resolve()
    if not walk.problems:
        walk.measure()
    return Inspection(walk.problems, walk.weight, bool(walk.references), walk.pattern_bytes)


class _Walk:
    def __init__(self) -> None:
        self.problems: list[Problem] = []
        self.nodes: dict[str, Node] = {}
        self.anchors: dict[str, Node] = {}
        self.references: list[tuple[Node, str, str]] = []
        self.patterns = 0
        self.pattern_bytes = 0
        self.weight = Weight(1, 0)

    def refuse(self, code: str, message: str, path: str) -> None:
        self.problems.append(Problem("error", code, message, path))

    def run(self, schema: Any) -> None:
        root = Node("")
        todo: list[tuple[Any, Node]] = [(schema, root)]
        while todo:
            part, node = todo.pop()
            self.nodes[node.path] = node
            if len(self.nodes) > MAX_NODES:
                self.refuse("schema_too_large", f"holds more than {MAX_NODES:,} schemas", "")
                return
            if type(part) is dict:
                self.keywords(part, node)
                todo.extend(self.children(part, node))

    def keywords(self, part: dict[str, Any], node: Node) -> None:
        path = node.path
        for key in [key for key in _REFUSED if key in part]:
            self.refuse(
                "schema_id" if key == "$id" else "schema_invalid", f"{key} {_REFUSED[key]}", path + pointer(key)
            )
        dialect = part.get("$schema")
        if dialect is not None and (path or not isinstance(dialect, str) or dialect.rstrip("#") != DIALECT):
            self.refuse("schema_dialect", f"must be absent or, at the top, {DIALECT}", f"{path}/$schema")
        for key in ("$anchor", "$dynamicAnchor"):
            name = part.get(key)
            if isinstance(name, str):
                if name in self.anchors and self.anchors[name] is not node:
                    self.refuse("schema_invalid", f'the anchor "{name[:100]}" is used twice', f"{path}/{key}")
                self.anchors[name] = node
        for key in ("$ref", "$dynamicRef"):
            target = part.get(key)
            if isinstance(target, str):
                if target.startswith("#"):
                    self.references.append((node, key, target))
                else:
                    self.refuse(
                        "schema_remote_ref",
                        f'{key} must stay inside the schema, like "#/$defs/address"; nothing is fetched',
                        f"{path}/{key}",
                    )
        options = part.get("enum")
        if isinstance(options, list) and len(options) > MAX_ENUM:
            self.refuse("schema_too_large", f"must list at most {MAX_ENUM:,} values", f"{path}/enum")
        node.own += own_steps(part)
        self.count_patterns(part, node)

    def count_patterns(self, part: dict[str, Any], node: Node) -> None:
        path = node.path
        rules: list[tuple[str, str]] = []
        if isinstance(part.get("pattern"), str):
            rules.append((part["pattern"], f"{path}/pattern"))
        named = part.get("patternProperties")
        if isinstance(named, dict):
            rules.extend((rule, f"{path}/patternProperties{pointer(rule)}") for rule in named)
        for rule, where in rules:
            self.patterns += 1
            if self.patterns == MAX_PATTERNS + 1:
                self.refuse("schema_too_large", f"holds more than {MAX_PATTERNS} patterns", "")
            if len(rule) > MAX_PATTERN_LENGTH:
                self.refuse("schema_pattern", f"must have at most {MAX_PATTERN_LENGTH:,} characters", where)
            elif self.patterns <= MAX_PATTERNS and self.pattern_bytes <= MAX_PATTERN_BYTES:
                self.count_pattern(rule, where, node)

    def count_pattern(self, rule: str, path: str, node: Node) -> None:
        size = pattern_size(rule)
        if size is None:
            message = (
                "isn't a pattern that the linear-time engine compiles: no look-around, no back-references, "
                "no large repetitions (write + and maxLength)"
            )
            self.refuse("schema_pattern", message, path)
            return
        node.pattern_bytes += size
        self.pattern_bytes += size
        if self.pattern_bytes > MAX_PATTERN_BYTES:
            self.refuse("schema_too_large", "makes the schema's patterns too large together", path)

    def children(self, part: dict[str, Any], node: Node) -> list[tuple[Any, Node]]:
        found: list[tuple[Any, Node]] = []

        def add(child: Any, *steps: str | int) -> Node:
            below = Node(node.path + pointer(*steps))
            found.append((child, below))
            return below

        for key in _IN_PLACE_ONE:
            if key in part:
                node.in_place.append(add(part[key], key))
        for key in _IN_PLACE_MANY:
            if isinstance(part.get(key), list):
                node.in_place.extend(add(child, key, index) for index, child in enumerate(part[key]))
        if isinstance(part.get("dependentSchemas"), dict):
            node.in_place.extend(
                add(child, "dependentSchemas", name) for name, child in part["dependentSchemas"].items()
            )
        for key in _CHILD_ALTERNATIVES:
            if key in part:
                node.one_below.append(add(part[key], key))
        for key in _CHILD_ANY:
            if key in part:
                node.all_below.append(add(part[key], key))
        for key, below in (("properties", node.one_below), ("patternProperties", node.all_below)):
            if isinstance(part.get(key), dict):
                below.extend(add(child, key, name) for name, child in part[key].items())
        if isinstance(part.get("prefixItems"), list):
            node.one_below.extend(add(child, "prefixItems", index) for index, child in enumerate(part["prefixItems"]))
        for key in _APART_ONE:
            if key in part:
                add(part[key], key)
        for key in ("$defs", "definitions"):
            if isinstance(part.get(key), dict):
                for name, child in part[key].items():
                    add(child, key, name)
        return found

    def resolve(self) -> None:
        """Turns every reference into the node it means."""
        for node, key, target in self.references:
            try:
                fragment = unquote(target[1:], errors="strict")
            except UnicodeDecodeError:
                fragment = target[1:]
            if fragment and not fragment.startswith("/"):
                found = self.anchors.get(fragment)
            else:
                found = self.nodes.get(fragment)
            if found is None:
                self.refuse("schema_ref", f'there is no schema at "{target[:200]}"', f"{node.path}/{key}")
            else:
                node.in_place.append(found)

    def measure(self) -> None:
        """Refuses references that turn in a circle on one value, or that multiply with the depth of the data.

        A schema's cost, for data of one more level each round, is its own, that of every schema applied to the same
        value, and the most that one child can cost: no value is checked more often than the root's cost.
        """
        order = self.in_place_order()
        if order is None:
            return
        try:
            self.weight = weigh(order, self.nodes[""])
        except TooBranchingError as error:
            self.refuse("schema_too_branching", str(error), "")

    def in_place_order(self) -> list[Node] | None:
        """Every node before those it applies to the same value; None (and a problem) where that turns in a circle."""
        waiting = dict.fromkeys(map(id, self.nodes.values()), 0)
        for node in self.nodes.values():
            for other in node.in_place:
                waiting[id(other)] += 1
        ready = [node for node in self.nodes.values() if not waiting[id(node)]]
        order: list[Node] = []
        while ready:
            node = ready.pop()
            order.append(node)
            for other in node.in_place:
                waiting[id(other)] -= 1
                if not waiting[id(other)]:
                    ready.append(other)
        if len(order) == len(self.nodes):
            return order
        for node, key, _ in self.references:
            if waiting[id(node)]:
                self.refuse("schema_ref", "refers to itself without going into the data", f"{node.path}/{key}")
                break
        return None
