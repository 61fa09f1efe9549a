"""Each example has a twin in examples/broken with one mistake, which publishing refuses in words that help."""

from __future__ import annotations

import difflib
from pathlib import Path
from typing import Any

import orjson
import pytest

from workflow_design.kernel.document import parse_yaml
from workflow_design.kernel.tests.each import each
from workflow_design.tests.documents import UPLOAD, WORKFLOWS

pytestmark = pytest.mark.usefixtures("cast")

EXAMPLES = Path(__file__).parents[2] / "examples"
BROKEN = EXAMPLES / "broken"
README = (BROKEN / "README.md").read_text(encoding="utf-8")
MOST_LINES = 6
# The error, its place, and what leads to it: a trace, or values.
REFUSED: dict[str, tuple[str, str, Any]] = {
    "background-check.yaml": ("timeout_without_limit", "/transitions/5/on_event", None),
    "bug-report.json": ("unknown_variable", "/nodes/1/params/priority/$/if/2/===/0/var", None),
    "call-centre-intake.yaml": ("flow_no_end", "/tasks/3", ["assess-risk"]),
    "change-request.yaml": (
        "flow_grows",
        "/tasks/3",
        ["classify", "technical-review", "security-review", "decide", "decide", "rework"]
        + ["classify", "technical-review", "security-review"],
    ),
    "contract-review.yaml": (
        "concurrent_writers",
        "/tasks/2/output_schema/properties/privacy_opinion",
        ["legal-intake"],
    ),
    "customer-refund.yaml": ("gap", "/transitions/1/condition", {"outcome": "Refuse", "refund_amount": 0}),
    "employee-onboarding.yaml": (
        "flow_stuck",
        "/tasks/8",
        ["confirm-data", "create-account", "prepare-laptop", "ship-laptop", "set-up-payroll", "plan-first-week"],
    ),
    "exit-interview.yaml": ("impossible_schema", "/state_schema/required/3", None),
    "expense-claim.json": ("gap", "/transitions/0/condition", {"amount": 50}),
    "it-incident.yaml": ("flow_dead_task", "/tasks/1", None),
    "leave-request.yaml": ("gap", "/transitions/0/condition", {"leave_type": "Special leave"}),
    "purchase-approval.yaml": ("gap", "/transitions/1/condition", {"net_amount": 999.5}),
    "travel-request.yaml": (
        "flow_left_over",
        "/tasks/4",
        ["book", "register-trip", "pay-advance", "report", "pay-advance"],
    ),
    # The field is left out: not set.
    "vendor-onboarding.yaml": ("gap", "/transitions/4/condition", {}),
}


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if path.suffix in (".yaml", ".json"))


def lines_of(path: Path) -> list[str]:
    return path.read_text(encoding="utf-8").splitlines()


def document(path: Path) -> Any:
    raw = path.read_bytes()
    return orjson.loads(raw) if path.suffix == ".json" else parse_yaml(raw)


def test_every_example_has_one():
    assert names(EXAMPLES) == names(BROKEN) == list(REFUSED)


@each("name", REFUSED)
def test_it_is_refused(alice, name):
    code, path, led_by = REFUSED[name]
    answer = alice.post(f"{UPLOAD}?publish=true&accept_unproved=true", document(BROKEN / name))
    assert answer.status_code == 422, answer.content
    (error,) = (problem for problem in answer.json()["problems"] if problem["severity"] == "error")
    assert (error["code"], error["path"]) == (code, path)
    assert error.get("trace", error.get("counterexample")) == led_by
    assert alice.get(WORKFLOWS).json()["count"] == 0
    # The page tells it in the same words.
    assert f"`{code}`: {error['message']}" in README


@each("name", REFUSED)
def test_it_differs_by_few_lines(name):
    difference = difflib.ndiff(lines_of(EXAMPLES / name), lines_of(BROKEN / name))
    assert 1 <= len([line for line in difference if line[0] in "+-"]) <= MOST_LINES
