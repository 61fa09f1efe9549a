"""Fields: the declared list, its JSON Schema form and back, the union with outputs, and a ticket type's form."""

from __future__ import annotations

from workflow_design.kernel.document import check_ticket, check_workflow, read_entity
from workflow_design.kernel.fields import (
    field_from_schema,
    field_schema,
    fields_schema,
    merged_fields,
    ticket_constants,
    ticket_defaults,
    ticket_form_schema,
)
from workflow_design.kernel.limits import FIELD_TYPES
from workflow_design.kernel.schemas import compile_schema
from workflow_design.kernel.tests.each import each


def field(kind, **more):
    options = {"Options": ["a", "b"]} if "choice" in kind else {}
    return {"FieldName": "x", "FieldType": kind, **options, **more}


VALUES = {
    "string": (["", "x"], [1, None, ["x"]]),
    "text": (["two\nlines"], [1]),
    "integer": ([0, -3, 1.0, 2**53 - 1], [1.5, "1", True, 2**53]),
    "number": ([0, 1.5, 1e300], ["1", False, float("nan")]),
    "boolean": ([True, False], [0, "true"]),
    "date": (["2026-02-28"], ["2026-02-30", "28.2.2026", ""]),
    "datetime": (["2026-11-20T09:30:00Z"], ["2026-11-20", "2026-11-20T25:00:00Z"]),
    "email": (["a@example.com"], ["a", "a@"]),
    "url": (["https://example.com/a?b=c"], ["example.com", "javascript:alert(1)", "ftp://example.com"]),
    "choice": (["a"], ["c", "A", ["a"]]),
    "multichoice": ([[], ["a", "b"]], ["a", ["a", "a"], ["c"]]),
    "json": ([None, {"a": [1]}, "x", 0], [float("inf")]),
    "user": ([1], [0, "1", 1.5]),
    "file": ([7], [-1]),
}


@each("kind", FIELD_TYPES)
def test_each_type_takes_its_values_and_no_others(kind):
    checker = compile_schema(field_schema(field(kind)))
    fits, fails = VALUES[kind]
    assert [value for value in fits if not checker.is_valid(value)] == []
    assert [value for value in fails if checker.is_valid(value)] == []


@each("kind", FIELD_TYPES)
def test_each_type_comes_back_from_its_schema(kind):
    listed = field(kind, Description="What it is")
    assert field_from_schema("x", field_schema(listed)) == listed


@each(
    "schema, kind",
    [
        ({}, "json"),
        (True, "json"),
        ({"type": "object"}, "json"),
        ({"type": ["string", "null"]}, "json"),
        ({"type": "array", "items": {"type": "string"}}, "json"),
        ({"type": "string", "maxLength": 3}, "string"),
        ({"type": "string", "format": "hostname"}, "string"),
        ({"type": "string", "x-field-type": "user"}, "string"),
    ],
)
def test_schemas_that_no_type_makes(schema, kind):
    assert field_from_schema("x", schema)["FieldType"] == kind


def test_a_list_is_an_object_schema():
    listed = [{"FieldName": "a", "FieldType": "integer", "Required": True}, {"FieldName": "b", "FieldType": "date"}]
    assert fields_schema(listed) == {
        "type": "object",
        "properties": {"a": {"type": "integer"}, "b": {"type": "string", "format": "date"}},
        "required": ["a"],
    }


@each(
    "fields, expected",
    [
        ([{"FieldName": "1a", "FieldType": "string"}], [("bad_key", "/fields/0/FieldName")]),
        ([{"FieldName": "a" * 64, "FieldType": "string"}], [("bad_key", "/fields/0/FieldName")]),
        ([{"FieldName": "a"}], [("required", "/fields/0/FieldType")]),
        ([{"FieldName": "a", "FieldType": "strng"}], [("not_an_option", "/fields/0/FieldType")]),
        ([{"FieldName": "a", "FieldType": "choice"}], [("required", "/fields/0/Options")]),
        ([{"FieldName": "a", "FieldType": "string", "Options": ["x"]}], [("not_allowed", "/fields/0/Options")]),
        (
            [{"FieldName": "a", "FieldType": "choice", "Options": ["x", "x"]}],
            [("duplicate", "/fields/0/Options/1")],
        ),
        ([{"FieldName": "a", "FieldType": "string"}] * 2, [("duplicate", "/fields/1/FieldName")]),
        ([{"FieldName": "a", "FieldType": "integer", "Default": "x"}], [("bad_value", "/fields/0/Default")]),
        (
            [{"FieldName": "a", "FieldType": "choice", "Options": ["x"], "Default": "y"}],
            [("bad_value", "/fields/0/Default")],
        ),
        ([{"FieldName": "a", "FieldType": "string", "Required": 1}], [("wrong_type", "/fields/0/Required")]),
        (["a"], [("wrong_type", "/fields/0"), ("required", "/fields/0/FieldName")][:1]),
        ({}, [("wrong_type", "/fields")]),
    ],
)
def test_a_wrong_list_is_refused_where_it_is_wrong(fields, expected):
    problems = check_workflow({"key": "w", "title": "W", "fields": fields})
    assert [(problem.code, problem.path) for problem in problems] == expected


def test_normal_form_keeps_what_differs_from_the_default():
    fields = [
        {
            "Public": False,
            "FieldType": "choice",
            "Required": True,
            "FieldName": "a",
            "Options": ["x"],
            "Default": "x",
            "Description": "",
        }
    ]
    workflow, problems = read_entity("workflow", {"key": "w", "title": "W", "fields": fields})
    assert problems == []
    assert list(workflow["fields"][0].items()) == [
        ("FieldName", "a"),
        ("FieldType", "choice"),
        ("Required", True),
        ("Default", "x"),
        ("Options", ["x"]),
    ]


def bundle(fields, *outputs):
    return {
        "workflow": {"fields": fields},
        "tasks": [{"key": f"t{i}", "output_schema": schema} for i, schema in enumerate(outputs)],
    }


def output(**properties):
    return {"type": "object", "properties": properties}


def test_fields_are_the_declared_ones_and_every_output():
    merged = merged_fields(
        bundle(
            [{"FieldName": "amount", "FieldType": "number", "Required": True, "Public": True}],
            output(approved={"type": "boolean"}),
            output(amount={"type": "number"}, approved={"type": "boolean"}),
        )
    )
    assert merged.problems == []
    assert list(merged.fields) == ["amount", "approved"]
    amount, approved = merged.fields.values()
    assert (amount.declared, amount.required, amount.public, amount.writers) == (True, True, True, ("t1",))
    assert (approved.declared, approved.required, approved.public, approved.writers) == (
        False,
        False,
        False,
        ("t0", "t1"),
    )
    assert amount.schema == {"type": "number"}


@each(
    "declared, written, message",
    [
        ("string", {"type": "number"}, '"a" is a number here and a string'),
        ("number", {"type": "integer"}, '"a" is an integer here and a number'),
        ("date", {"type": "string"}, '"a" is a string here and a string in the form date'),
        ("boolean", {"type": ["boolean", "string"]}, None),
    ],
)
def test_one_name_with_two_types_is_an_error(declared, written, message):
    merged = merged_fields(bundle([{"FieldName": "a", "FieldType": declared}], output(a=written)))
    assert [(problem.code, problem.path, problem.task) for problem in merged.problems] == [
        ("field_type_clash", "/tasks/0/output_schema/properties/a", "t0")
    ]
    if message:
        where = " in the workflow's fields: give it one type, or two names"
        assert merged.problems[0].message == message + where


@each(
    "declared, written",
    [
        ("string", {"type": "string", "enum": ["x"]}),
        ("text", {"type": "string"}),
        ("choice", {"type": "string"}),
        ("number", {"type": ["number", "null"], "minimum": 0}),
        ("json", {"type": "array"}),
        ("integer", {}),
        ("date", {"type": "string", "format": "date"}),
    ],
)
def test_bounds_options_and_null_do_not_make_another_type(declared, written):
    options = {"Options": ["x"]} if declared == "choice" else {}
    merged = merged_fields(bundle([{"FieldName": "a", "FieldType": declared, **options}], output(a=written)))
    assert merged.problems == []


def test_two_tasks_may_not_write_two_types_either():
    merged = merged_fields(bundle([], output(a={"type": "string"}), output(a={"type": "boolean"})))
    assert [problem.message for problem in merged.problems] == [
        '"a" is true or false here and a string in the output of "t0": give it one type, or two names'
    ]


def test_outputs_that_no_condition_could_name():
    merged = merged_fields(bundle([], output(**{"risk level": {}, "_task": {}, "ok": {}})))
    assert list(merged.fields) == ["ok"]
    assert [(problem.code, problem.path) for problem in merged.problems] == [
        ("bad_field_name", "/tasks/0/output_schema/properties/risk level"),
        ("bad_field_name", "/tasks/0/output_schema/properties/_task"),
    ]


def test_a_property_keeps_the_definitions_that_it_refers_to():
    schema = {**output(a={"$ref": "#/$defs/money"}), "$defs": {"money": {"type": "number", "minimum": 0}}}
    found = merged_fields(bundle([], schema)).fields["a"]
    assert found.checker is not None
    assert found.checker.is_valid(1)
    assert not found.checker.is_valid(-1)


FIELDS = merged_fields(
    bundle(
        [
            {"FieldName": "amount", "FieldType": "number", "Required": True},
            {"FieldName": "region", "FieldType": "choice", "Options": ["EU", "US"], "Required": True},
            {"FieldName": "kind", "FieldType": "string"},
            {"FieldName": "other", "FieldType": "string", "Required": True},
        ]
    )
).fields


def ticket(**fields):
    return {"key": "t", "title": "T", "fields": fields}


def test_a_form_asks_for_what_the_ticket_type_names():
    form = ticket(kind=None, amount=None, region="EU", other={"const": "fixed"})
    assert ticket_form_schema(form, FIELDS) == {
        "type": "object",
        "properties": {
            "kind": {"type": "string"},
            "amount": {"type": "number"},
            "region": {"type": "string", "enum": ["EU", "US"], "default": "EU"},
        },
        "required": ["amount"],
        "additionalProperties": False,
    }
    assert ticket_constants(form) == {"other": "fixed"}
    assert ticket_defaults(form) == {"region": "EU"}


def test_a_submission_may_not_hold_constants_or_unknown_fields():
    checker = compile_schema(ticket_form_schema(ticket(amount=None, other={"const": "x"}), FIELDS))
    assert checker.errors({"amount": 3}) == []
    assert [(error.path, error.message) for error in checker.errors({"amount": 3, "other": "x"})] == [
        ("/other", "isn't a known field")
    ]
    assert [error.path for error in checker.errors({})] == ["/amount"]


def test_a_ticket_type_that_asks_nothing_takes_nothing():
    checker = compile_schema(ticket_form_schema(ticket(), FIELDS))
    assert checker.is_valid({})
    assert [error.path for error in checker.errors({"amount": 3})] == ["/amount"]


def test_presets_are_checked_against_their_fields():
    problems = check_ticket(
        ticket(amount="3", region={"const": "Mars"}, kind={"const": "x", "more": 1}, nowhere=None), "", FIELDS
    )
    assert [(problem.code, problem.path) for problem in problems] == [
        ("bad_value", "/fields/amount"),
        ("bad_value", "/fields/region/const"),
        ("bad_value", "/fields/kind"),
        ("unknown_field", "/fields/nowhere"),
    ]
    assert problems[1].message == "must be one of: EU, US"


def test_what_a_field_refers_to_is_found_in_the_form():
    shared = {
        "amount": {"type": "integer", "maximum": 10},
        "more": {"type": "array", "items": {"$ref": "#/$defs/amount"}},
    }
    output = {
        "type": "object",
        "$defs": shared,
        "properties": {
            "parts": {"$ref": "#/$defs/more"},
            "$ref": {"type": "string"},
            "free": {"const": {"$ref": "#/x"}},
        },
    }
    fields = merged_fields({"workflow": {"fields": []}, "tasks": [{"key": "t", "output_schema": output}]}).fields
    form = ticket_form_schema(ticket(parts=None, free=None), fields)
    assert form["properties"]["free"]["const"] == {"$ref": "#/x"}
    checker = compile_schema(form)
    assert checker.errors({"parts": [1, 2]}) == []
    assert [error.path for error in checker.errors({"parts": [1, 11, "x"]})] == ["/parts/1", "/parts/2"]


def test_a_field_that_refers_beside_defs_is_free_as_it_may_mean_something_else_alone():
    output = {
        "type": "object",
        "properties": {
            "f": {"anyOf": [{"$ref": "#/properties/x"}], "properties": {"x": {"const": 1}}},
            "x": {"const": 2},
        },
    }
    fields = merged_fields({"workflow": {"fields": []}, "tasks": [{"key": "t", "output_schema": output}]}).fields
    assert fields["f"].schema == {}
    assert fields["x"].schema == {"const": 2, "$defs": {}}
