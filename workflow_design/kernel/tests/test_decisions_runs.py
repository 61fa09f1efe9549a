"""Random definitions of several tasks, ticket types and ways: what is proved of their splits, against random runs.

DECISION_RUNS says how many definitions (50 unless set), DECISION_SEED where to begin.
"""

from __future__ import annotations

import os
from collections import Counter
from random import Random

import pytest

from workflow_design.kernel.document import normalize
from workflow_design.kernel.engine import Event, Marking, step
from workflow_design.kernel.graph import compile_graph
from workflow_design.kernel.schemas import compile_schema

from .decisions_bundles import form, output, var
from .decisions_compare import decided

RUNS = int(os.environ.get("DECISION_RUNS", "50"))
SEED = int(os.environ.get("DECISION_SEED", "0"))
TICKETS, STEPS = 100, 25
NAMES = ("n", "m", "flag", "kind")
TYPES = {"n": "integer", "m": "integer", "flag": "boolean", "kind": "choice"}
KINDS = ["a", "b", "c"]


def schema(random, name):
    if name == "flag":
        return {"type": random.choice(("boolean", ["boolean", "null"]))}
    if name == "kind":
        return {"type": "string", "enum": random.sample(KINDS, random.randint(1, 3))}
    low = random.randint(0, 8)
    return {"type": random.choice(("integer", "integer", ["integer", "null"])), "minimum": low, "maximum": low + 6}


def atom(random):
    name = random.choice(NAMES)
    if name == "flag":
        return {random.choice(("===", "!==")): [var(name), random.random() < 0.5]}
    if name == "kind":
        return {"in": [var(name), random.sample(KINDS, random.randint(1, 2))]}
    return {random.choice(("<", "<=", ">", ">=")): [var(name), random.randint(0, 12)]}


def conditions(random, count):
    """Of one split: free ones, or ones of which each denies those before, so that nothing is left open."""
    rules = [atom(random) for _ in range(count)]
    if random.random() < 0.5 and count > 1:
        return rules
    return [*rules[:-1], {"!": [{"or": rules[:-1]}]}] if count > 1 else [{"or": [rules[0], {"!": [atom(random)]}]}]


def document(random):
    size = random.randint(2, 5)
    keys = [f"t{number}" for number in range(size)]
    tasks = []
    for key in keys:
        written = random.sample(NAMES, random.choice((0, 0, 1, 1, 2)))
        fields = {name: schema(random, name) for name in written}
        required = [name for name in written if random.random() < 0.6]
        values = {"output_schema": output(fields, required)} if written else {}
        tasks.append(form(key, split=random.choice(("exclusive", "exclusive", "inclusive")), **values))
    ways = [{"from": None, "to": keys[0]}]
    if random.random() < 0.25:
        ways.append({"from": None, "to": keys[1]})
    ends = [*keys, None, None]
    for key in keys:
        targets = random.sample(range(len(ends)), random.choice((1, 2, 2, 3)))
        chosen = list(dict.fromkeys(ends[target] for target in targets))
        rules = conditions(random, len(chosen)) if len(chosen) > 1 or random.random() < 0.3 else [None]
        ways += [
            {"from": key, "to": target, "condition": rule, "priority": place}
            for place, (target, rule) in enumerate(zip(chosen, rules, strict=True))
        ]
        if random.random() < 0.15 and None not in chosen:
            ways.append({"from": key, "to": None, "is_default": True})
    fields = []
    for name in random.sample(NAMES, random.randint(1, 4)):
        field = {"FieldName": name, "FieldType": TYPES[name], "Required": random.random() < 0.5}
        fields.append({**field, "Options": KINDS} if name == "kind" else field)
    tickets = []
    for place in range(random.choice((1, 1, 2))):
        given = {}
        for field in fields:
            if random.random() < 0.8:
                preset = {"n": 3, "m": 7, "flag": True, "kind": "b"}[field["FieldName"]]
                given[field["FieldName"]] = random.choice((None, None, {"const": preset}, preset))
        tickets.append({"key": f"w{place}", "title": "W", "fields": given})
    return {
        "workflow": {"key": "w", "title": "W", "fields": fields},
        "tasks": tasks,
        "transitions": ways,
        "tickets": tickets,
    }


def value(random, part):
    kinds = part.get("type")
    if isinstance(kinds, list) and random.random() < 0.2:
        return None
    if "enum" in part:
        return random.choice(part["enum"])
    if "boolean" in kinds:
        return random.random() < 0.5
    return random.randint(part.get("minimum", -2), part.get("maximum", 14))


def submitted(random, bundle):
    ticket = random.choice(bundle["tickets"])
    data = {}
    for field in bundle["workflow"]["fields"]:
        name = field["FieldName"]
        if name not in ticket["fields"]:
            continue
        given = ticket["fields"][name]
        if isinstance(given, dict):
            data[name] = given["const"]
        elif (given is None and field.get("Required")) or random.random() < 0.7:
            form = {"boolean": {"type": "boolean"}, "choice": {"enum": KINDS}}.get(
                field["FieldType"], {"type": "integer"}
            )
            data[name] = value(random, form)
        elif given is not None:
            data[name] = given
    return data


def stops(random, bundle, graph):
    """The codes of incidents of one random run."""
    turn = step(graph, Marking(), submitted(random, bundle), Event("started"))
    for _ in range(STEPS):
        if turn.incidents:
            return {(incident.task, incident.code) for incident in turn.incidents}
        if not turn.marking.open:
            break
        number = random.choice(list(turn.marking.open))
        part = bundle["tasks"][turn.marking.open[number]]["output_schema"]
        made = {
            name: value(random, one)
            for name, one in part.get("properties", {}).items()
            if name in part["required"] or random.random() < 0.5
        }
        assert not part or compile_schema(part).is_valid(made)
        turn = step(graph, turn.marking, turn.data, Event("completed", number, made))
    return set()


@pytest.mark.timeout(max(120, RUNS))
def test_runs_stop_nowhere_where_a_split_is_proved():
    mix = Counter()
    for seed in range(SEED, SEED + RUNS):
        random = Random(seed)
        read = normalize(document(random))
        assert read.errors == [], seed
        bundle = read.after
        graph = compile_graph(bundle)
        problems = decided(bundle)
        open_at = {problem.task for problem in problems if problem.severity != "warning"}
        mix.update(problem.code for problem in problems)
        mix["proved"] += not open_at
        for _ in range(TICKETS):
            found = stops(random, bundle, graph)
            mix["runs"] += 1
            mix["stopped"] += bool(found)
            assert {task for task, _ in found} <= open_at, seed
            if any(code == "no_transition" for _, code in found):
                mix["gaps met"] += 1
    print(dict(mix))
    assert mix["proved"] > 0.05 * RUNS
    assert mix["gaps met"] > 0
