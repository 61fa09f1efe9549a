"""A document on top of what is stored: the working copy as an upload leaves it."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from workflow_design.kernel.document.entities import TRANSITION
from workflow_design.kernel.problems import pointer
from workflow_design.kernel.shape import Entity

Bundle = dict[str, Any]


def sequence(tasks: list[Entity]) -> list[Entity]:
    """The transitions of tasks done one after the other: submission → first → … → last → end."""
    keys = [None, *(task["key"] for task in tasks), None]
    return [{**TRANSITION.defaults, "from": source, "to": target} for source, target in pairwise(keys) if tasks]


@dataclass(frozen=True, slots=True)
class Merged:
    """`after` is the bundle that an upload leaves; `kept` names what it keeps although the document's list leaves it
    out, as (section, key); `origin` tells for a task or ticket type of `after` where it lies in the document's bundle,
    None for a stored one.
    """

    after: Bundle
    kept: list[tuple[str, str]]
    origin: dict[str, str | None]


def merge(current: Bundle | None, bundle: Bundle, sections: set[str], *, whole: bool, prune: bool) -> Merged:
    """`bundle` on top of `current`.

    A task or ticket type that the document's list leaves out stays, unless `prune` removes it with its transitions.
    Where the document lists every one that stays, its order holds; else stored ones keep theirs and new ones follow.
    """
    if current is None:
        return Merged(bundle, [], {})
    left: list[tuple[str, str]] = []
    origin: dict[str, str | None] = {}
    after = {"format": bundle["format"]}
    after["workflow"] = bundle["workflow"] if "workflow" in sections else current["workflow"]
    for section in ("tasks", "transitions", "tickets"):
        after[section] = bundle[section] if section in sections else current[section]
        if section == "transitions" or section not in sections:
            continue
        index = {entity["key"]: place for place, entity in enumerate(bundle[section])}
        left_out = [entity["key"] for entity in current[section] if entity["key"] not in index]
        if not left_out or (prune and whole):
            continue
        if whole:
            left += [(section, key) for key in left_out]
        after[section] = _upsert(bundle[section], current[section])
        for place, entity in enumerate(after[section]):
            here = index.get(entity["key"])
            origin[pointer(section, place)] = None if here is None else pointer(section, here)
    if "transitions" not in sections:
        kept = {task["key"] for task in after["tasks"]} | {None}
        after["transitions"] = [t for t in current["transitions"] if t["from"] in kept and t["to"] in kept]
    return Merged(after, left, origin)


def _upsert(listed: list[Entity], stored: list[Entity]) -> list[Entity]:
    new = {entity["key"]: entity for entity in listed}
    result = [new.pop(entity["key"], entity) for entity in stored]
    return result + list(new.values())
