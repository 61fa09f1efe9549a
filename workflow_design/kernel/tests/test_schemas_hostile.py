"""Schemas and values made to cost: refused or checked in bounded time, never a crash.

SCHEMA_CASES says how many generated ones (100 unless set).
"""

from __future__ import annotations

import os
from time import perf_counter

from hypothesis import given, settings
from hypothesis import strategies as st

from workflow_design.kernel.schemas import check_schema, compile_schema
from workflow_design.kernel.schemas.compiled import _CACHE, MAX_CACHED_BYTES, MAX_ERRORS
from workflow_design.kernel.tests.each import each

CASES = int(os.environ.get("SCHEMA_CASES", "100"))
SECONDS = 2.0
"""Generous: these take milliseconds where nothing else runs, and hours where a bound is missing."""


def codes(schema):
    started = perf_counter()
    problems = check_schema(schema)
    assert perf_counter() - started < SECONDS
    return {problem.code for problem in problems}


def errors(schema, value):
    compiled = compile_schema(schema)
    started = perf_counter()
    found = compiled.errors(value)
    assert perf_counter() - started < SECONDS
    assert compiled.is_valid(value) is (not found)
    return found


def nested(depth, wrap, core):
    for _ in range(depth):
        core = wrap(core)
    return core


@each("depth", [65, 300, 20_000])
@each("wrap", [lambda x: {"not": x}, lambda x: {"allOf": [x]}, lambda x: {"properties": {"a": x}}])
def test_deep_schemas(depth, wrap):
    assert codes(nested(depth, wrap, {})) == {"schema_too_deep"}


@each("depth", [101, 5_000, 20_000])
def test_deep_values(depth):
    assert [error.code for error in errors({}, nested(depth, lambda x: [x], 1))] == ["json_depth"]


def test_depth_up_to_the_limit_is_taken():
    assert codes(nested(63, lambda x: {"not": x}, {})) == set()
    assert errors({}, nested(100, lambda x: [x], 1)) == []


def doubling(levels):
    """Each definition applies the next one twice: 2^levels checks of one value."""
    defs = {f"d{i}": {"allOf": [{"$ref": f"#/$defs/d{i + 1}"}] * 2} for i in range(levels)}
    return {"$defs": {**defs, f"d{levels}": {"type": "string"}}, "$ref": "#/$defs/d0"}


def test_references_that_double():
    assert codes(doubling(8)) == set()
    assert codes(doubling(60)) == {"schema_too_branching"}


def test_recursion_that_doubles_with_the_data():
    twice = {"anyOf": [{"properties": {"a": {"$ref": "#"}}}, {"properties": {"a": {"$ref": "#"}}}]}
    assert codes(twice) == {"schema_too_branching"}
    rule = {"$ref": "#"}
    once = {"properties": {"a": rule, "b": rule, "all": {"items": rule}, "any": {"type": "array", "items": rule}}}
    assert codes(once) == set()
    assert errors(once, nested(90, lambda x: {"a": x, "b": 1}, 1)) == []


@each(
    "schema",
    [
        {"$ref": "#"},
        {"allOf": [{"$ref": "#"}]},
        {"$defs": {"a": {"$ref": "#/$defs/b"}, "b": {"not": {"$ref": "#/$defs/a"}}}},
        {"if": {"$ref": "#"}, "then": {}},
        {"$dynamicAnchor": "x", "anyOf": [{"$dynamicRef": "#x"}]},
        {"dependentSchemas": {"a": {"$ref": "#"}}},
    ],
)
def test_references_in_a_circle(schema):
    assert codes(schema) == {"schema_ref"}


def test_wide_schemas():
    assert codes({"anyOf": [{"const": i} for i in range(5_001)]}) == {"schema_too_large"}
    assert codes({"properties": {f"p{i}": {"pattern": f"x{i}"} for i in range(101)}}) == {"schema_too_large"}
    assert codes({"properties": {f"p{i}": {"type": "string"} for i in range(1_000)}}) == set()


@each("pattern", ["(a{1000}){1000}", "(" * 900, r"\p{L}{1,50}", "a" * 1_001, "((a*)*)*{500}{500}"])
def test_patterns_that_would_cost(pattern):
    assert codes({"pattern": pattern}) == {"schema_pattern"}


def test_patterns_that_are_large_together():
    assert codes({"properties": {f"p{i}": {"pattern": f"^.{{1,{255 - i}}}$"} for i in range(5)}}) == set()
    assert codes({"properties": {f"p{i}": {"pattern": f"^.{{1,{255 - i}}}$"} for i in range(20)}}) == {
        "schema_too_large"
    }


def test_a_ring_of_references_is_followed_by_the_data():
    ring = {f"d{i}": {"items": {"$ref": f"#/$defs/d{(i + 1) % 2_400}"}} for i in range(2_400)}
    schema = {"$defs": ring, "$ref": "#/$defs/d0"}
    assert codes(schema) == set()
    assert errors(schema, nested(90, lambda x: [x], 1)) == []


def test_circles_that_lead_through_each_other():
    deep = {"items": {"$ref": "#/$defs/b"}}
    schema = {
        "$defs": {
            "a": {"items": {"$ref": "#/$defs/a"}, "contains": {"$ref": "#/$defs/b"}},
            "b": {"items": {"$ref": "#/$defs/b"}, "contains": deep},
        },
        "$ref": "#/$defs/a",
    }
    assert codes(schema) == {"schema_too_branching"}


def test_catastrophic_patterns_are_linear():
    assert [error.code for error in errors({"pattern": "^(a+)+$"}, "a" * 100_000 + "b")] == ["pattern"]


def test_patterns_that_keep_the_engine_busy():
    slow = {"properties": {"text": {"pattern": "([ab]{1,60}){1,60}c"}, "other": {"type": "string"}}}
    assert [error.code for error in errors(slow, {"text": "ab" * 100})] == ["pattern"]
    assert [error.code for error in errors(slow, {"text": "ab" * 50_000})] == ["too_large"]
    usual = {"properties": {"text": {"pattern": "^[^@]+@[^@]+$"}, "other": {"pattern": "^x"}}}
    assert errors(usual, {"text": "a@b", "other": "x" * 500_000}) == []


def test_many_errors_are_listed_up_to_a_bound():
    found = errors({"items": {"type": "string"}}, list(range(1_000)))
    assert len(found) == MAX_ERRORS
    assert [error.message for error in errors({"items": {"required": ["a"] * 1}}, [{}] * 3)] == ["is required"] * 3


def test_too_much_work_is_refused_before_it_is_done():
    options = {"items": {"enum": [{"a": i} for i in range(1_000)]}}
    assert [error.code for error in errors(options, [{"a": 999}] * 90_000)] == ["too_large"]
    names = {"items": {"required": [f"n{i}" for i in range(1_000)]}}
    assert [error.code for error in errors(names, [{}] * 20_000)] == ["invalid"]
    assert [error.code for error in errors({}, [0] * 300_000)] == ["json_size"]


def test_the_cache_is_bounded_by_weight():
    for number in range(400):
        compile_schema({"const": "x" * 30_000, "title": str(number)})
    assert 0 < _CACHE.weight <= _CACHE.limit == MAX_CACHED_BYTES
    assert compile_schema({"const": "x" * 30_000, "title": "0"}).is_valid("x" * 30_000)


KEYWORDS = [
    *("type", "enum", "const", "default", "properties", "required", "items", "prefixItems"),
    *(
        "additionalProperties",
        "patternProperties",
        "pattern",
        "format",
        "minimum",
        "multipleOf",
        "minLength",
        "maxItems",
    ),
    *("uniqueItems", "contains", "minContains", "allOf", "anyOf", "oneOf", "not", "if"),
    *("then", "else", "$ref", "$defs", "$anchor", "$dynamicRef", "$dynamicAnchor", "$schema"),
    *(
        "$id",
        "$vocabulary",
        "$comment",
        "dependentSchemas",
        "dependentRequired",
        "propertyNames",
        "unevaluatedItems",
        "unevaluatedProperties",
    ),
    *("contentEncoding", "contentMediaType", "contentSchema", "definitions"),
]
WORDS = st.sampled_from(
    ["string", "object", "a", "#", "#/$defs/a", "#a", "^a+$", "(", "date", "base64", "application/json"]
)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 10) | st.floats() | WORDS | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYWORDS) | WORDS, inner, max_size=4),
    max_leaves=12,
)


@settings(max_examples=CASES, deadline=None)
@given(st.dictionaries(st.sampled_from(KEYWORDS), VALUES, max_size=5), VALUES)
def test_any_schema_is_compiled_or_refused(schema, value):
    if not check_schema(schema):
        compiled = compile_schema(schema)
        assert compiled.is_valid(value) is (not compiled.errors(value))
