"""docs/documents.md: every example is a document, and every key, option, type and limit is named."""

from __future__ import annotations

import re
from pathlib import Path

from workflow_design.kernel import limits
from workflow_design.kernel.document import export, normalize, parse_yaml
from workflow_design.kernel.document.entities import EXT_REF, TASK, TICKET, TRANSITION, WORKFLOW
from workflow_design.kernel.fields import field_schema, merged_fields
from workflow_design.kernel.tests.each import each

DOCS = Path(__file__).resolve().parents[3] / "docs"
PAGE = (DOCS / "documents.md").read_text(encoding="utf-8")
SCHEMAS = (DOCS / "schemas.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)


def section(name):
    return re.split(r"^#+ ", PAGE.split(f"\n### {name}\n", 1)[1], maxsplit=1, flags=re.MULTILINE)[0]


def rows(text):
    return [line for line in text.splitlines() if line.startswith("| `")]


@each("text", EXAMPLES)
def test_every_example_is_a_document(text):
    found = normalize(parse_yaml(text.encode()))
    assert found.problems == []
    assert merged_fields(found.bundle).problems == []
    if "workflow" in found.sections:
        assert normalize(export(found.bundle)).bundle == found.bundle


def test_there_are_examples():
    assert len(EXAMPLES) == 9


@each(
    "name, shape", [("`workflow`", WORKFLOW), ("`tasks`", TASK), ("`transitions`", TRANSITION), ("`tickets`", TICKET)]
)
def test_every_key_has_a_row(name, shape):
    named = [key for row in rows(section(name)) for key in re.findall(r"`(\w+)`", row.split("|")[1])]
    assert sorted(named) == sorted(shape.readers)


def test_options_and_references_are_named():
    for options in (limits.TASK_TYPES, limits.GATES, limits.POLICIES, limits.END_ACTIONS, limits.EVENTS):
        assert all(f"`{option}`" in PAGE for option in options)
    assert all(key in PAGE for key in EXT_REF.readers)


def test_every_field_type_has_a_row_with_its_schema():
    text = section("A field")
    for kind in limits.FIELD_TYPES:
        row = next(row for row in rows(text) if row.startswith(f"| `{kind}` |"))
        options = {"Options": ["…"]} if kind in ("choice", "multichoice") else {}
        schema = parse_yaml(row.rsplit("| `", 1)[1].rstrip("` |").replace("[…]", '["…"]').encode())
        assert schema == field_schema({"FieldName": "x", "FieldType": kind, **options})


@each(
    "number",
    [
        limits.MAX_TASKS,
        limits.MAX_TRANSITIONS,
        limits.MAX_TICKETS,
        limits.MAX_FIELDS,
        limits.MAX_OPTIONS,
        limits.MAX_PROSE,
        limits.MAX_LAYOUT,
        limits.MAX_URL,
        limits.MAX_TIMEOUT,
        limits.MAX_DUE,
        limits.MAX_PRIORITY,
        limits.MAX_DOCUMENT_BYTES,
        limits.MAX_PROBLEMS,
    ],
)
def test_limits_are_named(number):
    assert re.search(rf"(?<![\d,]){number:,}(?![\d,])", PAGE)


@each("number", [limits.MAX_SCHEMA_BYTES, limits.MAX_PATTERNS])
def test_limits_of_schemas_are_named(number):
    assert re.search(rf"(?<![\d,]){number:,}(?![\d,])", SCHEMAS)
