"""The working copy, or a version, as the document that makes it."""

from __future__ import annotations

from typing import Any

from core.errors import not_found
from workflow_design.kernel import document
from workflow_design.services.stored import load
from workflow_design.services.versions import version_bundle


def export(*, workflow_id: int, version: int | None = None) -> dict[str, Any]:
    """The document of a workflow's working copy, or of what a version was made from; uploading it brings that back.

    404.
    """
    if version is not None:
        return document.export(version_bundle(workflow_id=workflow_id, number=version))
    found = load(workflow_id)
    if found is None:
        raise not_found()
    return document.export(found.bundle)
