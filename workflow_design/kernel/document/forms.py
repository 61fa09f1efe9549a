"""The accepted forms of a document, each turned into the parts of a bundle, still as they were written."""

from __future__ import annotations

from typing import Any

from workflow_design.kernel.document.nodes import NODES_KEYS, from_nodes
from workflow_design.kernel.document.raw import Raw
from workflow_design.kernel.document.steps import STEPS_KEYS, from_steps
from workflow_design.kernel.problems import Problem
from workflow_design.kernel.shape import report, unknown_key

FORMAT = "ticketflower/1"
_LISTS = ("tasks", "transitions", "tickets")
_SINGLES = {"task": "tasks", "ticket": "tickets"}
_BUNDLE_KEYS = ["format", "workflow", *_LISTS, *_SINGLES]


def recognize(document: Any, problems: list[Problem]) -> Raw | None:
    """The parts of `document` in whichever form it is; None (and a problem) when it is in none."""
    if type(document) is not dict:
        report(problems, "wrong_type", "must be an object: a workflow with its tasks, transitions and tickets", "")
        return None
    if document.get("format", FORMAT) != FORMAT:
        report(problems, "bad_format", f"must be {FORMAT}", "/format")
    if "nodes" in document:
        _unknown(document, ["format", *NODES_KEYS], "graph of nodes", problems)
        return from_nodes(document, problems)
    if "steps" in document:
        _unknown(document, ["format", *STEPS_KEYS], "list of steps", problems)
        return from_steps(document, problems)
    _unknown(document, _BUNDLE_KEYS, "document", problems)
    if any(name in document for name in _SINGLES):
        return _single(document, problems)
    return _bundle(document, problems)


def _unknown(document: dict[str, Any], known: list[str], what: str, problems: list[Problem]) -> None:
    problems += [unknown_key(key, "", known, what) for key in document if key not in known]


def _bundle(document: dict[str, Any], problems: list[Problem]) -> Raw | None:
    workflow = document.get("workflow")
    if workflow is None:
        report(problems, "required", "is required: the workflow, or the key of one that exists", "/workflow")
        return None
    raw = Raw(workflow, document.get("tasks"), document.get("transitions"), document.get("tickets"))
    raw.sections.update(name for name in _LISTS if document.get(name) is not None)
    if isinstance(workflow, str):
        raw.workflow = {"key": workflow}
        raw.places.put("/workflow/key", "/workflow")
    else:
        raw.sections.add("workflow")
    return raw


def _single(document: dict[str, Any], problems: list[Problem]) -> Raw | None:
    """One task or ticket type that says which workflow it belongs to."""
    name = next(name for name in document if name in _SINGLES)
    others = [key for key in document if key in _BUNDLE_KEYS and key not in (name, "format")]
    if others:
        message = f'stands alone: put it into the list "{_SINGLES[name]}" beside "{others[0]}"'
        report(problems, "not_allowed", message, f"/{name}")
        return None
    entity = document[name]
    if type(entity) is not dict:
        report(problems, "wrong_type", f"must be an object that describes one {name}", f"/{name}")
        return None
    section = _SINGLES[name]
    raw = Raw({"key": entity["workflow"]} if "workflow" in entity else {}, whole=False)
    setattr(raw, section, [{key: value for key, value in entity.items() if key != "workflow"}])
    raw.sections.add(section)
    raw.places.put(f"/{section}/0", f"/{name}")
    raw.places.put("/workflow/key", f"/{name}/workflow")
    return raw
