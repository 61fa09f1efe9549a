"""Beside json-logic-js itself, and beside what react-querybuilder exports. Both need node, npm and the packages.

LANGUAGE_CASES says how many random rules of each kind (600 unless set).
"""

from __future__ import annotations

import json
import os
from random import Random

import pytest

from workflow_design.kernel.language import OPERATORS, EvaluationError, compile_condition, compile_template
from workflow_design.kernel.tests import language_node, language_rules
from workflow_design.kernel.tests.language_docs import code, rows, value

CASES = int(os.environ.get("LANGUAGE_CASES", "600"))
pytestmark = pytest.mark.node


@pytest.fixture(scope="module")
def json_logic():
    return language_node.installed("json-logic-js@2.0.5")


@pytest.fixture(scope="module")
def query_builder():
    return language_node.installed("@react-querybuilder/core@8.24.1")


def same(left, right):
    """Equal as JSON, numbers as doubles; true is not 1."""
    if isinstance(left, bool) or isinstance(right, bool):
        return left is right
    if isinstance(left, (int, float)) and isinstance(right, (int, float)):
        return float(left) == float(right)
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(map(same, left, right))
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(same(left[key], right[key]) for key in left)
    return left == right


def ours(rule, data):
    """In the form of json-logic-js's answers, see language_node."""
    try:
        answer = {"value": compile_template({"$": rule}).render(data)}
    except EvaluationError as error:
        return {"error": error.code}
    if isinstance(rule, dict):
        answer["true"] = compile_condition(rule).evaluate(data)
    return answer


def agree(here, there):
    if "error" in there or "error" in here:
        return here.get("error") == there.get("error")
    return same(here["value"], there["value"]) and here.get("true", there["true"]) is there["true"]


def differences(json_logic, cases):
    answers = language_node.apply_all(json_logic, cases)
    assert len(answers) == len(cases)
    return [
        (json.dumps(rule), json.dumps(data), here, there)
        for (rule, data), there in zip(cases, answers, strict=True)
        if not agree(here := ours(rule, data), there)
    ]


def test_well_typed_rules_have_no_difference(json_logic):
    random = Random(20261120)
    maker = language_rules.WellTyped(random)
    kinds = ["flag", "flag", "number", "text", "numbers", "texts"]
    cases = [
        (maker.rule(random.choice(kinds), random.randint(1, 5)), language_rules.data(random)) for _ in range(CASES)
    ]
    assert len({json.dumps(rule) for rule, _ in cases}) > 0.58 * CASES
    assert differences(json_logic, cases) == []


def test_mixed_rules_differ_only_where_json_logic_js_throws(json_logic):
    random = Random(20261120)
    maker = language_rules.Mixed(random, sorted(OPERATORS))
    cases = [(maker.operation(random.randint(1, 4)), language_rules.MIXED_DATA) for _ in range(CASES)]
    found = differences(json_logic, cases)
    assert [difference for difference in found if difference[3].get("error") not in ("TypeError", "Error")] == []
    # the throws are those that docs/language.md lists: `*` and `missing_some` without operands, `missing` of data
    causes = ('"*"', '"missing_some"', '"missing"')
    assert [difference for difference in found if not any(cause in difference[0] for cause in causes)] == []
    assert 0 < len(found) < CASES / 15


def test_documented_differences(json_logic):
    for rule, data, there, _, _ in rows("rule", "data", "json-logic-js", "here", "why"):
        (answer,) = language_node.apply_all(json_logic, [(value(rule), value(data))])
        if there == "throws":
            assert answer["error"] in ("TypeError", "Error"), rule
        elif there == "a function":
            assert answer == {"value": None, "true": True}
        else:
            assert answer["value"] == value(there), rule


def test_react_querybuilder_exports_what_the_page_says(query_builder):
    table = []
    for name, typed, export, _ in rows("operator", "value", "export", "here"):
        rule = {"field": "f", "operator": code(name), "value": value(typed)}
        table.append(({"combinator": "and", "rules": [rule]}, {"and": [value(export)]}))
    table += [(value(query), value(export)) for query, export, _ in rows("query", "export", "here")]
    assert language_node.export_all(query_builder, [query for query, _ in table]) == [export for _, export in table]
