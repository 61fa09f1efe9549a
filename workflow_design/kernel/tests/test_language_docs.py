"""docs/language.md says what happens: every row of its tables is run."""

from __future__ import annotations

import pytest

from workflow_design.kernel.language import (
    OPERATORS,
    RuleError,
    check_condition,
    compile_condition,
    compile_template,
    limits,
)
from workflow_design.kernel.tests.each import each
from workflow_design.kernel.tests.language_docs import PAGE, code, rows, value

OPERATOR_ROWS = rows("operator", "rule", "data", "result", "for people")
TEMPLATE_ROWS = rows("object", "stands for", "template", "data", "result")
DIFFERENCES = rows("rule", "data", "json-logic-js", "here", "why")
EXPORTED_RULES = rows("operator", "value", "export", "here")
EXPORTED_QUERIES = rows("query", "export", "here")


@each("row", OPERATOR_ROWS)
def test_operator(row):
    name, rule, data, result, text = row
    condition = compile_condition(value(rule))
    assert list(condition.rule) == [code(name)]
    got = condition.value(value(data))
    assert (got, type(got)) == (value(result), type(value(result)))
    assert condition.text == text


def test_every_operator_has_a_row():
    assert {code(row[0]) for row in OPERATOR_ROWS} == OPERATORS
    listed = """var missing missing_some if ?: == === != !== ! !! and or < <= > >= + - * / % min max in cat substr
        map filter reduce all some none merge startsWith endsWith"""
    assert set(listed.split()) == OPERATORS


@each("row", TEMPLATE_ROWS)
def test_template(row):
    _, _, template, data, result = row
    assert compile_template(value(template)).render(value(data)) == value(result)


@each("row", DIFFERENCES)
def test_difference(row):
    rule, data, _, here, _ = row
    assert compile_condition(value(rule)).value(value(data)) == value(here)


@each("row", EXPORTED_RULES)
def test_exported_rule(row):
    _, _, export, text = row
    assert compile_condition({"and": [value(export)]}).text == text


@each("row", EXPORTED_QUERIES)
def test_exported_query(row):
    _, export, text = row
    if text.startswith("refused: "):
        (problem,) = check_condition(value(export), "")
        assert "refused: " + problem.message == text
        with pytest.raises(RuleError):
            compile_condition(value(export))
    else:
        assert compile_condition(value(export)).text == text


def test_the_limits_are_those_of_the_page():
    page = PAGE.read_text("utf-8")
    for row in (
        f"| levels of objects and lists | {limits.MAX_DEPTH} |",
        f"| values | {limits.MAX_NODES:,} |",
        f"| characters, keys included | {limits.MAX_CHARACTERS:,} |",
        f"64 characters handled | {limits.MAX_OPERATIONS:,} |",
        f"a value 10 | {limits.MAX_RESULT:,} |",
        f"| levels of the result | {limits.MAX_RESULT_DEPTH} |",
    ):
        assert row in page
