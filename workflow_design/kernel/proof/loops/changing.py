"""What can become different while a run goes round, so that a way out that was closed may open."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from workflow_design.kernel.fields import output_properties
from workflow_design.kernel.language.reads import Reads
from workflow_design.kernel.proof.net import Net

_ANSWERED = frozenset({"body", "status", "headers"})
_MARKS = frozenset({"$", "$?", "$map", "$literal"})


class Changing:
    """`free[task]`: the fields that people, or what a call is answered, give other values each time; `bound[task]`:
    those that follow from the data alone, so that they may come out the same for ever. `computes[task]`: it is done by
    no one, so that how it ends follows from the data too.
    """

    def __init__(self, bundle: Mapping[str, Any], net: Net) -> None:
        self.free: list[frozenset[str]] = []
        self.bound: list[frozenset[str]] = []
        self.computes: list[bool] = []
        for task, node in zip(bundle["tasks"], net.graph.tasks, strict=True):
            computes = task["task_type"] != "FORM" and task.get("action") == "compute"
            bound = frozenset(name for name in output_properties(task["output_schema"]) if _follows(task, name))
            self.computes.append(computes)
            self.bound.append(bound & node.outputs)
            self.free.append(node.outputs - bound)


def _follows(task: Mapping[str, Any], name: str) -> bool:
    template = task.get("output_transform")
    if task["task_type"] == "FORM" or task.get("action") == "workflow":
        return False
    if task.get("action") == "compute":
        return True
    if template is None:
        return False
    if isinstance(template, dict) and not _MARKS & template.keys():
        template = template.get(name)
    return not _reads_an_answer(template)


def _reads_an_answer(template: Any) -> bool:
    if isinstance(template, list):
        return any(_reads_an_answer(item) for item in template)
    if not isinstance(template, dict):
        return False
    if len(template) == 1:
        ((name, value),) = template.items()
        if name == "$literal":
            return False
        if name in ("$", "$?", "$map"):
            reads = Reads()
            reads.rule(value[0] if name == "$map" else value)
            return any(path.partition(".")[0] in _ANSWERED for path in reads.paths)
    return any(_reads_an_answer(value) for value in template.values())
