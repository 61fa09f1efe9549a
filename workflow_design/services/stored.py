"""The working copy as it lies in the tables ⇄ the bundle in normal form that the kernel works on."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from typing import Any

import orjson

from core.db import connection, fetch_all
from core.errors import Fault, Refused
from workflow_design.kernel.document import FORMAT
from workflow_design.kernel.document.entities import TASK, TICKET, TRANSITION, WORKFLOW
from workflow_design.kernel.problems import Problem
from workflow_design.models import WorkflowDefinition

Entity = dict[str, Any]

WORKFLOW_KEYS = tuple(WORKFLOW.defaults)
TASK_KEYS = tuple(TASK.defaults)
TICKET_KEYS = tuple(TICKET.defaults)
TRANSITION_KEYS = tuple(TRANSITION.defaults)


@dataclass(slots=True)
class Stored:
    """A working copy: its bundle, and (id, place in the list) of its rows by what names them in a document.

    `revision`: of the workflow when all of it was read, which counts every write to any of it.
    """

    bundle: Entity
    workflow_id: int
    revision: int
    tasks: dict[str, tuple[int, int]]
    transitions: dict[tuple[str | None, str | None, str], tuple[int, int]]
    tickets: dict[str, tuple[int, int]]


def _object(table: str, keys: tuple[str, ...], place: str, **others: str) -> str:
    pairs = ["'id'", f"{table}.id", "'place'", place]
    for key in keys:
        pairs += [f"'{key}'", others.get(key, f'{table}."{key}"')]
    return f"json_build_object({', '.join(pairs)})"


_KEYS_OF_ENDS = {"from": "f.key", "to": "g.key"}
_LOAD = f"""
SELECT json_build_object(
    'workflow', {_object("w", WORKFLOW_KEYS, "0")}, 'revision', w.revision,
    'tasks', (SELECT coalesce(json_agg({_object("t", TASK_KEYS, 't."order"')} ORDER BY t."order", t.id), '[]')
              FROM task_definitions t WHERE t.workflow_id = w.id),
    'transitions', (SELECT coalesce(json_agg({_object("l", TRANSITION_KEYS, "l.position", **_KEYS_OF_ENDS)}
                                             ORDER BY l.position, l.id), '[]')
                    FROM workflow_transitions l
                    LEFT JOIN task_definitions f ON f.id = l.from_task_id
                    LEFT JOIN task_definitions g ON g.id = l.to_task_id
                    WHERE l.workflow_id = w.id),
    'tickets', (SELECT coalesce(json_agg({_object("d", TICKET_KEYS, "0")} ORDER BY d.id), '[]')
                FROM ticket_definitions d WHERE d.workflow_id = w.id))::text
FROM workflow_definitions w WHERE """


def load(workflow_id: int) -> Stored | None:
    """The working copy of a workflow, in one statement; None if there is no such workflow."""
    return _load("w.id = %s", workflow_id)


def load_by_key(key: str) -> Stored | None:
    """The same by the workflow's key."""
    return _load("w.key = %s", key)


def _load(which: str, value: int | str) -> Stored | None:
    found = fetch_all(_LOAD + which, [value])
    if not found:
        return None
    rows = orjson.loads(found[0][0])
    revision = rows.pop("revision")
    places = {
        "tasks": {task["key"]: _place(task) for task in rows["tasks"]},
        "transitions": {identity(link): _place(link) for link in rows["transitions"]},
        "tickets": {ticket["key"]: _place(ticket) for ticket in rows["tickets"]},
    }
    workflow_id, _ = _place(rows["workflow"])
    return Stored(bundle={"format": FORMAT, **rows}, workflow_id=workflow_id, revision=revision, **places)


def _place(row: Entity) -> tuple[int, int]:
    """Takes what is no part of a document out of `row`."""
    return row.pop("id"), row.pop("place")


def identity(transition: Entity) -> tuple[str | None, str | None, str]:
    """What makes a transition the same one in two documents."""
    return transition["from"], transition["to"], transition["on_event"]


_SEAL = """
UPDATE workflow_definitions w SET revision = revision + 1, updated_at = clock_timestamp(), bundle_hash = sha256(
    w.content_hash
    || coalesce((SELECT string_agg(t.content_hash, ''::bytea ORDER BY t."order", t.id)
                 FROM task_definitions t WHERE t.workflow_id = w.id), ''::bytea) || 'tasks'::bytea
    || coalesce((SELECT string_agg(l.content_hash, ''::bytea ORDER BY l.position, l.id)
                 FROM workflow_transitions l WHERE l.workflow_id = w.id), ''::bytea) || 'transitions'::bytea
    || coalesce((SELECT string_agg(d.content_hash, ''::bytea ORDER BY d.key COLLATE "C")
                 FROM ticket_definitions d WHERE d.workflow_id = w.id), ''::bytea))
WHERE w.id = %s RETURNING revision, bundle_hash
"""


def bundle_hash(workflow: bytes, *, tasks: list[Entity], transitions: list[Entity], tickets: list[Entity]) -> bytes:
    """What `_SEAL` gives, of a bundle that is not stored yet: rows in the order of their places, each with the hex
    `hash` of its content."""
    parts = [
        *(task["hash"] for task in tasks),
        b"tasks".hex(),
        *(link["hash"] for link in transitions),
        b"transitions".hex(),
        *(ticket["hash"] for ticket in sorted(tickets, key=lambda ticket: ticket["key"])),
    ]
    return sha256(workflow + bytes.fromhex("".join(parts))).digest()


def seal(workflow: WorkflowDefinition) -> None:
    """Count a write to the bundle and hash its content anew; the caller holds the workflow's row lock.

    The hash is made of the rows' own hashes, so that its cost does not grow with what they hold.
    """
    with connection.cursor() as cursor:
        cursor.execute(_SEAL, [workflow.pk])
        workflow.revision, workflow.bundle_hash = cursor.fetchone()


def errors(problems: list[Problem]) -> list[Fault]:
    """The errors among `problems` as faults: RFC 6901 pointers become dotted paths."""
    return [
        Fault(problem.code, problem.message, _dotted(problem.path))
        for problem in problems
        if problem.severity == "error"
    ]


def _dotted(pointer: str) -> str | None:
    parts = [part.replace("~1", "/").replace("~0", "~") for part in pointer.split("/")[1:]]
    return ".".join(parts) or None


def refuse_errors(problems: list[Problem]) -> None:
    """400 with every error of `problems`, if there is one."""
    if found := errors(problems):
        raise Refused(found)
