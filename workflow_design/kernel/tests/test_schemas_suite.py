"""The official cases of JSON Schema 2020-12 through our entry point: each passes or is refused by a stated limit.

`docs/schemas.md` explains every kind counted here. The data lies beside the checkout and is no part of it.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from workflow_design.kernel.schemas import check_schema, compile_schema

SUITE = Path(__file__).resolve().parents[4] / "shared" / "jsonschema" / "draft2020-12"

pytestmark = pytest.mark.skipif(not SUITE.is_dir(), reason="the JSON Schema test suite is not beside the checkout")

REFUSED_SCHEMAS = {
    "schema_id": 112,
    "schema_remote_ref": 35,
    "schema_ref": 10,
    "schema_dialect": 2,
    "json_number": 6,
    "json_text": 4,
}
REFUSED_VALUES = {"json_number": 4, "json_text": 1}
FORMATS_ARE_CHECKED = 19
PASSED = 2_032


def cases() -> Iterator[tuple[Path, dict[str, Any]]]:
    for file in sorted(SUITE.rglob("*.json")):
        for group in json.loads(file.read_text(encoding="utf-8")):
            yield file, group


def test_every_case_passes_or_is_refused_by_a_stated_limit():
    passed = formats = 0
    schemas: Counter[str] = Counter()
    values: Counter[str] = Counter()
    wrong: list[str] = []
    for file, group in cases():
        problems = check_schema(group["schema"])
        if problems:
            schemas[problems[0].code] += len(group["tests"])
            continue
        schema = compile_schema(group["schema"])
        for case in group["tests"]:
            errors = schema.errors(case["data"])
            assert schema.is_valid(case["data"]) is (not errors)
            if (not errors) is case["valid"]:
                passed += 1
            elif errors and errors[0].code in REFUSED_VALUES:
                values[errors[0].code] += 1
            elif file.name == "format.json" and "only an annotation by default" in case["description"]:
                assert [error.code for error in errors] == ["format"]
                formats += 1
            else:
                wrong.append(f"{file.name}: {group['description']}: {case['description']}")
    assert wrong == []
    assert dict(schemas) == REFUSED_SCHEMAS
    assert dict(values) == REFUSED_VALUES
    assert (passed, formats) == (PASSED, FORMATS_ARE_CHECKED)
