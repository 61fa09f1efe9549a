"""`{"name", "steps"}`: forms filled in one after the other."""

from __future__ import annotations

from typing import Any

from workflow_design.kernel.document.raw import Raw, slug, spoken
from workflow_design.kernel.fields import fields_schema, read_field
from workflow_design.kernel.limits import MAX_TASKS
from workflow_design.kernel.problems import Problem
from workflow_design.kernel.shape import report, unknown_key

WORKFLOW_KEYS = (
    "key",
    "name",
    "title",
    "description",
    "ext_ref",
    "fields",
    "state_schema",
    "guidelines",
    "display_layout",
    "end_action_type",
    "end_action",
)
STEPS_KEYS = (*WORKFLOW_KEYS, "steps", "tickets")
_STEP_KEYS = ("id", "name", "title", "description", "fields", "assignee_roles", "due_in_seconds", "edit_layout")
_FIELD_KEYS = {
    "name": "FieldName",
    "type": "FieldType",
    "required": "Required",
    "default": "Default",
    "options": "Options",
    "description": "Description",
    "public": "Public",
}


def workflow_part(document: dict[str, Any], raw: Raw, problems: list[Problem]) -> dict[str, Any]:
    """The workflow of a document that has its values at the top: `name` is its title and, as a slug, its key."""
    workflow = {key: value for key, value in document.items() if key in WORKFLOW_KEYS and key != "name"}
    raw.places.put("/workflow", "")
    name = document.get("name")
    if not isinstance(name, str) or not name.strip():
        report(problems, "required", "is required: the name of the workflow", "/name")
        name = ""
    if "key" not in workflow:
        workflow["key"] = slug(name)
        raw.places.put("/workflow/key", "/name")
    if "title" not in workflow:
        workflow["title"] = spoken(name) if slug(name) == name else name
        raw.places.put("/workflow/title", "/name")
    return workflow


def ticket_part(workflow: dict[str, Any], document: dict[str, Any], raw: Raw) -> None:
    """The ticket type with the workflow's key that asks for its declared fields, where the document has none."""
    raw.sections.add("tickets")
    if document.get("tickets") is not None:
        raw.tickets = document["tickets"]
        return
    declared = document.get("fields")
    fields = {
        field["FieldName"]: field.get("Default")
        for field in (declared if isinstance(declared, list) else [])
        if isinstance(field, dict) and isinstance(field.get("FieldName"), str)
    }
    raw.tickets = [{"key": workflow["key"], "title": workflow["title"], "fields": fields}]
    raw.places.put("/tickets/0", "/name", whole=True)
    raw.places.put("/tickets/0/fields", "/fields", whole=True)


def from_steps(document: dict[str, Any], problems: list[Problem]) -> Raw:
    """The bundle's parts: each step a FORM task whose output is its fields."""
    raw = Raw(None, sections={"workflow", "tasks", "tickets"})
    workflow = workflow_part(document, raw, problems)
    raw.workflow = workflow
    ticket_part(workflow, document, raw)
    steps = document["steps"]
    if type(steps) is not list or len(steps) > MAX_TASKS:
        report(problems, "wrong_type", f"must be a list of at most {MAX_TASKS:,} steps", "/steps")
        steps = []
    public = [_public_field(field) for step in steps if isinstance(step, dict) for field in _listed(step.get("fields"))]
    _declare(workflow, [field for field in public if field is not None], raw)
    raw.tasks = [_task(step, index, raw, problems) for index, step in enumerate(steps)]
    return raw


def _task(step: Any, index: int, raw: Raw, problems: list[Problem]) -> Any:
    here, there = f"/steps/{index}", f"/tasks/{index}"
    raw.places.put(there, here)
    if type(step) is not dict:
        return step
    problems += [unknown_key(key, here, list(_STEP_KEYS), "step") for key in step if key not in _STEP_KEYS]
    task = {key: value for key, value in step.items() if key in _STEP_KEYS and key not in ("id", "name", "fields")}
    task["task_type"] = "FORM"
    source = "id" if "id" in step else "name"
    task["key"] = slug(step.get(source))
    raw.places.put(f"{there}/key", f"{here}/{source}")
    if "title" not in task:
        name = step.get("name", step.get("id"))
        task["title"] = spoken(name) if isinstance(name, str) and slug(name) == name else name
        raw.places.put(f"{there}/title", f"{here}/name" if "name" in step else f"{here}/id")
    task["output_schema"] = _output_schema(step.get("fields"), f"{here}/fields", problems)
    raw.places.put(f"{there}/output_schema", f"{here}/fields", whole=True)
    return task


def _output_schema(fields: Any, path: str, problems: list[Problem]) -> dict[str, Any]:
    if fields is None:
        fields = []
    if type(fields) is not list:
        report(problems, "wrong_type", "must be a list of field names or fields", path)
        return {}
    read = [read_field(_as_field(field), f"{path}/{index}", problems) for index, field in enumerate(fields)]
    names = [field["FieldName"] for field in read]
    for index, name in enumerate(names):
        if name and name in names[:index]:
            report(problems, "duplicate", f'the field "{name}" is listed twice', f"{path}/{index}")
    return fields_schema(field for field in read if field["FieldName"])


def _as_field(field: Any) -> Any:
    """A name alone is a field of text; the short names of keys stand for the long ones."""
    if type(field) is str:
        return {"FieldName": field, "FieldType": "string"}
    if type(field) is dict:
        return {"FieldType": "string", **{_FIELD_KEYS.get(key, key): value for key, value in field.items()}}
    return field


def _listed(fields: Any) -> list[Any]:
    return fields if type(fields) is list else []


def _public_field(field: Any) -> dict[str, Any] | None:
    """The field when requesters may see it: only the workflow's own list can say so."""
    full = _as_field(field)
    return full if type(full) is dict and full.get("Public") is True else None


def _declare(workflow: dict[str, Any], public: list[dict[str, Any]], raw: Raw) -> None:
    declared = workflow.get("fields", [])
    if type(declared) is not list or not public:
        return
    known = {field.get("FieldName") for field in declared if isinstance(field, dict)}
    named = {field["FieldName"]: field for field in public if isinstance(field.get("FieldName"), str)}
    extra = [field for name, field in named.items() if name not in known]
    for index in range(len(declared), len(declared) + len(extra)):
        raw.places.put(f"/workflow/fields/{index}", "/steps", whole=True)
    workflow["fields"] = [*declared, *extra]
