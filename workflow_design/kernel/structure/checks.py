"""All structure checks, in one pass."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from workflow_design.kernel.fields import MergedFields, merged_fields
from workflow_design.kernel.graph import Graph, GraphError, compile_graph
from workflow_design.kernel.problems import Problem
from workflow_design.kernel.structure.data import FieldTypes, check_fields, check_schemas
from workflow_design.kernel.structure.findings import MAX_NODES, Findings, OutOfWorkError
from workflow_design.kernel.structure.flow import check_flow, subject_of
from workflow_design.kernel.structure.rules import Rules
from workflow_design.kernel.structure.tasks import check_end_action, check_tasks
from workflow_design.kernel.structure.transforms import Variables, check_transforms
from workflow_design.kernel.structure.types import Types


@dataclass(frozen=True, slots=True)
class Made:
    """What several checks need of a bundle: its fields and its graph (or why it is none; None without any task)."""

    fields: MergedFields
    graph: Graph | GraphError | None


def made_of(bundle: Mapping[str, Any]) -> Made:
    """The fields and the graph of a bundle in normal form."""
    graph: Graph | GraphError | None = None
    if bundle["tasks"]:
        try:
            graph = compile_graph(dict(bundle))
        except GraphError as error:
            graph = error
    return Made(merged_fields(bundle), graph)


def check(bundle: Mapping[str, Any], made: Made | None = None) -> list[Problem]:
    """What is wrong with the structure of a bundle in normal form: every finding, at most 500; pure.

    What can't be stored is not looked for again. An error makes a run of the definition impossible or wrong in a way
    that is certain; a warning is suspicious; `unproved` says what wasn't looked at. Paths are pointers into the
    exported document. Nothing here proves anything: soundness, gaps and data flow are other checks. `made`: what
    `made_of` gives of the bundle, where that is known already.
    """
    findings = Findings()
    types = Types()
    made = made or made_of(bundle)
    merged = made.fields
    fields = FieldTypes(merged.fields, types)
    check_fields(bundle, merged, findings)
    check_flow(bundle, made.graph, findings)
    check_tasks(bundle, findings)
    check_end_action(bundle, findings)
    check_schemas(bundle, fields, types, findings)
    variables = Variables(bundle, fields)
    rules = Rules(findings, types)
    try:
        for index, transition in enumerate(bundle["transitions"]):
            if transition["condition"] is not None:
                data = variables.at_start if transition["from"] is None else variables.in_task
                rules.condition(transition["condition"], data, subject_of(transition, index))
        check_transforms(bundle, variables, rules, types, findings)
    except OutOfWorkError:
        message = (
            f"Not all conditions and templates were checked: they hold more than {MAX_NODES:,} values together, "
            "or there is too much wrong already."
        )
        findings.add("unproved", "not_all_checked", message, "")
    return findings.result()
