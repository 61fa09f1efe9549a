"""Upload → export → upload changes nothing, for documents nobody thought of; the order of keys is kept.

DOCUMENT_CASES says how many (a quarter of it; 40 unless set).
"""

import json
import os

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from workflow_design.kernel.document import normalize, parse_yaml, to_yaml
from workflow_design.models import WorkflowDefinition
from workflow_design.services.export import export
from workflow_design.services.upload import Options, upload

CASES = max(1, int(os.environ.get("DOCUMENT_CASES", "40")) // 4)
text = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=30)
line = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=30).filter(str.strip)
scalar = st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | text
# Values that a YAML 1.1 reader would take for something else are the likeliest to be lost.
trap = st.sampled_from(
    ["yes", "no", "on", "null", "~", "1_000", "0o17", "017", "1e3", "2026-11-20", "12:30", "=", "<<", ""]
)
value = st.recursive(
    scalar | trap, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(text, inner, max_size=3)
)
names = st.lists(
    st.from_regex(r"[A-Za-z][A-Za-z0-9_]{0,10}", fullmatch=True), min_size=1, max_size=4, unique_by=str.lower
)


@st.composite
def documents(draw):
    fields = draw(names)
    keys = [f"task-{number}" for number in range(draw(st.integers(1, 5)))]
    schema = {
        "type": "object",
        "title": draw(text),
        "properties": {name: {"title": draw(text), "default": draw(value)} for name in draw(st.permutations(fields))},
    }
    pairs = draw(
        st.lists(st.tuples(st.sampled_from([None, *keys]), st.sampled_from([None, *keys])), max_size=8, unique=True)
    )
    return {
        "format": "ticketflower/1",
        "workflow": {
            "key": "drawn",
            "title": draw(line),
            "description": draw(text),
            "ext_ref": [{"Label": draw(text), "Desc": draw(text), "URI": "https://example.com/x"}],
            "fields": [{"FieldName": name, "FieldType": "json", "Description": draw(text)} for name in fields],
            "guidelines": draw(text | trap),
            "state_schema": {"description": draw(text), "examples": [draw(value)]},
        },
        "tasks": [
            {
                "key": key,
                "title": draw(line | trap.filter(str.strip)),
                "task_type": "FORM",
                "output_schema": schema if draw(st.booleans()) else {},
                "input_transform": {"$literal": draw(value)},
                "assignee_roles": draw(st.lists(line, max_size=2, unique=True)),
                "due_in_seconds": draw(st.none() | st.integers(1, 86_400)),
            }
            for key in keys
        ],
        "transitions": [
            {"from": start, "to": end, "priority": draw(st.integers(0, 5)), "condition": draw(conditions(fields))}
            for start, end in pairs
        ],
        "tickets": [{"key": "drawn", "title": draw(line), "fields": dict.fromkeys(draw(st.permutations(fields)))}],
    }


def conditions(fields):
    """Null, true, or a comparison of a field with some value."""
    return (
        st.none()
        | st.just(True)
        | st.builds(lambda name, other: {"===": [{"var": name}, other]}, st.sampled_from(fields), scalar | trap)
    )


@pytest.mark.usefixtures("acme_db")
@settings(
    max_examples=CASES,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
    derandomize=True,
    print_blob=False,
)
@given(document=documents())
def test_round_trip(document):
    first = upload(user=None, document=document)
    assert first.changed or not first.created
    exported = export(workflow_id=first.workflow_id)
    for form in (exported, json.loads(json.dumps(exported)), parse_yaml(to_yaml(exported).encode())):
        again = upload(user=None, document=form, options=Options(prune=True))
        assert (again.workflow_id, again.changed, again.diff) == (first.workflow_id, False, [])
    stored = {task["key"]: task for task in exported["tasks"]}
    for task in document["tasks"]:
        if task["output_schema"]:
            assert list(stored[task["key"]]["output_schema"]["properties"]) == list(task["output_schema"]["properties"])
    assert list(exported["tickets"][0]["fields"]) == list(document["tickets"][0]["fields"])
    # What is stored is the document itself, in normal form.
    assert normalize(exported).bundle == normalize(document).bundle
    WorkflowDefinition.objects.all().delete()
