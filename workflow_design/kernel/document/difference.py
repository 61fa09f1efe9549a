"""What changed between two bundles, key by key."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Literal, TypedDict

from workflow_design.kernel.document.export import export_entity
from workflow_design.kernel.document.rows import EntityKind
from workflow_design.kernel.problems import pointer
from workflow_design.kernel.schemas import canonical_text
from workflow_design.kernel.shape import Entity


class Change(TypedDict):
    """One difference. `path` points into the bundle after, for something removed into the bundle before."""

    path: str
    change: Literal["added", "removed", "changed"]
    before: Any
    after: Any


_SECTIONS: tuple[tuple[str, EntityKind], ...] = (
    ("tasks", "task"),
    ("transitions", "transition"),
    ("tickets", "ticket"),
)


def diff(before: Mapping[str, Any] | None, after: Mapping[str, Any]) -> list[Change]:
    """The changes from `before` (None: nothing was there) to `after`, both in normal form; [] when they are the same.

    Tasks and ticket types are matched by key, transitions by from, to and on_event. A changed one is listed key by
    key; a list whose common members stand in another order as one change of their names.
    """
    if before is None:
        changes = [_change("/workflow", "added", None, export_entity("workflow", after["workflow"]))]
        before = {section: [] for section, _ in _SECTIONS}
    else:
        changes = list(_keys("/workflow", before["workflow"], after["workflow"]))
    for section, kind in _SECTIONS:
        changes += _section(section, kind, before[section], after[section])
    return changes


def _section(section: str, kind: EntityKind, before: list[Entity], after: list[Entity]) -> Iterator[Change]:
    if not before:
        for index, entity in enumerate(after):
            yield _change(f"/{section}/{index}", "added", None, export_entity(kind, entity))
        return
    old = {_name(kind, entity): (index, entity) for index, entity in enumerate(before)}
    new = {_name(kind, entity): (index, entity) for index, entity in enumerate(after)}
    for name, (index, entity) in old.items():
        if name not in new:
            yield _change(pointer(section, index), "removed", export_entity(kind, entity), None)
    for name, (index, entity) in new.items():
        path = f"/{section}/{index}"
        if name not in old:
            yield _change(path, "added", None, export_entity(kind, entity))
        elif entity is not old[name][1]:
            yield from _keys(path, old[name][1], entity)
    if kind != "ticket":
        was, now = [name for name in old if name in new], [name for name in new if name in old]
        if was != now:
            yield _change(pointer(section), "changed", [_shown(name) for name in was], [_shown(name) for name in now])


def _keys(path: str, before: Entity, after: Entity) -> Iterator[Change]:
    for key, value in after.items():
        if not same(before[key], value):
            yield _change(path + pointer(key), "changed", before[key], value)


def same(one: Any, other: Any) -> bool:
    """Equal as JSON, the order of keys included, which people see; Python alone also takes True for 1."""
    if one is other:
        return True
    if not isinstance(one, list | dict):
        return type(one) is type(other) and bool(one == other)
    return one == other and (not one or canonical_text(one) == canonical_text(other))


def _name(kind: EntityKind, entity: Entity) -> Any:
    if kind == "transition":
        return entity["from"], entity["to"], entity["on_event"]
    return entity["key"]


def _shown(name: Any) -> Any:
    return dict(zip(("from", "to", "on_event"), name, strict=True)) if isinstance(name, tuple) else name


def _change(path: str, change: Literal["added", "removed", "changed"], before: Any, after: Any) -> Change:
    return {"path": path, "change": change, "before": before, "after": after}
