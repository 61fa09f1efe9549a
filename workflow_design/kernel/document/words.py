"""What changed between two bundles, in sentences for people."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from workflow_design.kernel.document.difference import Change
from workflow_design.kernel.language import compile_condition
from workflow_design.kernel.shape import Entity

# Longer values aren't shown: what they are stands in the differences.
_LONGEST = 120
_MOST_NAMES = 20
_LABELS = {"ext_ref": "references", "fields": "fields", "on_event": "event", "is_default": "default"}
_SCHEMAS = ("input_schema", "output_schema", "state_schema")


def sentences(changes: Iterable[Change], before: Mapping[str, Any] | None, after: Mapping[str, Any]) -> list[str]:
    """One sentence for each of `changes`, the result of `diff(before, after)`, in its order."""
    old, new = _Names(before), _Names(after)
    return [_sentence(change, old if change["change"] == "removed" else new) for change in changes]


class _Names:
    """What the parts of one bundle are called."""

    def __init__(self, bundle: Mapping[str, Any] | None) -> None:
        self._bundle = bundle or {"workflow": {}, "tasks": [], "transitions": [], "tickets": []}
        self._titles = {task["key"]: task["title"] for task in self._bundle["tasks"]}
        self._shared = {title for title, times in Counter(self._titles.values()).items() if times > 1}

    def task(self, key: str) -> str:
        """By its title; with its key where another has the same title."""
        title = self._titles.get(key, key)
        return f"{_quoted(title)} ({key})" if title in self._shared else _quoted(title)

    def part(self, section: str, index: int) -> str:
        """The entity at this place."""
        entity = self._bundle[section][index]
        if section == "tasks":
            return f"Task {self.task(entity['key'])}"
        if section == "tickets":
            return f"Ticket type {_quoted(entity['title'])}"
        source = "the start" if entity["from"] is None else self.task(entity["from"])
        target = "the end" if entity["to"] is None else self.task(entity["to"])
        event = "" if entity["on_event"] == "completed" else f" on {entity['on_event']}"
        return f"Transition from {source} to {target}{event}"


def _sentence(change: Change, names: _Names) -> str:
    section, *rest = change["path"].split("/")[1:]
    before, after = change["before"], change["after"]
    if section == "workflow":
        if not rest:
            return f"Workflow {_quoted(after['title'])} added."
        return f"Workflow: {_change_of(rest[0], before, after)}."
    if not rest:
        what = {"tasks": "Tasks", "transitions": "Transitions"}[section]
        return f"{what}: order changed{_order(after, names)}."
    part = names.part(section, int(rest[0]))
    if len(rest) > 1:
        return f"{part}: {_change_of(rest[1], before, after)}."
    if change["change"] == "added" and section == "transitions":
        return f"{part} added{_when(after)}."
    return f"{part} {change['change']}."


def _order(now: list[Any], names: _Names) -> str:
    if len(now) > _MOST_NAMES or not all(isinstance(key, str) for key in now):
        return ""
    return f" to {', '.join(map(names.task, now))}"


def _when(transition: Entity) -> str:
    if transition.get("is_default"):
        return ", taken when no other is"
    condition = transition.get("condition")
    return "" if condition is None else f", taken when {compile_condition(condition).text}"


def _change_of(key: str, before: Any, after: Any) -> str:
    """What happened to one key of an entity."""
    label = _LABELS.get(key, key.replace("_", " "))
    if key == "condition":
        return f"{label} changed from {compile_condition(before).text} to {compile_condition(after).text}"
    old, new = _members(key, before), _members(key, after)
    if old is not None and new is not None and (names := _by_name(old, new)):
        return f"{label} changed: {names}"
    was, now = _shown(before), _shown(after)
    return f"{label} changed" if was is None or now is None else f"{label} changed from {was} to {now}"


def _members(key: str, value: Any) -> dict[str, Any] | None:
    """What a value consists of, by the names that people know; None for what has no such parts."""
    if key == "fields" and isinstance(value, list):
        return {field["FieldName"]: field for field in value}
    if key in _SCHEMAS and isinstance(value, dict):
        properties = value.get("properties", {})
        return properties if isinstance(properties, dict) else None
    if key == "fields" and isinstance(value, dict):
        return value
    return None


def _by_name(old: dict[str, Any], new: dict[str, Any]) -> str:
    added = [f"{_quoted(name)} added" for name in new if name not in old]
    removed = [f"{_quoted(name)} removed" for name in old if name not in new]
    changed = [
        f"{_quoted(name)} changed" for name in new if name in old and json.dumps(old[name]) != json.dumps(new[name])
    ]
    found = [*added, *removed, *changed]
    more = [f"{len(found) - _MOST_NAMES} more"] if len(found) > _MOST_NAMES else []
    return ", ".join([*found[:_MOST_NAMES], *more])


def _shown(value: Any) -> str | None:
    """A value as a sentence shows it; None when it's too long for that."""
    if value is None or value in ("", [], {}):
        return "nothing"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        text = ", ".join(value)
    else:
        text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _LONGEST and "\n" not in text else None


def _quoted(text: str) -> str:
    return f'"{text}"'
