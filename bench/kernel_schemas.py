"""Speed of checking values against JSON Schemas beside `jsonschema`, in one run: `python bench/kernel_schemas.py`.

Prints microseconds (the median of interleaved rounds) for a value that is right and for one with an error in each part,
and how many times longer `jsonschema` takes; writes `bench/results/kernel_schemas.json`. Both are compiled before, both
check formats, and both tell every error.
"""

from __future__ import annotations

import json
import platform
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from bench.kernel_language import microseconds, peer  # noqa: E402
from workflow_design.kernel.schemas import compile_schema  # noqa: E402

OURS = "ticketflower"
FORM = {
    "type": "object",
    "required": ["approved", "amount", "day", "email"],
    "properties": {
        "approved": {"type": "boolean"},
        "amount": {"type": "number", "minimum": 0, "maximum": 100_000},
        "day": {"type": "string", "format": "date"},
        "email": {"type": "string", "format": "email"},
        "region": {"enum": ["EU", "US", "APAC"]},
        "note": {"type": "string", "maxLength": 500},
    },
    "additionalProperties": False,
}
RIGHT = {"approved": True, "amount": 12.5, "day": "2026-11-20", "email": "a@example.com", "region": "EU", "note": "ok"}
WRONG = {"approved": "yes", "amount": -1, "day": "20.11.2026", "email": "nobody", "region": "MARS", "note": 7}
LINES = {"type": "array", "items": FORM}
CASES: dict[str, tuple[Any, Any]] = {
    "form of 6 fields, right": (FORM, RIGHT),
    "form of 6 fields, wrong": (FORM, WRONG),
    "100 forms, right": (LINES, [RIGHT] * 100),
    "100 forms, one wrong": (LINES, [*[RIGHT] * 99, WRONG]),
}


def main() -> None:
    found: dict[str, dict[str, float]] = {}
    other = peer("jsonschema", "jsonschema")
    for title, (schema, value) in CASES.items():
        ours = compile_schema(schema)
        calls = {OURS: lambda ours=ours, value=value: ours.errors(value)}
        if other is not None:
            theirs = other.Draft202012Validator(schema, format_checker=other.Draft202012Validator.FORMAT_CHECKER)
            calls["jsonschema"] = lambda theirs=theirs, value=value: list(theirs.iter_errors(value))
        if len({bool(call()) for call in calls.values()}) > 1:
            raise SystemExit(f"{title}: the validators disagree")
        times = found[title] = microseconds(calls)
        cells = (f"{name} {time:>10.1f} µs ({time / times[OURS]:7.2f} ×)" for name, time in times.items())
        print(f"{title:26}" + "   ".join(cells))
    path = ROOT / "bench" / "results" / "kernel_schemas.json"
    path.parent.mkdir(exist_ok=True)
    result = {"python": platform.python_version(), "cases": found}
    path.write_text(json.dumps(result, indent=2) + "\n", "utf-8")


if __name__ == "__main__":
    main()
