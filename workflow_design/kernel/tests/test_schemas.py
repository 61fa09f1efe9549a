"""Schemas: what is refused and where, and what a person reads about a value."""

from __future__ import annotations

import pytest

from workflow_design.kernel.schemas import (
    MAX_INTEGER,
    InvalidSchemaError,
    SchemaError,
    check_schema,
    clean_json,
    compile_schema,
)
from workflow_design.kernel.tests.each import each


def found(schema, value):
    return [(error.path, error.message) for error in compile_schema(schema).errors(value)]


def refused(schema):
    return [(problem.code, problem.path) for problem in check_schema(schema)]


@each(
    "schema, value, path, message",
    [
        ({"type": "number"}, "x", "", "must be a number"),
        ({"type": "integer"}, 1.5, "", "must be a whole number"),
        ({"type": ["string", "null"]}, 1, "", "must be text or null"),
        ({"required": ["a"]}, {}, "/a", "is required"),
        ({"dependentRequired": {"a": ["b"]}}, {"a": 1}, "/b", "is required"),
        ({"enum": ["a", "b", 3]}, "c", "", "must be one of: a, b, 3"),
        ({"const": {"a": 1}}, 1, "", 'must be {"a":1}'),
        ({"minLength": 3}, "ab", "", "must have at least 3 characters"),
        ({"maxLength": 1}, "ab", "", "must have at most 1 character"),
        ({"pattern": "^x"}, "ab", "", "must match the pattern ^x"),
        ({"format": "date"}, "2026-02-30", "", "must be a date like 2026-11-20"),
        ({"format": "email"}, "x", "", "must be an e-mail address"),
        ({"minimum": 5}, 4, "", "must be at least 5"),
        ({"maximum": 5}, 6, "", "must be at most 5"),
        ({"exclusiveMinimum": 5}, 5, "", "must be more than 5"),
        ({"exclusiveMaximum": 5}, 5, "", "must be less than 5"),
        ({"multipleOf": 5}, 6, "", "must be a multiple of 5"),
        ({"minItems": 2}, [1], "", "must have at least 2 items"),
        ({"maxItems": 1}, [1, 2], "", "must have at most 1 item"),
        ({"uniqueItems": True}, [1, 1.0], "", "must not hold the same item twice"),
        ({"contains": {"const": 1}}, [2], "", "must hold an item of the required kind"),
        ({"prefixItems": [{}], "items": False}, [1, 2], "/1", "isn't allowed"),
        ({"prefixItems": [{}], "unevaluatedItems": False}, [1, 2], "", "has items that aren't allowed"),
        ({"minProperties": 1}, {}, "", "must have at least 1 key"),
        ({"maxProperties": 1}, {"a": 1, "b": 2}, "", "must have at most 1 key"),
        ({"properties": {"a": {}}, "additionalProperties": False}, {"b": 2}, "/b", "isn't a known field"),
        ({"additionalProperties": False}, {"b": 2}, "", "must be empty"),
        ({"unevaluatedProperties": False}, {"b": 2}, "/b", "isn't a known field"),
        ({"propertyNames": {"pattern": "^a"}}, {"b": 1}, "", "has a key that must match the pattern ^a"),
        ({"properties": {"a": False}}, {"a": 1}, "/a", "isn't allowed"),
        ({"not": {"type": "string"}}, "x", "", "has a form that isn't allowed"),
        ({"anyOf": [{"type": "string"}, {"type": "null"}]}, 1, "", "must be text or null"),
        ({"anyOf": [{"required": ["a"]}, {"required": ["b"]}]}, {}, "", "doesn't fit any of its allowed forms"),
        ({"oneOf": [{"type": "integer"}, {"minimum": 5}]}, 1.5, "", "must be a whole number or at least 5"),
        (
            {"oneOf": [{"type": "integer"}, {"minimum": 5}]},
            6,
            "",
            "fits more than one of the forms of which it must fit exactly one",
        ),
        ({"if": {"type": "integer"}, "then": {"minimum": 3}}, 1, "", "must be at least 3"),
        ({"properties": {"a/b": {"items": {"type": "null"}}}}, {"a/b": [None, 1]}, "/a~1b/1", "must be null"),
    ],
)
def test_errors_are_in_a_persons_words(schema, value, path, message):
    assert found(schema, value) == [(path, message)]


def test_every_error_is_listed_below_the_given_path():
    schema = {"properties": {"a": {"type": "string"}, "b": {"minimum": 3}}, "required": ["c"]}
    assert set(compile_schema(schema).errors({"a": 1, "b": 1}, "/output")) == {
        SchemaError("/output/a", "type", "must be text"),
        SchemaError("/output/b", "minimum", "must be at least 3"),
        SchemaError("/output/c", "required", "is required"),
    }


def test_an_integral_double_is_an_integer():
    assert compile_schema({"type": "integer"}).is_valid(1.0)
    assert compile_schema({"const": 1}).is_valid(1.0)
    assert not compile_schema({"const": 1}).is_valid(True)
    assert clean_json({"a": [1.0, True, 1.5, 1e300]}) == ({"a": [1, True, 1.5, 1e300]}, [])
    assert type(clean_json([1.0])[0][0]) is int


@each("value", [MAX_INTEGER + 1, -MAX_INTEGER - 1, float("nan"), float("inf"), 10**400])
def test_numbers_that_clients_cannot_hold_are_refused(value):
    assert [error.code for error in compile_schema({}).errors({"a": value}, "/x")] == ["json_number"]
    assert compile_schema({}).errors({"a": value}, "/x")[0].path == "/x/a"
    assert refused({"properties": {"a": {"minimum": value}}}) == [("json_number", "/properties/a/minimum")]


@each("value, code", [("\0", "json_text"), ("\ud800", "json_text"), (b"x", "json_type")])
def test_text_that_cannot_be_stored_is_refused(value, code):
    assert [(error.code, error.path) for error in compile_schema({}).errors([value])] == [(code, "/0")]
    assert refused({"const": value}) == [(code, "/const")]


@each(
    "schema, expected",
    [
        ({"$ref": "http://example.com/x"}, [("schema_remote_ref", "/$ref")]),
        ({"$ref": "other.json#/a"}, [("schema_remote_ref", "/$ref")]),
        ({"items": {"$dynamicRef": "http://example.com/x#y"}}, [("schema_remote_ref", "/items/$dynamicRef")]),
        ({"properties": {"a": {"$id": "http://example.com/"}}}, [("schema_id", "/properties/a/$id")]),
        ({"$schema": "http://json-schema.org/draft-07/schema#"}, [("schema_dialect", "/$schema")]),
        ({"$schema": "http://127.0.0.1:1/meta"}, [("schema_dialect", "/$schema")]),
        ({"$ref": "#/$defs/nowhere"}, [("schema_ref", "/$ref")]),
        ({"$ref": "#nowhere"}, [("schema_ref", "/$ref")]),
        ({"$ref": "#/const", "const": {"type": "string"}}, [("schema_ref", "/$ref")]),
        ({"$ref": "#"}, [("schema_ref", "/$ref")]),
        ({"pattern": "(?=a)"}, [("schema_pattern", "/pattern")]),
        ({"pattern": r"(a)\1"}, [("schema_pattern", "/pattern")]),
        ({"patternProperties": {"(": {}}}, [("schema_pattern", "/patternProperties/(")]),
        ({"type": "strin"}, [("schema_invalid", "/type")]),
        ({"minLength": -1, "required": "a"}, [("schema_invalid", "/required"), ("schema_invalid", "/minLength")]),
        ("string", [("schema_invalid", "")]),
        ([], [("schema_invalid", "")]),
        ({"enum": list(range(1_001))}, [("schema_too_large", "/enum")]),
        ({"description": "x" * 200_001}, [("schema_too_large", "")]),
    ],
)
def test_what_is_no_schema_here_is_refused_where_it_stands(schema, expected):
    assert sorted(refused(schema)) == sorted(expected)
    with pytest.raises(InvalidSchemaError):
        compile_schema(schema)


def test_everything_wrong_is_found_at_once():
    schema = {
        "properties": {
            "a": {"$ref": "http://example.com/"},
            "b": {"type": "strin"},
            "c": {"pattern": "(?=a)"},
            "d": {"$id": "x"},
        }
    }
    assert sorted(refused(schema)) == [
        ("schema_id", "/properties/d/$id"),
        ("schema_invalid", "/properties/b/type"),
        ("schema_pattern", "/properties/c/pattern"),
        ("schema_remote_ref", "/properties/a/$ref"),
    ]


@each(
    "schema",
    [
        {"$schema": "https://json-schema.org/draft/2020-12/schema", "type": "object"},
        {"properties": {"$ref": {"type": "string"}, "$id": {"type": "string"}}},
        {"const": {"$ref": "http://example.com/"}, "default": {"$id": "x"}},
        {"$defs": {"a b": {"type": "string"}}, "$ref": "#/$defs/a%20b"},
        {"$defs": {"a": {"$anchor": "name", "type": "string"}}, "$ref": "#name"},
        {"type": "object", "properties": {"child": {"$ref": "#"}}},
        True,
        {},
    ],
)
def test_what_stays_inside_is_taken(schema):
    assert check_schema(schema) == []


def test_problems_are_below_the_given_path():
    assert [problem.path for problem in check_schema({"type": 3}, "/tasks/0/output_schema")] == [
        "/tasks/0/output_schema/type"
    ]


def test_a_schema_changed_after_it_was_compiled_is_another_one():
    schema = {"type": "string"}
    compiled = compile_schema(schema)
    schema["type"] = "number"
    assert compiled.is_valid("x")
    assert compile_schema(schema).is_valid(1)


def test_null_and_nan_are_not_the_same_schema():
    assert check_schema({"const": None}) == []
    assert refused({"const": float("nan")}) == [("json_number", "/const")]


def test_recursion_follows_the_data():
    tree = {
        "type": "object",
        "properties": {"name": {"type": "string"}, "children": {"type": "array", "items": {"$ref": "#"}}},
    }
    assert found(tree, {"children": [{"children": [{"name": 3}]}]}) == [("/children/0/children/0/name", "must be text")]
