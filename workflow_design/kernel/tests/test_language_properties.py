"""What holds for every rule. LANGUAGE_CASES says how many are tried of each kind: a tenth of it (600 unless set)."""

from __future__ import annotations

import copy
import json
import os
from random import Random
from threading import Thread

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workflow_design.kernel.language import (
    OPERATORS,
    EvaluationError,
    RuleError,
    check_condition,
    check_template,
    compile_condition,
    compile_template,
)
from workflow_design.kernel.tests.language_rules import MIXED_DATA, Mixed

NAMES = st.sampled_from([*sorted(OPERATORS), "$", "$?", "$map", "$literal", "x"])
ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(sorted(OPERATORS)), inner, min_size=1, max_size=1)
        | st.dictionaries(NAMES, inner, max_size=2)
    ),
    max_leaves=20,
)
PLAIN_JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=20,
)
# Other work on the machine is no failure.
relaxed = settings(deadline=None, max_examples=int(os.environ.get("LANGUAGE_CASES", "600")) // 10)
SEEDS = st.integers(0, 2**32)


def rule_of(seed):
    random = Random(seed)
    return Mixed(random, sorted(OPERATORS)).operation(random.randint(1, 5))


def code_or(evaluate):
    """What `evaluate` gives, or the code of its error."""
    try:
        return evaluate()
    except EvaluationError as error:
        return error.code


def outcome(condition, data):
    return code_or(lambda: condition.value(data))


@relaxed
@given(ANY_JSON, ANY_JSON)
def test_whatever_is_not_refused_can_be_run(value, data):
    if problems := check_condition(value, ""):
        with pytest.raises(RuleError) as refusal:
            compile_condition(value)
        assert refusal.value.problems == problems
        return
    condition = compile_condition(value)
    assert isinstance(condition.text, str)
    assert code_or(lambda: condition.evaluate(data)) in (True, False, "not_finite")


@relaxed
@given(ANY_JSON, ANY_JSON)
def test_a_template_that_is_not_refused_renders_json(value, data):
    for template in (value, {"$": value}, {"$map": [{"var": ""}, value]}):
        if not check_template(template, ""):
            rendered = code_or(lambda: compile_template(template).render(data))  # noqa: B023 - called at once
            json.dumps(rendered, allow_nan=False)


@relaxed
@given(SEEDS)
def test_evaluation_is_deterministic_and_leaves_rule_and_data_alone(seed):
    rule = rule_of(seed)
    rule_before, data_before = copy.deepcopy(rule), copy.deepcopy(MIXED_DATA)
    condition = compile_condition(rule)
    first = outcome(condition, MIXED_DATA)
    assert outcome(condition, MIXED_DATA) == first
    assert outcome(compile_condition(json.dumps(rule)), json.loads(json.dumps(MIXED_DATA))) == first
    assert (rule, MIXED_DATA) == (rule_before, data_before)


@relaxed
@given(SEEDS)
def test_only_what_is_read_matters(seed):
    condition = compile_condition(rule_of(seed))
    if not condition.reads_all:
        roots = {path.partition(".")[0] for path in condition.reads}
        less = {name: value for name, value in MIXED_DATA.items() if name in roots}
        assert outcome(condition, less) == outcome(condition, MIXED_DATA)


@relaxed
@given(PLAIN_JSON)
def test_a_literal_template_is_its_value(value):
    if not check_template({"$literal": value}, ""):
        assert compile_template({"$literal": value}).render({}) == value
        assert compile_template({"$": {"var": "x"}}).render({"x": value}) == value


@relaxed
@given(st.floats(allow_nan=False, allow_infinity=False))
def test_the_text_of_a_number_reads_back_as_the_number(number):
    text = compile_template({"$": {"cat": {"var": "x"}}}).render({"x": number})
    assert float(text) == number
    assert compile_template({"$": {"+": {"var": "x"}}}).render({"x": text}) == number


def test_threads_share_a_condition():
    condition = compile_condition({"all": [{"var": "rows"}, {">": [{"var": ""}, 0]}]})
    wrong = []

    def run(sign):
        for _ in range(200):
            if condition.evaluate({"rows": [sign] * 50}) is not (sign > 0):
                wrong.append(sign)

    threads = [Thread(target=run, args=(sign,)) for sign in (1, -1, 1, -1)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert wrong == []
