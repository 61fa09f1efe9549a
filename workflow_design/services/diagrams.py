"""The picture of a working copy, or of a version, with what the checks say of it."""

from __future__ import annotations

from core.errors import not_found
from workflow_design.diagram import Diagram, diagram
from workflow_design.models import WorkflowVersion
from workflow_design.services.checks import report
from workflow_design.services.stored import load
from workflow_design.services.versions import written


def workflow_diagram(*, workflow_id: int, version: int | None = None) -> Diagram:
    """The diagram of a workflow's working copy with the problems it has now, or of a version with those that it was
    published with. 404.
    """
    if version is not None:
        found = WorkflowVersion.objects.filter(workflow_id=workflow_id, number=version).first()
        if found is None:
            raise not_found()
        return diagram(written(found), found.problems, subtitle=f"Version {version}")
    current = load(workflow_id)
    if current is None:
        raise not_found()
    problems = [problem.as_dict() for problem in report(current.bundle).problems]
    return diagram(current.bundle, problems, subtitle="Working copy")
