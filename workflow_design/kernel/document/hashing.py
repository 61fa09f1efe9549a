"""What makes two rows the same; a bundle's hash is made of theirs where they are stored."""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha256
from typing import Any

import orjson

from workflow_design.kernel.document.entities import TASK, TICKET, TRANSITION, WORKFLOW
from workflow_design.kernel.document.rows import EntityKind

_CONTENT: dict[EntityKind, tuple[str, ...]] = {
    "workflow": tuple(WORKFLOW.defaults),
    "task": tuple(TASK.defaults),
    "transition": tuple(TRANSITION.defaults),
    "ticket": tuple(key for key in TICKET.defaults if key != "company_role_access"),
}


def content_hash(kind: EntityKind, entity: Mapping[str, Any]) -> bytes:
    """SHA-256 of one entity in normal form: its own keys without who may open it.

    Own keys count in their fixed order however they are given; inside schemas, templates and ticket fields the order
    of keys counts, since people see it.
    """
    return sha256(orjson.dumps([entity[key] for key in _CONTENT[kind]])).digest()
