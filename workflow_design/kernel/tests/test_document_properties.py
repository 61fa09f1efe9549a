"""Generated documents: export and normal form are inverse to each other, in JSON and in YAML.

DOCUMENT_CASES says how many (25 unless set).
"""

from __future__ import annotations

import json
import os
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from workflow_design.kernel.document import diff, export, normalize, parse_yaml, to_yaml
from workflow_design.kernel.limits import EVENTS, GATES, POLICIES
from workflow_design.kernel.schemas import MAX_INTEGER, canonical_text, clean_json

CASES = int(os.environ.get("DOCUMENT_CASES", "25"))
TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=30)
LINE = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=30).filter(
    lambda text: text.strip()
)
NUMBER = st.integers(-MAX_INTEGER, MAX_INTEGER) | st.floats(allow_nan=False, allow_infinity=False)
JSON = st.recursive(
    st.none() | st.booleans() | NUMBER | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=8,
)
KEY = st.from_regex(r"[a-z0-9]([a-z0-9_-]{0,6}[a-z0-9])?", fullmatch=True)
FIELD_NAME = st.from_regex(r"[A-Za-z][A-Za-z0-9_]{0,6}", fullmatch=True)
PROPERTY = st.sampled_from([{}, {"type": "string"}, {"enum": [1, "a", None]}, {"maximum": 3.0, "minimum": -1.5}, True])
SCHEMA: st.SearchStrategy[Any] = st.just({}) | st.fixed_dictionaries(
    {"properties": st.dictionaries(FIELD_NAME, PROPERTY, max_size=3)},
    optional={"type": st.just("object"), "title": TEXT, "x-order": JSON},
)
TEMPLATE = st.none() | JSON.map(lambda value: {"$literal": value}) | st.just({"a": {"$": {"var": "x"}}, "b": [1.0]})
CONDITION = st.sampled_from(
    [None, True, False, {"var": "a"}, {">": [{"var": "a"}, 1.0]}, '{"==": [{"var": "b"}, "x"]}', {"!": [{"var": "a"}]}]
)
COMMON = {
    "description": TEXT,
    "ext_ref": st.lists(st.fixed_dictionaries({}, optional={"Label": TEXT, "Desc": TEXT}), max_size=2),
}
TASK = st.fixed_dictionaries(
    {"title": LINE, "task_type": st.sampled_from(["FORM", "SYNC_ACTION", "ASYNC_ACTION"])},
    optional={
        **COMMON,
        "input_schema": SCHEMA,
        "output_schema": SCHEMA,
        "edit_layout": TEXT,
        "integration": st.none() | LINE,
        "action_url": st.sampled_from(["", "https://a.example/x?y=1"]),
        "input_transform": TEMPLATE,
        "output_transform": TEMPLATE,
        "timeout_seconds": st.none() | st.integers(1, 100) | st.just(3.0),
        "retry_policy": st.none() | st.fixed_dictionaries({}, optional={"max_attempts": st.integers(1, 20)}),
        "split": st.sampled_from(GATES),
        "join": st.sampled_from(GATES),
        "assignee_roles": st.lists(LINE, max_size=3, unique=True),
        "assignment_policy": st.sampled_from(POLICIES),
        "due_in_seconds": st.none() | st.integers(1, 1000),
    },
)
FIELD = st.sampled_from(
    [
        {"FieldType": "string"},
        {"FieldType": "number", "Default": 1.0, "Required": True},
        {"FieldType": "choice", "Options": ["a", "b"], "Public": True},
        {"FieldType": "json", "Default": {"b": 1, "a": [2.0]}},
        {"FieldType": "date", "Description": "When", "Required": False},
    ]
)


@st.composite
def documents(draw):
    tasks = draw(st.dictionaries(KEY, TASK, max_size=5))
    fields = draw(st.dictionaries(FIELD_NAME, FIELD, max_size=4))
    ends = st.none() | st.sampled_from(sorted(tasks)) if tasks else st.none()
    document = {
        "workflow": {
            "key": draw(KEY),
            "title": draw(LINE),
            "fields": [{"FieldName": name, **field} for name, field in fields.items()],
            **draw(st.fixed_dictionaries({}, optional={**COMMON, "guidelines": TEXT, "state_schema": SCHEMA})),
        },
        "tasks": [{"key": key, **task} for key, task in tasks.items()],
        "tickets": [
            {
                "key": key,
                "title": draw(LINE),
                "fields": dict.fromkeys(draw(st.lists(st.sampled_from(sorted(fields)), unique=True)) if fields else []),
                "company_role_access": draw(st.lists(LINE, max_size=3, unique=True)),
            }
            for key in draw(st.lists(KEY, max_size=2, unique=True))
        ],
    }
    if draw(st.booleans()):
        ways = draw(st.lists(st.tuples(ends, ends, st.sampled_from(EVENTS)), max_size=6, unique=True))
        document["transitions"] = [
            {
                "from": source,
                "to": target,
                "on_event": event if source else "completed",
                "condition": draw(CONDITION),
                "priority": draw(st.integers(0, 3)),
            }
            for source, target, event in ways
            if source or event == "completed"
        ]
    return document


MANY = settings(max_examples=CASES, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@MANY
@given(documents())
def test_export_and_normal_form_are_inverse(document):
    before = json.dumps(document)
    found = normalize(document)
    assert found.errors == []
    exported = export(found.bundle)
    again = normalize(exported)
    assert again.problems == []
    assert canonical_text(again.bundle) == canonical_text(found.bundle)
    assert canonical_text(export(again.bundle)) == canonical_text(exported)
    assert diff(found.bundle, again.bundle) == []
    on_top = normalize(document, current=found.bundle)
    assert (on_top.problems, diff(found.bundle, on_top.after)) == (found.problems, [])
    assert json.dumps(document) == before


@MANY
@given(documents())
def test_yaml_and_json_carry_the_same(document):
    bundle = normalize(document).bundle
    exported = export(bundle)
    from_yaml = parse_yaml(to_yaml(exported).encode())
    from_json = json.loads(json.dumps(exported))
    assert canonical_text(normalize(from_yaml).bundle) == canonical_text(bundle)
    assert canonical_text(normalize(from_json).bundle) == canonical_text(bundle)


@MANY
@given(JSON)
def test_any_json_is_read_without_an_exception(value):
    for document in (
        value,
        {"workflow": value},
        {"steps": value, "name": value},
        {"nodes": value, "connections": value},
    ):
        normalize(document)
    for entity in (
        {"key": value},
        {"fields": value, "ext_ref": value},
        {"end_action_type": "api_call", "end_action": value},
    ):
        normalize({"workflow": entity, "tasks": [entity, value], "transitions": [value], "tickets": [entity, value]})


@MANY
@given(JSON)
def test_the_normal_form_of_a_value_is_equal_and_stable(value):
    normal, problems = clean_json(value)
    assert problems == []
    assert normal == value
    assert canonical_text(clean_json(normal)[0]) == canonical_text(normal)
    assert canonical_text(parse_yaml(to_yaml(normal).encode())) == canonical_text(normal)
