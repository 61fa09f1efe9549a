"""The working copy as the document that makes it."""

from __future__ import annotations

from typing import Any

from core.errors import not_found
from workflow_design.kernel import document
from workflow_design.services.stored import load


def export(*, workflow_id: int) -> dict[str, Any]:
    """The document of a workflow's working copy: uploading it changes nothing. 404."""
    found = load(workflow_id)
    if found is None:
        raise not_found()
    return document.export(found.bundle)
