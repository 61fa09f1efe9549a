"""The usual split, a number compared with a constant and a default: what is said of it at once is what the model says,
to which `{"var": ["a"]}` goes, another way to write the same.

DECISION_CASES says how many random ones (100 unless set), DECISION_SEED where to begin.
"""

from __future__ import annotations

import os
from random import Random

from workflow_design.kernel.document import normalize
from workflow_design.kernel.proof import prove
from workflow_design.kernel.tests.each import each

from .decisions_bundles import form, output

CASES = int(os.environ.get("DECISION_CASES", "100"))
SEED = int(os.environ.get("DECISION_SEED", "0"))


def said(schemas, operator, bound, variable, *, required=True, turned=False):
    """(code, transition) of every problem of a form that writes `a`, after one of the others, and decides by it."""
    rule = {operator: [bound, {"var": variable}] if turned else [{"var": variable}, bound]}
    last = f"t{len(schemas) - 1}"
    ways = [{"from": None, "to": f"t{place}"} for place in range(len(schemas))]
    ways += [{"from": f"t{place}", "to": "end"} for place in range(len(schemas) - 1)]
    document = {
        "format": "ticketflower/1",
        "workflow": {"key": "w", "title": "W"},
        "tasks": [
            *(
                form(f"t{place}", output_schema=output({"a": schema}, ["a"] if required else []))
                for place, schema in enumerate(schemas)
            ),
            form("end"),
        ],
        "transitions": [
            *ways,
            {"from": last, "to": "end", "condition": rule},
            {"from": last, "to": None, "is_default": True},
            {"from": "end", "to": None},
        ],
    }
    return [(problem.code, problem.transition) for problem in prove(normalize(document).after).problems]


@each(
    "operator, bound, more, dead",
    [
        ("<", 4, {}, None),
        ("<", 3, {}, 1),
        ("<=", 8, {}, 2),
        (">=", 3, {}, 2),
        (">", 8, {}, 1),
        (">", 7, {}, None),
        ("<", 100, {}, 2),
        # 3 is no multiple of 2, and neither is 9.
        ("<", 4, {"multipleOf": 2}, 1),
        (">", 8, {"maximum": 9, "multipleOf": 2}, 1),
    ],
)
def test_bounds_leave_one_way_or_both(operator, bound, more, dead):
    found = said([{"type": "integer", "minimum": 3, "maximum": 8, **more}], operator, bound, "a")
    assert found == ([] if dead is None else [("dead_condition", dead)])


def test_what_is_said_at_once_is_what_the_model_says():
    silent = 0
    for seed in range(SEED, SEED + CASES):
        random = Random(seed)
        schemas = [_schema(random) for _ in range(random.choice((1, 1, 2)))]
        rule = random.choice(("<", "<=", ">", ">=")), random.choice((-1, 0, 0.5, 1, 2, 2.5, 3, 2**53 - 1, 1e300))
        options = {"required": random.random() < 0.7, "turned": random.random() < 0.3}
        found = said(schemas, *rule, "a", **options)
        assert found == said(schemas, *rule, ["a"], **options), seed
        silent += not found
    assert 0.1 * CASES < silent < 0.9 * CASES


def _schema(random):
    schema = {"type": random.choice(("integer", "number", ["integer", "null"]))}
    low = random.randint(-2, 2)
    if random.random() < 0.6:
        schema[random.choice(("minimum", "exclusiveMinimum"))] = low
    if random.random() < 0.6:
        schema[random.choice(("maximum", "exclusiveMaximum"))] = low + random.choice((0, 0.5, 1, 1.5, 2, 3))
    if random.random() < 0.3:
        schema["multipleOf"] = random.choice((2, 3, 0.5))
    return schema
