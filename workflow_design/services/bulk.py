"""Rows of a bundle by the set: PostgreSQL takes them apart from one JSON text a table."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import orjson

from core.db import connection
from core.rows import Rows
from core.sending import sent
from tenants.quotas import workflows_require_room
from users.models import User
from workflow_design.kernel.document import EntityKind, content_hash, same
from workflow_design.models import Status, WorkflowDefinition
from workflow_design.selectors import TICKET_ROWS, WORKFLOW_ROWS
from workflow_design.services.stored import TASK_KEYS, TICKET_KEYS, WORKFLOW_KEYS, Stored, bundle_hash, identity, seal
from workflow_design.services.writing import write

Entity = dict[str, Any]

# SQL types of a document's keys where they aren't text.
_TYPES = {
    **dict.fromkeys(
        ("ext_ref", "fields", "input_schema", "output_schema", "input_transform", "output_transform", "retry_policy"),
        "json",
    ),
    **dict.fromkeys(("state_schema", "end_action", "condition"), "json"),
    "is_default": "boolean",
    **dict.fromkeys(("timeout_seconds", "due_in_seconds", "priority", "order", "position"), "integer"),
    **dict.fromkeys(("assignee_roles", "company_role_access"), "text[]"),
    "id": "bigint",
}
_LINK_KEYS = ("condition", "priority", "is_default", "on_event", "position")


@dataclass(slots=True)
class _Changed:
    """Rows to delete (ids), to update and to insert; each with its place in the list and the hash of its content."""

    gone: list[int]
    kept: list[Entity]
    new: list[Entity]


@dataclass(frozen=True, slots=True)
class Created:
    """A new workflow; it and its ticket types also as the JSON text that answers show."""

    workflow: WorkflowDefinition
    row: str
    tickets: list[str]


def create(user: User | None, bundle: Entity) -> WorkflowDefinition:
    """A new workflow with all that its bundle holds; 403 when the company's plan has no room for one more."""
    with creating(user, bundle) as created:
        return created().workflow


@contextmanager
def creating(user: User | None, bundle: Entity) -> Iterator[Callable[[], Created]]:
    """The same, while which the caller may do other things: PostgreSQL is busy with it for as long as Python is with
    reading a document. What is yielded waits for it, and raises what PostgreSQL has against it; no other statement may
    be run before.
    """
    workflows_require_room(WorkflowDefinition.objects.all())
    own, creator = bundle["workflow"], user.pk if user else None
    tasks, links = _numbered("task", bundle["tasks"]), _numbered("transition", bundle["transitions"])
    tickets = _numbered("ticket", bundle["tickets"])
    digest = content_hash("workflow", own)
    whole = bundle_hash(digest, tasks=tasks, transitions=links, tickets=tickets)
    row = _json([{**own, "hash": digest.hex(), "whole": whole.hex()}])
    values = [own["key"], creator, _json(tasks), creator, _json(links), creator, _json(tickets)]
    with sent(
        _telling(_INSERT_WORKFLOW, WORKFLOW_ROWS, [creator, row]), _telling(_INSERT_NEW, TICKET_ROWS, values)
    ) as wait:

        def created() -> Created:
            [(pk, row)], types = wait()
            made = WorkflowDefinition(pk=pk, **own, created_by=user, content_hash=digest, bundle_hash=whole, revision=1)
            return Created(made, row, [text for _, text in sorted(types)])

        yield created


def rewrite(user: User | None, workflow: WorkflowDefinition, current: Stored, after: Entity) -> None:
    """Make a workflow, whose row is locked, hold the bundle `after` in place of `current`."""
    own = after["workflow"]
    new_hash = content_hash("workflow", own)
    if bytes(workflow.content_hash) != new_hash:
        write(workflow, own, new_hash)
    store(user, current, after)
    seal(workflow)


def store(user: User | None, current: Stored, after: Entity) -> None:
    """Make the tables hold the tasks, transitions and ticket types of the bundle `after` in place of `current`.

    What is gone is deleted, what differs updated, what is new inserted: at most eight statements.
    """
    before = current.bundle
    tasks = _changed("task", before["tasks"], after["tasks"], lambda task: task["key"], current.tasks)
    tickets = _changed("ticket", before["tickets"], after["tickets"], lambda ticket: ticket["key"], current.tickets)
    links = _changed("transition", before["transitions"], after["transitions"], identity, current.transitions)
    _delete("workflow_transitions", links.gone)
    _delete("task_definitions", tasks.gone)
    _delete("ticket_definitions", tickets.gone)
    _update("task_definitions", _TASKS, tasks.kept)
    _undefault(links.kept)
    _update("workflow_transitions", _LINK_KEYS, links.kept)
    _update("ticket_definitions", TICKET_KEYS, tickets.kept)
    _insert(current.workflow_id, user.pk if user else None, tasks.new, links.new, tickets.new)


def _changed(
    kind: EntityKind,
    before: list[Entity],
    after: list[Entity],
    name: Callable[[Entity], Hashable],
    rows: dict[Any, tuple[int, int]],
) -> _Changed:
    """What turns the list `before` into `after`: `name` tells which entities are the same, `rows` which id and place
    in the list they have."""
    old = {name(entity): entity for entity in before}
    result = _Changed([], [], [])
    stays = set()
    for index, entity in enumerate(after):
        key = name(entity)
        stays.add(key)
        found = old.get(key)
        if found is not None and same(found, entity) and (kind == "ticket" or rows[key][1] == index):
            continue
        row = _row(kind, index, entity)
        if found is None:
            result.new.append(row)
        else:
            result.kept.append({**row, "id": rows[key][0]})
    result.gone = [rows[key][0] for key in old if key not in stays]
    return result


def _row(kind: EntityKind, index: int, entity: Entity) -> Entity:
    """An entity with its place in the list and the hash of its content."""
    place = "position" if kind == "transition" else "order"
    return {**entity, place: index, "hash": content_hash(kind, entity).hex()}


def _numbered(kind: EntityKind, entities: list[Entity]) -> list[Entity]:
    return [_row(kind, index, entity) for index, entity in enumerate(entities)]


def _rows(alias: str, keys: tuple[str, ...]) -> str:
    """A FROM item that reads the next parameter, a JSON list, as rows with these columns and `hash`."""
    columns = ", ".join(f'"{key}" {_TYPES.get(key, "text")}' for key in (*keys, "hash"))
    return f"json_to_recordset(%s::json) AS {alias} ({columns})"


def _list(keys: tuple[str, ...], prefix: str = "") -> str:
    return ", ".join(f'{prefix}"{key}"' for key in keys)


_AUDIT = "workflow_id, created_by_id, created_at, updated_at, revision, content_hash"
_AUDIT_VALUES = "%s::bigint, %s::bigint, clock_timestamp(), clock_timestamp(), 1, decode(x.hash, 'hex')"
_NEW_VALUES = _AUDIT_VALUES.replace("%s::bigint", "(SELECT id FROM own)", 1)
_TASKS = (*TASK_KEYS, "order")

_INSERT_WORKFLOW = f"""
INSERT INTO workflow_definitions (created_by_id, created_at, updated_at, revision, status, content_hash, bundle_hash,
    {_list(WORKFLOW_KEYS)})
SELECT %s::bigint, clock_timestamp(), clock_timestamp(), 1, '{Status.DRAFT}', decode(x.hash, 'hex'),
    decode(x.whole, 'hex'), {_list(WORKFLOW_KEYS, "x.")} FROM {_rows("x", (*WORKFLOW_KEYS, "whole"))}
RETURNING {{shown}}
"""

_INSERT = f"""
WITH made AS (
    INSERT INTO task_definitions ({_AUDIT}, {_list(_TASKS)})
    SELECT {_AUDIT_VALUES}, {_list(_TASKS, "x.")} FROM {_rows("x", _TASKS)}
    RETURNING id, key
), known AS (
    SELECT id, key FROM made UNION ALL SELECT id, key FROM task_definitions WHERE workflow_id = %s
), tickets AS (
    INSERT INTO ticket_definitions ({_AUDIT}, {_list(TICKET_KEYS)})
    SELECT {_AUDIT_VALUES}, {_list(TICKET_KEYS, "x.")} FROM {_rows("x", TICKET_KEYS)}
)
INSERT INTO workflow_transitions ({_AUDIT}, from_task_id, to_task_id, {_list(_LINK_KEYS)})
SELECT {_AUDIT_VALUES}, f.id, g.id, {_list(_LINK_KEYS, "x.")}
FROM {_rows("x", ("from", "to", *_LINK_KEYS))}
LEFT JOIN known f ON f.key = x."from" LEFT JOIN known g ON g.key = x."to"
"""


# The same for a workflow that is new itself, which is found by its key: its id need not be waited for.
_INSERT_NEW = f"""
WITH own AS (
    SELECT id FROM workflow_definitions WHERE key = %s
), made AS (
    INSERT INTO task_definitions ({_AUDIT}, {_list(_TASKS)})
    SELECT {_NEW_VALUES}, {_list(_TASKS, "x.")} FROM {_rows("x", _TASKS)}
    RETURNING id, key
), links AS (
    INSERT INTO workflow_transitions ({_AUDIT}, from_task_id, to_task_id, {_list(_LINK_KEYS)})
    SELECT {_NEW_VALUES}, f.id, g.id, {_list(_LINK_KEYS, "x.")}
    FROM {_rows("x", ("from", "to", *_LINK_KEYS))}
    LEFT JOIN made f ON f.key = x."from" LEFT JOIN made g ON g.key = x."to"
)
INSERT INTO ticket_definitions ({_AUDIT}, {_list(TICKET_KEYS)})
SELECT {_NEW_VALUES}, {_list(TICKET_KEYS, "x.")} FROM {_rows("x", TICKET_KEYS)}
RETURNING {{shown}}
"""


def _telling(sql: str, rows: Rows, params: list[Any]) -> tuple[str, list[Any]]:
    """A statement that ends with what of `rows` it has made, and its parameters."""
    shown, more = rows.returning()
    return sql.replace("{shown}", shown), [*params, *more]


def _insert(
    workflow_id: int, user_id: int | None, tasks: list[Entity], links: list[Entity], tickets: list[Entity]
) -> None:
    """Insert a bundle's new rows in one statement; transitions find their tasks by key."""
    if not (tasks or links or tickets):
        return
    audit = [workflow_id, user_id]
    _execute(_INSERT, [*audit, _json(tasks), workflow_id, *audit, _json(tickets), *audit, _json(links)])


def _delete(table: str, ids: list[int]) -> None:
    if ids:
        _execute(f"DELETE FROM {table} WHERE id = ANY(%s)", [ids])


def _update(table: str, keys: tuple[str, ...], rows: list[Entity]) -> None:
    if not rows:
        return
    values = ", ".join(f'"{key}" = x."{key}"' for key in keys)
    _execute(
        f"UPDATE {table} old SET {values}, content_hash = decode(x.hash, 'hex'), revision = revision + 1,"
        f" updated_at = clock_timestamp() FROM {_rows('x', ('id', *keys))} WHERE old.id = x.id",
        [_json(rows)],
    )


def _undefault(rows: list[Entity]) -> None:
    """One default a task and event, at every moment: before another transition becomes it, the old one isn't."""
    if rows:
        ids = [row["id"] for row in rows]
        _execute("UPDATE workflow_transitions SET is_default = false WHERE id = ANY(%s) AND is_default", [ids])


def _json(rows: list[Entity]) -> str:
    return orjson.dumps(rows).decode()


def _execute(sql: str, params: list[Any]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
