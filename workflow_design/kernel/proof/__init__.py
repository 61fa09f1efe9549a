"""Whether every run of a definition can end, and reads what is there: definition in, problems out.

What decisions come to is taken for free here: a condition may be true or false whatever a ticket holds. So this alone
proves nothing of a definition; what it says of flow and data holds for all values. `docs/checks.md` lists the codes.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from workflow_design.kernel.graph import GraphError, compile_graph
from workflow_design.kernel.limits import MAX_PROBLEMS
from workflow_design.kernel.problems import Problem
from workflow_design.kernel.proof.data import check_reads
from workflow_design.kernel.proof.flow import flow
from workflow_design.kernel.proof.messages import flow_problems
from workflow_design.kernel.proof.net import net_of
from workflow_design.kernel.proof.writers import check_writers

__all__ = ["check"]


def check(bundle: Mapping[str, Any]) -> list[Problem]:
    """What is wrong with flow and data of a bundle in normal form; nothing where it is no graph or has no task, which
    the structure checks say. Bounded in time: what can't be decided is `unproved`.
    """
    if not bundle["tasks"]:
        return []
    try:
        graph = compile_graph(dict(bundle))
    except GraphError:
        return []
    net = net_of(graph)
    found = flow(net)
    problems = flow_problems(found)
    problems += check_writers(found)
    problems += check_reads(bundle, net, MAX_PROBLEMS)
    return problems
