"""The original JSONLogic suite, read from beside the checkout (it is not part of this repository)."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from workflow_design.kernel.language import compile_condition, compile_template

SUITE = Path(__file__).resolve().parents[4] / "shared" / "jsonlogic" / "compatible.json"


def test_compatible_suite():
    if not SUITE.is_file():
        pytest.skip(f"the JSONLogic suite is not at ../shared/jsonlogic/{SUITE.name}")
    cases = [case for case in json.loads(SUITE.read_text("utf-8")) if isinstance(case, dict)]
    assert len(cases) == 278
    for case in cases:
        rule, data = case["rule"], case.get("data")
        got = compile_template({"$": rule}).render(data)
        # as text: true is not 1, and 1 is not 1.0
        assert json.dumps(got) == json.dumps(case["result"]), case
        if isinstance(rule, dict):
            condition = compile_condition(json.dumps(rule))
            assert json.dumps(condition.value(data)) == json.dumps(case["result"]), case
