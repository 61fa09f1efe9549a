"""Any accepted form of a document → one bundle in normal form, with everything that is wrong with it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import orjson

from workflow_design.kernel import limits
from workflow_design.kernel.document.entities import (
    read_task,
    read_ticket,
    read_transition,
    read_workflow,
)
from workflow_design.kernel.document.forms import FORMAT, recognize
from workflow_design.kernel.document.merge import Bundle, merge, sequence
from workflow_design.kernel.document.places import Places
from workflow_design.kernel.document.raw import Raw
from workflow_design.kernel.document.references import reference_problems
from workflow_design.kernel.problems import Problem
from workflow_design.kernel.schemas import clean_json
from workflow_design.kernel.shape import Entity, Reader, report

_SCHEMA_KEYS = ("state_schema", "input_schema", "output_schema")


@dataclass(frozen=True, slots=True)
class Normalized:
    """What a document says.

    `bundle` is the document alone in normal form: every key present, in the fixed order. `after` is the whole working
    copy as it is once the document is stored on top of `current` (the same as `bundle` where nothing was there).
    `sections` names what the document determines: `workflow`, `tasks`, `transitions`, `tickets`; the others stay as
    they are. With errors in `problems` neither may be stored.
    """

    bundle: Bundle
    after: Bundle
    sections: frozenset[str]
    problems: list[Problem]
    _places: Places = field(default_factory=Places)
    _origin: dict[str, str | None] = field(default_factory=dict)

    @property
    def errors(self) -> list[Problem]:
        """What forbids storing it."""
        return [problem for problem in self.problems if problem.severity == "error"]

    @property
    def unknown(self) -> list[Problem]:
        """The warnings about keys that mean nothing."""
        return [problem for problem in self.problems if problem.code == "unknown_key"]

    def locate(self, path: str) -> str:
        """The pointer into the uploaded document for a pointer into `after`.

        What the document doesn't hold keeps its pointer into the exported form.
        """
        head = "/".join(path.split("/", 3)[:3])
        if head in self._origin:
            there = self._origin[head]
            if there is None:
                return path
            path = there + path[len(head) :]
        return self._places.locate(path)


def normalize(document: Any, *, current: Bundle | None = None, prune: bool = False) -> Normalized:
    """Reads a document in any of the forms of `docs/documents.md`, on top of `current`, the stored bundle if any.

    Without `current`, a document that isn't a whole workflow has no targets to check its keys and fields against.
    `prune` drops the stored tasks and ticket types that the document's own lists leave out. Never raises for any
    JSON value; every finding of one pass is in `problems`, with pointers into `document`.
    """
    document, problems = clean_json(document)
    if problems:
        return _nothing(problems)
    raw = recognize(document, problems)
    if raw is None:
        return _nothing(problems)

    own = _budget(raw)
    if own:
        return _nothing([replace(problem, path=raw.places.locate(problem.path)) for problem in own])
    workflow = _workflow(raw, own)
    tasks = _entities(raw.tasks, read_task, "/tasks", limits.MAX_TASKS, own)
    transitions = _entities(raw.transitions, read_transition, "/transitions", limits.MAX_TRANSITIONS, own)
    tickets = _entities(raw.tickets, read_ticket, "/tickets", limits.MAX_TICKETS, own)
    sections = set(raw.sections)
    if raw.whole and "tasks" in sections and "transitions" not in sections and _lists_all(tasks, current, prune):
        transitions = sequence(tasks)
        sections.add("transitions")
    bundle = {
        "format": FORMAT,
        "workflow": workflow,
        "tasks": tasks,
        "transitions": transitions,
        "tickets": tickets,
    }
    merged = merge(current, bundle, sections, whole=raw.whole, prune=prune)
    if current is not None or "workflow" in sections:
        own += reference_problems(bundle, merged.after, raw.sections)
    own += [_kept(section, key) for section, key in merged.kept]
    problems += [replace(problem, path=raw.places.locate(problem.path)) for problem in own]
    return Normalized(bundle, merged.after, frozenset(sections), _bounded(problems), raw.places, merged.origin)


def _kept(section: str, key: str) -> Problem:
    what = "task" if section == "tasks" else "ticket type"
    message = f'the stored {what} "{key}" isn\'t in the document and stays; prune=true removes it'
    return Problem("warning", "not_in_document", message, f"/{section}", task=key if section == "tasks" else None)


def workflow_key(document: Any) -> str | None:
    """The key of the workflow that `document` is about, or None when it doesn't say one."""
    raw = recognize(document, [])
    if raw is None:
        return None
    key = raw.workflow.get("key") if isinstance(raw.workflow, dict) else None
    return key if isinstance(key, str) and limits.KEY.fullmatch(key) else None


def _budget(raw: Raw) -> list[Problem]:
    """Refuses documents whose schemas together would take seconds to compile, before the first one is."""
    entities = [raw.workflow, *(raw.tasks if type(raw.tasks) is list else [])]
    schemas = [entity[key] for entity in entities if type(entity) is dict for key in _SCHEMA_KEYS if entity.get(key)]
    text = orjson.dumps(schemas)
    size = len(text)
    patterns = text.count(b'"pattern"') + 10 * text.count(b'"patternProperties"')
    problems: list[Problem] = []
    if size > limits.MAX_SCHEMA_BYTES:
        message = f"its schemas have more than {limits.MAX_SCHEMA_BYTES:,} bytes together"
        report(problems, "too_many", message, "/tasks")
    if patterns > limits.MAX_PATTERNS:
        report(problems, "too_many", f"its schemas hold more than {limits.MAX_PATTERNS} patterns", "/tasks")
    return problems


def _workflow(raw: Raw, problems: list[Problem]) -> Entity:
    if "workflow" in raw.sections:
        return read_workflow(raw.workflow, "/workflow", problems)
    reference: list[Problem] = []
    workflow = read_workflow(raw.workflow, "/workflow", reference)
    problems += [problem for problem in reference if problem.path == "/workflow/key"]
    return workflow


def _entities(raw: Any, read: Reader, path: str, most: int, problems: list[Problem]) -> list[Entity]:
    if raw is None:
        return []
    if type(raw) is not list:
        report(problems, "wrong_type", "must be a list", path)
        return []
    if len(raw) > most:
        report(problems, "too_many", f"must have at most {most:,} items, has {len(raw):,}", path)
        return []
    return [read(item, f"{path}/{index}", problems) for index, item in enumerate(raw)]


def _lists_all(tasks: list[Entity], current: Bundle | None, prune: bool) -> bool:
    """Whether no stored task stays beside the listed ones, so that the list is the whole sequence."""
    if current is None or prune:
        return True
    listed = {task["key"] for task in tasks}
    return all(task["key"] in listed for task in current["tasks"])


def _bounded(problems: list[Problem]) -> list[Problem]:
    if len(problems) <= limits.MAX_PROBLEMS:
        return problems
    problems.sort(key=lambda problem: problem.severity)
    message = f"{len(problems) - limits.MAX_PROBLEMS:,} more problems aren't listed"
    severity = problems[limits.MAX_PROBLEMS].severity
    return [*problems[: limits.MAX_PROBLEMS], Problem(severity, "too_many_problems", message)]


def _nothing(problems: list[Problem]) -> Normalized:
    empty: list[Problem] = []
    bundle = {
        "format": FORMAT,
        "workflow": read_workflow({}, "", empty),
        "tasks": [],
        "transitions": [],
        "tickets": [],
    }
    return Normalized(bundle, bundle, frozenset(), problems)
