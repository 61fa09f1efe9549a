"""Speed of conditions beside other JSONLogic evaluators, in one run: `python bench/kernel_language.py`.

Prints microseconds an evaluation (the median of interleaved rounds) and how many times faster or slower the others are,
and writes `bench/results/kernel_language.json`. The peers come from `requirements-bench.txt`; one that is not installed
is left out by name. Rule and data are the same Python objects for all; ours counts its budget, theirs have none.
"""

from __future__ import annotations

import gc
import importlib
import json
import platform
import statistics
import sys
from collections.abc import Callable
from pathlib import Path
from time import perf_counter
from typing import Any

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from workflow_design.kernel.language import compile_condition, compile_template  # noqa: E402

ROUNDS = 9
ROUND_SECONDS = 0.02
OURS = "ticketflower"

TICKET = {
    "amount": 1500,
    "region": "EU",
    "kind": "hardware",
    "approved": True,
    "order": {"city": "Bern", "lines": [{"qty": number, "price": 2.5, "sku": f"A-{number}"} for number in range(20)]},
    **{f"field_{number}": number for number in range(30)},
}
RULES: dict[str, Any] = {
    "three clauses": {
        "and": [
            {">=": [{"var": "amount"}, 1000]},
            {"==": [{"var": "region"}, "EU"]},
            {"in": [{"var": "kind"}, ["hardware", "software"]]},
        ]
    },
    "one clause": {"==": [{"var": "approved"}, True]},
    "ten bands": {
        "or": [
            {"and": [{">=": [{"var": "amount"}, low]}, {"<": [{"var": "amount"}, low + 100]}]}
            for low in range(600, 1600, 100)
        ]
    },
    "nested path": {"!=": [{"var": "order.lines.3.sku"}, None]},
    "arithmetic": {">": [{"*": [{"+": [{"var": "amount"}, 100]}, 1.25]}, 2000]},
    "some of 20 items": {"some": [{"var": "order.lines"}, {">": [{"*": [{"var": "qty"}, {"var": "price"}]}, 45]}]},
    "sum of 20 items": {
        "<": [
            {"reduce": [{"var": "order.lines"}, {"+": [{"var": "accumulator"}, {"var": "current.qty"}]}, 0]},
            1000,
        ]
    },
}


def evaluators() -> dict[str, Callable[[Any], Callable[[], Any]]]:
    """By name: from a rule to a call that evaluates it on TICKET."""
    found: dict[str, Callable[[Any], Callable[[], Any]]] = {}

    def ours(rule: Any) -> Callable[[], Any]:
        condition = compile_condition(rule)
        return lambda: condition.evaluate(TICKET)

    found[OURS] = ours
    if (qubit := peer("json_logic", "json-logic-qubit")) is not None:
        found["json-logic-qubit"] = lambda rule: lambda: qubit.jsonLogic(rule, TICKET)
    if (datalogic := peer("datalogic_py", "datalogic-py")) is not None:
        engine = datalogic.Engine()

        def compiled(rule: Any) -> Callable[[], Any]:
            made = engine.compile(rule)
            return lambda: made.evaluate(TICKET)

        handle = datalogic.DataHandle(json.dumps(TICKET))

        def parsed(rule: Any) -> Callable[[], Any]:
            made = engine.compile(rule)
            return lambda: made.evaluate_data(handle)

        found["datalogic-py"] = compiled
        found["datalogic-py, data parsed before"] = parsed
    return found


def peer(module: str, package: str) -> Any:
    try:
        return importlib.import_module(module)
    except ImportError:
        print(f"{package} is not installed: left out (pip install -r requirements-bench.txt)")
        return None


def microseconds(calls: dict[str, Callable[[], Any]]) -> dict[str, float]:
    """The median over the rounds, in which each takes its turn."""
    counts = {}
    for name, call in calls.items():
        start = perf_counter()
        for _ in range(20):
            call()
        counts[name] = max(20, int(20 * ROUND_SECONDS / (perf_counter() - start)))
    times: dict[str, list[float]] = {name: [] for name in calls}
    gc.disable()
    for _ in range(ROUNDS):
        for name, call in calls.items():
            turns = range(counts[name])
            start = perf_counter()
            for _turn in turns:
                call()
            times[name].append((perf_counter() - start) / counts[name] * 1e6)
        gc.collect()
    gc.enable()
    return {name: statistics.median(rounds) for name, rounds in times.items()}


def own_costs() -> dict[str, float]:
    """What else we do, in microseconds: compiling with all checks, a template of 20 rows."""
    template = {
        "total": {"$": {"var": "amount"}},
        "lines": {"$map": [{"var": "order.lines"}, {"sku": {"$": {"var": "sku"}}, "n": {"$": {"var": "qty"}}}]},
    }
    compiled = compile_template(template)
    return microseconds(
        {
            "check and compile three clauses": lambda: compile_condition(RULES["three clauses"]),
            "text of three clauses": lambda: compile_condition(RULES["three clauses"]).text,
            "template of 20 rows": lambda: compiled.render(TICKET),
        }
    )


def main() -> None:
    makers = evaluators()
    results: dict[str, Any] = {"python": platform.python_version(), "machine": platform.machine(), "rules": {}}
    print(f"{'rule':20}" + "".join(f"{name:>34}" for name in makers))
    for title, rule in RULES.items():
        calls = {name: make(rule) for name, make in makers.items()}
        answers = {name: bool(call()) for name, call in calls.items()}
        if len(set(answers.values())) > 1:
            raise SystemExit(f"{title}: the evaluators disagree: {answers}")
        times = microseconds(calls)
        results["rules"][title] = {name: round(time, 3) for name, time in times.items()}
        cells = (f"{time:>17.2f} µs ({time / times[OURS]:8.2f} ×)" for time in times.values())
        print(f"{title:20}" + " ".join(f"{cell:>33}" for cell in cells))
    results["own"] = {name: round(time, 2) for name, time in own_costs().items()}
    for name, time in results["own"].items():
        print(f"{name:34}{time:>10.2f} µs")
    path = ROOT / "bench" / "results" / "kernel_language.json"
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(results, indent=2) + "\n", "utf-8")


if __name__ == "__main__":
    main()
