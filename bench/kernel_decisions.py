"""Speed of the kernel's proof of decisions: `python bench/kernel_decisions.py`.

Prints a table and writes `bench/results/kernel_decisions.json`. Times are the median of the rounds, in milliseconds; of
the hostile ones there is one round. Bands and the typical definition are measured as a whole: flow, data and decisions.
"""

from __future__ import annotations

import gc
import json
import platform
import statistics
import sys
from collections.abc import Callable
from pathlib import Path
from time import perf_counter
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from workflow_design.kernel.document import normalize  # noqa: E402
from workflow_design.kernel.graph import compile_graph  # noqa: E402
from workflow_design.kernel.problems import Problem  # noqa: E402
from workflow_design.kernel.proof import check  # noqa: E402
from workflow_design.kernel.proof.decisions import quick, solve  # noqa: E402
from workflow_design.kernel.proof.net import net_of  # noqa: E402

ROUNDS = 7
Bundle = dict[str, Any]
AMOUNT = {"type": "number", "minimum": 0}


def read(document: Bundle) -> Bundle:
    found = normalize(document)
    assert found.errors == [], found.errors[:3]
    return found.after


def form(key: str, **values: Any) -> Bundle:
    return {"key": key, "title": key, "task_type": "FORM", **values}


def deciding(fields: Bundle, rules: list[Any], **ask: Any) -> Bundle:
    """One task that writes the fields and leads on under the rules."""
    schema = {"type": "object", "properties": fields, "required": list(fields)}
    ways = [{"from": "ask", "to": f"t{i}", "condition": rule, "priority": i} for i, rule in enumerate(rules)]
    return {
        "workflow": {"key": "w", "title": "W"},
        "tasks": [form("ask", output_schema=schema, **ask), *(form(f"t{i}") for i in range(len(rules)))],
        "transitions": [{"from": None, "to": "ask"}, *ways],
        "tickets": [{"key": "w", "title": "W", "fields": {}}],
    }


def bands(count: int, name: str = "amount") -> list[Any]:
    """Bands of an amount that leave nothing open."""
    value = {"var": name}
    between = [{"and": [{">=": [value, 100 * i]}, {"<": [value, 100 * (i + 1)]}]} for i in range(1, count - 1)]
    return [{"<": [value, 100]}, *between, {">=": [value, 100 * (count - 1)]}]


def typical() -> Bundle:
    """12 tasks, 6 conditions: amounts, a choice, a decision, a loop."""
    fields = [
        {"FieldName": "amount", "FieldType": "number", "Required": True},
        {"FieldName": "region", "FieldType": "choice", "Options": ["EU", "US", "Asia"], "Required": True},
        {"FieldName": "needed_on", "FieldType": "date", "Required": True},
    ]
    verdict = {"type": "object", "required": ["verdict"], "properties": {"verdict": {"enum": ["yes", "no", "rework"]}}}
    tasks = [form(key) for key in ("intake", "order", "receive", "file", "rework", "tell", "archive", "quick", "ship")]
    tasks += [form(key, output_schema=verdict) for key in ("manager", "finance", "board")]

    def way(source: str | None, target: str | None, condition: Any = None, **values: Any) -> Bundle:
        return {"from": source, "to": target, "condition": condition, **values}

    amount = {"var": "amount"}
    return {
        "workflow": {"key": "w", "title": "W", "fields": fields},
        "tasks": tasks,
        "transitions": [
            way(None, "intake"),
            way("intake", "quick", {"<": [amount, 100]}),
            way("intake", "manager", {"and": [{">=": [amount, 100]}, {"<": [amount, 10_000]}]}, priority=1),
            way("intake", "finance", {">=": [amount, 10_000]}, priority=2),
            way("manager", "order", {"===": [{"var": "verdict"}, "yes"]}),
            way("manager", "rework", {"===": [{"var": "verdict"}, "rework"]}, priority=1),
            way("manager", "tell", is_default=True),
            way("rework", "intake"),
            way("finance", "board", {"in": [{"var": "region"}, ["US", "Asia"]]}),
            way("finance", "order", is_default=True),
            way("board", "order"),
            way("quick", "order"),
            way("order", "ship"),
            way("ship", "receive"),
            way("receive", "file"),
            way("file", "archive"),
            way("tell", None),
            way("archive", None),
        ],
        "tickets": [{"key": "w", "title": "W", "fields": {"amount": None, "region": None, "needed_on": None}}],
    }


def all_of(bundle: Bundle) -> tuple[list[Problem], int]:
    """Flow, data and decisions, the graph included."""
    problems = check(bundle)
    found, questions = quick(bundle, net_of(compile_graph(bundle)))
    return problems + found, len(questions)


def decisions(bundle: Bundle) -> tuple[list[Problem], int]:
    """Decisions alone, the graph included."""
    found, questions = quick(bundle, net_of(compile_graph(bundle)))
    return found, len(questions)


def many(splits: int) -> Bundle:
    """A chain of splits with three bands each, which meet again."""
    tasks, ways = [form("t0")], [{"from": None, "to": "t0"}]
    for i in range(splits):
        middle = [form(f"m{i}-{place}") for place in range(3)]
        tasks += [*middle, form(f"t{i + 1}")]
        for place, (one, rule) in enumerate(zip(middle, bands(3), strict=True)):
            ways.append({"from": f"t{i}", "to": one["key"], "condition": rule, "priority": place})
            ways.append({"from": one["key"], "to": f"t{i + 1}"})
    return {
        "workflow": {
            "key": "w",
            "title": "W",
            "fields": [{"FieldName": "amount", "FieldType": "number", "Required": True}],
        },
        "tasks": tasks,
        "transitions": ways,
        "tickets": [{"key": "w", "title": "W", "fields": {"amount": None}}],
    }


def measured(work: Callable[[Bundle], tuple[list[Problem], int]], document: Bundle, rounds: int) -> tuple[float, str]:
    """(median of milliseconds, what came out); each round reads the document anew, as after an upload."""
    times = []
    for _ in range(rounds):
        bundle = read(document)
        begin = perf_counter()
        problems, questions = work(bundle)
        times.append((perf_counter() - begin) * 1e3)
    said = sorted({f"{problem.severity} {problem.code}" for problem in problems})
    if questions:
        said.append(f"{questions} left to the solver")
    return statistics.median(times), ", ".join(said) or "nothing wrong"


OPTIONS = [f"option {i}" for i in range(1_000)]
HOSTILE: dict[str, Callable[[], Bundle]] = {
    "1,000 bands in one split": lambda: deciding({"amount": AMOUNT}, bands(1_000)),
    "1,000 options, a condition each": lambda: deciding(
        {"c": {"enum": OPTIONS}}, [{"===": [{"var": "c"}, option]} for option in OPTIONS]
    ),
    "900 texts in one rule, 60 times": lambda: deciding(
        {f"c{n}": {"enum": OPTIONS} for n in range(10)},
        [{"or": [{"===": [{"var": f"c{i % 10}"}, OPTIONS[n]]} for n in range(900)]} for i in range(60)],
    ),
    "20 fields with 10 bands each, all in one rule": lambda: deciding(
        {f"n{n}": AMOUNT for n in range(20)},
        [{"and": [{"or": bands(10, f"n{n}")[::2]} for n in range(20)]}, {"!": [{"var": "n0"}]}],
    ),
    "a list of 300 options, each asked for": lambda: deciding(
        {"l": {"type": "array", "items": {"enum": OPTIONS[:300]}, "uniqueItems": True}},
        [{"in": [option, {"var": "l"}]} for option in OPTIONS[:300]],
    ),
    "a schema of 2,000 alternatives": lambda: deciding(
        {"j": {"anyOf": [{"type": "integer", "minimum": n} for n in range(2_000)]}}, [{">": [{"var": "j"}, 5]}]
    ),
    "depth 60, two parts at each level": lambda: deciding({"b": {"type": "boolean"}}, [nested(15)]),
}


def nested(levels: int) -> Any:
    rule: Any = {"var": "b"}
    for _ in range(levels):
        rule = {"and": [{"or": [rule, {"var": "b"}]}, {"var": "b"}]}
    return rule


def main() -> None:
    results: dict[str, float] = {}

    def show(name: str, found: tuple[float, str]) -> None:
        results[name] = found[0]
        print(f"{name:<60}{found[0]:>10.2f} ms  {found[1]}")

    gc.disable()
    show("30 amount bands: flow, data, decisions", measured(all_of, deciding({"amount": AMOUNT}, bands(30)), ROUNDS))
    show("30 amount bands: decisions", measured(decisions, deciding({"amount": AMOUNT}, bands(30)), ROUNDS))
    show("12 tasks, 6 conditions: flow, data, decisions", measured(all_of, typical(), ROUNDS))
    show("12 tasks, 6 conditions: decisions", measured(decisions, typical(), ROUNDS))
    for splits in (10, 50, 250):
        show(f"{4 * splits:,} tasks, {splits} splits of 3 bands: decisions", measured(decisions, many(splits), ROUNDS))
    for name, make in HOSTILE.items():
        show(name, measured(decisions, make(), 1))
    sums = deciding(
        {name: {"type": "integer", "minimum": 0, "maximum": 1_000} for name in ("a", "b")},
        [{operator: [{"+": [{"var": "a"}, {"var": "b"}]}, 10]} for operator in (">", "<=")],
    )
    bundle = read(sums)
    _, (question,) = quick(bundle, net_of(compile_graph(bundle)))
    solve(question.payload, 2.0)  # z3 is loaded
    begin = perf_counter()
    verdict = solve(question.payload, 2.0)["results"][0]["answer"]
    show("sums of two whole numbers: one question to the solver", ((perf_counter() - begin) * 1e3, verdict))
    target = ROOT / "bench" / "results" / "kernel_decisions.json"
    target.parent.mkdir(exist_ok=True)
    machine = {"python": platform.python_version(), "machine": platform.machine(), "rounds": ROUNDS}
    target.write_text(json.dumps({**machine, "results": results}, indent=2) + "\n")


if __name__ == "__main__":
    main()
