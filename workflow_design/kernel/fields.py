"""A workflow's fields: the declared list, its JSON Schema form, and what a ticket type asks of a submitter."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import orjson

from workflow_design.kernel import limits
from workflow_design.kernel.problems import Problem, pointer
from workflow_design.kernel.schemas import Schema, check_schema, compile_schema, has_references
from workflow_design.kernel.schemas.moving import moved, references
from workflow_design.kernel.shape import (
    Entity,
    Shape,
    flag,
    line,
    list_of,
    matching,
    one_of,
    report,
    text,
)

JsonSchema = dict[str, Any]

TYPE_KEY = "x-field-type"
"""Annotation of a property whose FieldType its schema alone doesn't tell (text, user, file)."""

_FORMS: dict[str, JsonSchema] = {
    "string": {"type": "string"},
    "text": {"type": "string", TYPE_KEY: "text"},
    "integer": {"type": "integer"},
    "number": {"type": "number"},
    "boolean": {"type": "boolean"},
    "date": {"type": "string", "format": "date"},
    "datetime": {"type": "string", "format": "date-time"},
    "email": {"type": "string", "format": "email"},
    "url": {"type": "string", "format": "uri", "pattern": "^https?://"},
    "choice": {"type": "string"},
    "multichoice": {"type": "array", "items": {"type": "string"}, "uniqueItems": True},
    "json": {},
    "user": {"type": "integer", "minimum": 1, TYPE_KEY: "user"},
    "file": {"type": "integer", "minimum": 1, TYPE_KEY: "file"},
}
_FORMATS = {"date": "date", "date-time": "datetime", "email": "email", "uri": "url"}
_WITH_OPTIONS = ("choice", "multichoice")


def _as_is(value: Any, path: str, problems: list[Problem]) -> Any:
    return value


_FIELD = Shape(
    "field",
    {
        "FieldName": matching(limits.FIELD_NAME, limits.FIELD_NAME_RULE),
        "FieldType": one_of(limits.FIELD_TYPES, "string"),
        "Required": flag,
        "Default": _as_is,
        "Options": list_of(line(limits.MAX_TITLE), limits.MAX_OPTIONS, unique="option"),
        "Description": text(limits.MAX_PROSE),
        "Public": flag,
    },
    {
        "FieldName": "",
        "FieldType": "string",
        "Required": False,
        "Default": None,
        "Options": [],
        "Description": "",
        "Public": False,
    },
    ("FieldName", "FieldType"),
)


def read_field(raw: Any, path: str, problems: list[Problem]) -> Entity:
    """One declared field in normal form: name and type, then only what differs from its default."""
    field = _FIELD.read(raw, path, problems)
    if field["FieldType"] in _WITH_OPTIONS:
        if not field["Options"] and not (type(raw) is dict and raw.get("Options")):
            report(problems, "required", f"a {field['FieldType']} field needs Options", f"{path}/Options")
    elif field["Options"]:
        report(problems, "not_allowed", "only choice and multichoice fields have Options", f"{path}/Options")
    return {
        key: value for key, value in field.items() if key in ("FieldName", "FieldType") or value != _FIELD.defaults[key]
    }


def check_fields(fields: list[Entity], path: str, problems: list[Problem]) -> None:
    """What no single field shows: a name listed twice, a default that its own field refuses."""
    seen: set[str] = set()
    for index, field in enumerate(fields):
        name = field["FieldName"]
        if name and name in seen:
            report(problems, "duplicate", f'the field "{name}" is listed twice', f"{path}/{index}/FieldName")
        seen.add(name)
        if "Default" in field:
            checker = compile_schema(field_schema(field))
            problems += _value_problems(checker, field["Default"], f"{path}/{index}/Default")


def _value_problems(checker: Schema | None, value: Any, path: str) -> list[Problem]:
    if checker is None:
        return []
    return [Problem("error", "bad_value", error.message, error.path) for error in checker.errors(value, path)]


def field_schema(field: Mapping[str, Any]) -> JsonSchema:
    """The JSON Schema of one declared field's values (2020-12), with its description."""
    kind = field["FieldType"]
    schema = dict(_FORMS[kind])
    options = list(field.get("Options", ()))
    if kind == "choice":
        schema["enum"] = options
    elif kind == "multichoice":
        schema["items"] = {"type": "string", "enum": options}
    if field.get("Description"):
        schema["description"] = field["Description"]
    return schema


def field_from_schema(name: str, schema: Any) -> Entity:
    """The field that a property is: the other way round from `field_schema`; what no FieldType says is `json`."""
    if not isinstance(schema, dict):
        return {"FieldName": name, "FieldType": "json"}
    field: Entity = {"FieldName": name, "FieldType": _type_of(schema)}
    options = schema.get("enum")
    if field["FieldType"] == "multichoice":
        options = schema["items"]["enum"]
    if field["FieldType"] in _WITH_OPTIONS:
        field["Options"] = list(options or ())
    if isinstance(schema.get("description"), str) and schema["description"]:
        field["Description"] = schema["description"]
    return field


def _type_of(schema: JsonSchema) -> str:
    hint, kind = schema.get(TYPE_KEY), schema.get("type")
    if isinstance(hint, str) and hint in _FORMS and _FORMS[hint].get("type") == kind:
        return hint
    if kind == "string":
        if _texts(schema.get("enum")):
            return "choice"
        form = schema.get("format")
        return _FORMATS.get(form, "string") if isinstance(form, str) else "string"
    if kind == "array":
        items = schema.get("items")
        if isinstance(items, dict) and items.get("type") == "string" and _texts(items.get("enum")):
            return "multichoice"
        return "json"
    return kind if kind in ("integer", "number", "boolean") else "json"


def _texts(options: Any) -> bool:
    return isinstance(options, list) and bool(options) and all(isinstance(option, str) for option in options)


def fields_schema(fields: Iterable[Mapping[str, Any]]) -> JsonSchema:
    """The object schema of a declared list: every field a property, `Required` ones required."""
    listed = list(fields)
    schema: JsonSchema = {
        "type": "object",
        "properties": {field["FieldName"]: field_schema(field) for field in listed},
    }
    if required := [field["FieldName"] for field in listed if field.get("Required")]:
        schema["required"] = required
    return schema


class Source(NamedTuple):
    """One place that gives a field its values: `task` is None for the declaration."""

    task: str | None
    path: str
    schema: Any


@dataclass(frozen=True)
class Field:
    """One field of a workflow, declared or written by a task. `schema` is the declared one, else the first writer's."""

    name: str
    schema: Any
    required: bool
    public: bool
    declared: bool
    sources: tuple[Source, ...]

    @cached_property
    def checker(self) -> Schema | None:
        """What checks its values; None when its schema is none, which is said where that stands."""
        return None if check_schema(self.schema) else compile_schema(self.schema)

    @cached_property
    def writers(self) -> tuple[str, ...]:
        """The keys of the tasks that write it."""
        return tuple(source.task for source in self.sources if source.task is not None)


@dataclass(frozen=True, slots=True)
class MergedFields:
    """Every field of a workflow by name, in the order declared, then written."""

    fields: dict[str, Field]
    problems: list[Problem]


def merged_fields(bundle: Mapping[str, Any]) -> MergedFields:
    """The fields of a bundle in normal form: the declared ones and every property of an output_schema.

    Problems: one name with two types (JSON type and format; an enum or a bound doesn't make another type), and
    properties that no condition could name.
    """
    problems: list[Problem] = []
    declared = {field["FieldName"]: field for field in bundle["workflow"]["fields"]}
    sources = {
        field["FieldName"]: [Source(None, f"/workflow/fields/{index}", field_schema(field))]
        for index, field in enumerate(bundle["workflow"]["fields"])
    }
    shared: dict[bytes, Any] = {}
    for index, task in enumerate(bundle["tasks"]):
        root = task["output_schema"]
        if not root:
            continue
        below = f"/tasks/{index}/output_schema/properties"
        alone = not has_references(root)
        for name, part in output_properties(root).items():
            if not limits.FIELD_NAME.fullmatch(name):
                message = f'"{name[:100]}" {limits.FIELD_NAME_RULE}'
                report(problems, "bad_field_name", message, below + pointer(name))
                continue
            source = Source(task["key"], f"{below}/{name}", _shared(part if alone else _alone(part, root), shared))
            others = sources.setdefault(name, [])
            if others and (clash := _clash(name, others[0], source.schema)):
                problems.append(Problem("error", "field_type_clash", clash, source.path, task=task["key"]))
            others.append(source)
    return MergedFields({name: _field(name, declared.get(name), found) for name, found in sources.items()}, problems)


def _shared(schema: Any, known: dict[bytes, Any]) -> Any:
    """The first schema that is written alike: what is made of it need be made only once."""
    try:
        text = orjson.dumps(schema)
    except TypeError:  # which no schema may hold, as is said elsewhere
        return schema
    return schema if b"null" in text else known.setdefault(text, schema)  # so it writes NaN too


def _field(name: str, declared: Mapping[str, Any] | None, sources: list[Source]) -> Field:
    flags = declared or {}
    required, public = flags.get("Required", False), flags.get("Public", False)
    return Field(name, sources[0].schema, required, public, declared is not None, tuple(sources))


def output_properties(schema: Any) -> dict[str, Any]:
    """The properties that an output_schema names at its root."""
    properties = schema.get("properties") if isinstance(schema, dict) else None
    return properties if isinstance(properties, dict) else {}


def _alone(part: Any, root: JsonSchema) -> Any:
    """A property's schema without the schema around it: with its `$defs` where that refers to them."""
    if not isinstance(part, dict):
        return part
    alone = {**part, "$defs": root.get("$defs", {})}
    # With another root, what isn't below `$defs` may be something else.
    elsewhere = any(not target.startswith("#/$defs/") for target in references(alone))
    return {} if elsewhere or check_schema(alone) else alone


def _clash(name: str, known: Source, schema: Any) -> str | None:
    if known.schema is schema or known.schema == schema:  # nearly always, and quickly seen
        return None
    before, now = _kind(known.schema), _kind(schema)
    if before is None or now is None or before == now:
        return None
    where = "the workflow's fields" if known.task is None else f'the output of "{known.task}"'
    return f'"{name}" is {_words(now)} here and {_words(before)} in {where}: give it one type, or two names'


_Kind = tuple[frozenset[str], str | None]


def _kind(schema: Any) -> _Kind | None:
    """The JSON types (null aside) and the format of text that a schema admits; None when it doesn't say."""
    if not isinstance(schema, dict):
        return None
    types = schema.get("type")
    if isinstance(types, str):
        types = [types]
    if not isinstance(types, list):
        return None
    form = schema.get("format")
    return frozenset(types) - {"null"}, form if isinstance(form, str) and form in _FORMATS else None


_ARTICLES = {"integer": "an integer", "array": "a list", "object": "an object", "boolean": "true or false"}


def _words(kind: _Kind) -> str:
    types, form = kind
    words = " or ".join(_ARTICLES.get(name, f"a {name}") for name in sorted(types)) or "null"
    return f"{words} in the form {form}" if form else words


_CONST = frozenset({"const"})


def is_constant(value: Any) -> bool:
    """Whether a ticket's field is fixed: `{"const": value}`."""
    return type(value) is dict and value.keys() == _CONST


def ticket_constants(ticket: Mapping[str, Any]) -> dict[str, Any]:
    """The fixed fields of a ticket type: shown, written to `data`, refused in a submission."""
    return {name: value["const"] for name, value in ticket["fields"].items() if is_constant(value)}


def ticket_defaults(ticket: Mapping[str, Any]) -> dict[str, Any]:
    """What a field holds when its submitter leaves it out."""
    return {name: value for name, value in ticket["fields"].items() if value is not None and not is_constant(value)}


def ticket_form_schema(ticket: Mapping[str, Any], fields: Mapping[str, Field]) -> JsonSchema:
    """The JSON Schema of a submission: the fields to fill, in the ticket's order, and nothing else.

    A field with a default isn't required: left out, it is the default.
    """
    properties: JsonSchema = {}
    required: list[str] = []
    for name, value in ticket["fields"].items():
        if is_constant(value) or name not in fields:
            continue
        schema = moved(fields[name].schema, f"#/properties/{name}")
        if value is not None:
            schema = {**(schema if isinstance(schema, dict) else {}), "default": value}
        elif fields[name].required:
            required.append(name)
        properties[name] = schema
    form: JsonSchema = {"type": "object", "properties": properties}
    if required:
        form["required"] = required
    form["additionalProperties"] = False
    return form


def ticket_problems(ticket: Mapping[str, Any], fields: Mapping[str, Field], path: str) -> list[Problem]:
    """What a ticket type's `fields` name or preset that the workflow's fields don't admit, as errors."""
    problems: list[Problem] = []
    for name, value in ticket["fields"].items():
        where = f"{path}/fields{pointer(name)}"
        field = fields.get(name)
        if field is None:
            known = ", ".join(list(fields)[:10]) or "none"
            report(problems, "unknown_field", f'the workflow has no field "{name[:100]}" (it has: {known})', where)
        elif is_constant(value):
            problems += _value_problems(field.checker, value["const"], f"{where}/const")
        elif value is not None:
            problems += _value_problems(field.checker, value, where)
    return problems
