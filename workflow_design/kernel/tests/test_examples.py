"""Every file of `examples/` is read without a problem, comes back the same, and runs to its end.

The guide's documents are held against the example that it builds.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from workflow_design.kernel.document import Bundle, export, normalize, parse_yaml, to_yaml
from workflow_design.kernel.fields import (
    merged_fields,
    ticket_constants,
    ticket_defaults,
    ticket_form_schema,
)
from workflow_design.kernel.graph import compile_graph
from workflow_design.kernel.language import compile_template
from workflow_design.kernel.schemas import compile_schema
from workflow_design.kernel.simulation import simulate
from workflow_design.kernel.tests.each import each
from workflow_design.kernel.tests.example_runs import OFFICE, Run
from workflow_design.kernel.tests.example_runs_service import SERVICE

ROOT = Path(__file__).resolve().parents[3]
EXAMPLES = ROOT / "examples"
RUNS = {**OFFICE, **SERVICE}
FILES = sorted(path.name for path in EXAMPLES.iterdir() if path.suffix in (".yaml", ".json"))
CASES = [(name, run) for name in RUNS for run in RUNS[name]]

ANSWERS = [
    (
        "vendor-onboarding.yaml",
        "screen",
        {"body": {"id": "chk_93f1", "matches": 0, "verdict": "none"}, "status": 200},
        {"screening_result": "clear", "screening_reference": "chk_93f1", "matches": 0},
    ),
    (
        "vendor-onboarding.yaml",
        "screen",
        {"body": {"id": "chk_93f2", "verdict": "review"}, "status": 200},
        {"screening_result": "review", "screening_reference": "chk_93f2"},
    ),
    (
        "vendor-onboarding.yaml",
        "create-in-erp",
        {"body": {"vendor": {"number": "V-30711"}}, "status": 201},
        {"vendor_number": "V-30711"},
    ),
    (
        "background-check.yaml",
        "run-check",
        {"body": {"report": {"id": "rep_551", "status": "clear"}}},
        {"check_result": "clear", "report_id": "rep_551"},
    ),
    (
        "background-check.yaml",
        "run-check",
        {"body": {"report": {"id": "rep_552", "status": "alert", "findings": ["Degree not confirmed"]}}},
        {"check_result": "consider", "report_id": "rep_552", "findings": ["Degree not confirmed"]},
    ),
    ("bug-report.json", "set-priority", {"_data": {"severity": "Disturbs"}}, {"priority": "Medium"}),
    ("bug-report.json", "create-issue", {"body": {"id": "10401", "key": "BUG-7"}}, {"issue_key": "BUG-7"}),
    (
        "bug-report.json",
        "create-public-issue",
        {"body": {"html_url": "https://code.example.com/i/7"}},
        {"public_issue": "https://code.example.com/i/7"},
    ),
]
SENT = {
    ("vendor-onboarding.yaml", "screen"): {
        "reference": 17,
        "subject": {
            "kind": "company",
            "name": "Fabrik Nord GmbH",
            "country": "DE",
            "tax_id": "DE811907980",
        },
        "lists": ["EU", "UN", "OFAC", "UK"],
    },
    ("vendor-onboarding.yaml", "create-in-erp"): {
        "name": "Fabrik Nord GmbH",
        "country_code": "DE",
        "vat_number": "DE811907980",
        "email": "sales@fabrik-nord.example",
        "payment_terms": "NET60",
    },
    ("background-check.yaml", "run-check"): {
        "candidate": {"name": "Mikael Brandt", "email": "mikael@example.net"},
        "package": "Finance",
        "reference": 17,
    },
}


def document_of(name: str) -> Any:
    content = (EXAMPLES / name).read_bytes()
    return json.loads(content) if name.endswith(".json") else parse_yaml(content)


def bundle_of(name: str) -> Bundle:
    return normalize(document_of(name)).bundle


def task_of(name: str, key: str) -> dict[str, Any]:
    return next(task for task in bundle_of(name)["tasks"] if task["key"] == key)


def start_data(bundle: Bundle, run: Run) -> dict[str, Any]:
    """What the ticket starts with, after its type's form has accepted what the requester sends."""
    ticket = next(ticket for ticket in bundle["tickets"] if ticket["key"] == run.ticket)
    constants = ticket_constants(ticket)
    assert constants.items() <= run.data.items()
    submission = {name: value for name, value in run.data.items() if name not in constants}
    form = ticket_form_schema(ticket, merged_fields(bundle).fields)
    assert list(compile_schema(form).errors(submission)) == []
    return {**ticket_defaults(ticket), **run.data}


def test_every_example_has_runs_on_different_ways():
    assert sorted(RUNS) == FILES
    for name, runs in RUNS.items():
        ways = {json.dumps([run.path, run.outputs]) for run in runs}
        assert len(ways) == len(runs) >= 2, name


@each("name", FILES)
def test_is_read_without_a_problem(name):
    normalized = normalize(document_of(name))
    assert normalized.problems == []
    assert normalized.bundle["workflow"]["key"] == name.partition(".")[0]
    fields = merged_fields(normalized.bundle)
    assert fields.problems == []


@each("name", FILES)
def test_comes_back_the_same(name):
    bundle = bundle_of(name)
    exported = export(bundle)
    assert normalize(exported).bundle == bundle
    assert normalize(parse_yaml(to_yaml(exported).encode())).bundle == bundle
    assert normalize(document_of(name), current=bundle).after == bundle


@each("name", FILES)
def test_forms_have_titles_and_inputs_that_exist(name):
    bundle = bundle_of(name)
    fields = merged_fields(bundle).fields
    short_form = "tasks" not in document_of(name)
    for task in bundle["tasks"]:
        for field, schema in task["input_schema"].get("properties", {}).items():
            assert fields[field].schema.get("type") == schema["type"], (task["key"], field)
        for field, schema in task["output_schema"]["properties"].items():
            assert short_form or schema["title"], (task["key"], field)
        assert set(task["output_schema"].get("required", [])) <= set(task["output_schema"]["properties"])


@each("name, run", CASES)
def test_runs_to_its_end(name, run):
    bundle = bundle_of(name)
    graph = compile_graph(bundle)
    result = simulate(graph, start_data(bundle, run), run.outputs, ticket={"number": 1})
    assert [problem.message for problem in result.problems] == []
    assert result.path == run.path
    assert (result.status, result.open) == ("COMPLETED", [])


@each("name", FILES)
def test_runs_open_every_task(name):
    opened = {task for run in RUNS[name] for task in run.path}
    assert {task["key"] for task in bundle_of(name)["tasks"]} - opened == set()


@each("name, key, answer, output", ANSWERS)
def test_an_answer_becomes_the_output(name, key, answer, output):
    task = task_of(name, key)
    assert compile_template(task["output_transform"]).render(answer) == output
    assert list(compile_schema(task["output_schema"]).errors(output)) == []


@each("name, key", SENT)
def test_an_action_sends_what_the_ticket_holds(name, key):
    seen = {**RUNS[name][0].data, "_ticket": {"number": 17}}
    assert compile_template(task_of(name, key)["input_transform"]).render(seen) == SENT[name, key]


@each("name", FILES)
def test_is_in_the_readme_with_its_picture(name):
    readme = (EXAMPLES / "README.md").read_text(encoding="utf-8")
    picture = re.search(rf"\({re.escape(name)}\)\n+```mermaid\n(.*?)```", readme, re.DOTALL)
    drawn = re.findall(r"^  (\w+) (-->|-\.->)(?:\|.*?\|)? (\w+)$", picture[1], re.MULTILINE)
    expected = [
        (
            (transition["from"] or "start").replace("-", "_"),
            "-->" if transition["on_event"] == "completed" else "-.->",
            (transition["to"] or "finish").replace("-", "_"),
        )
        for transition in bundle_of(name)["transitions"]
    ]
    assert drawn == expected


def test_the_guide_builds_its_example():
    guide = (ROOT / "docs/definitions.md").read_text(encoding="utf-8")
    blocks = [parse_yaml(block.encode()) for block in re.findall(r"```yaml\n(.*?)```", guide, re.DOTALL)]
    whole = [block for block in blocks if "format" in block]
    assert [normalize(block).problems for block in whole] == [[]]
    finished = document_of("travel-request.yaml")
    parts = [block for block in blocks if "format" not in block]
    assert [missing(part, finished) for part in parts] == [[]] * 5


def test_the_guide_simulates_what_it_says():
    guide = (ROOT / "docs/definitions.md").read_text(encoding="utf-8")
    asked = json.loads(re.search(r"```json\n(.*?)```", guide, re.DOTALL)[1])
    result = simulate(compile_graph(bundle_of("travel-request.yaml")), asked["data"], asked["outputs"])
    assert result.problems == []
    assert result.path == ["approve", "book", "pay-advance", "register-trip"]
    assert result.open == ["pay-advance", "register-trip"]


def missing(part: dict[str, Any], finished: dict[str, Any]) -> list[Any]:
    """What the guide shows and the finished document doesn't say: each item is part of an item there."""
    items = [("fields", item) for item in part.get("workflow", {}).get("fields", [])]
    items += [(name, item) for name in ("tasks", "transitions", "tickets") for item in part.get(name, [])]
    lists = {**finished, "fields": finished["workflow"]["fields"]}
    return [item for name, item in items if not any(item.items() <= there.items() for there in lists[name])]
