"""Fields that are read before they are set, and fields that two tasks write at the same time."""

from __future__ import annotations

from collections import Counter
from random import Random
from typing import Any

from workflow_design.kernel.engine import Event, Marking, step
from workflow_design.kernel.graph import compile_graph
from workflow_design.kernel.language import EvaluationError, compile_condition
from workflow_design.kernel.proof import check
from workflow_design.kernel.proof.apart import apart
from workflow_design.kernel.proof.data import Definedness
from workflow_design.kernel.proof.net import net_of
from workflow_design.kernel.proof.reading import read_by_rule, read_by_template
from workflow_design.kernel.tests.each import each

from .flows import flow
from .proof_compare import EVENTS
from .proof_graphs import small

FIELDS = ("must", "may", "x", "y")


def definition(text, writes=None, reads=None, ticket=None, **tasks):
    """A flow with the fields must (Required), may, x and y. `writes` and `reads` name the required ones per task;
    `writes` with `?` at their end may be left out. `tasks` sets more per task.
    """
    found = flow(text)
    found["workflow"]["fields"] = [
        {"FieldName": name, "FieldType": "integer", **({"Required": True} if name == "must" else {})} for name in FIELDS
    ]
    found["tickets"] = [{"key": "t", "fields": {"must": None, "may": None}}] if ticket is None else ticket
    for task in found["tasks"]:
        task |= tasks.get(task["key"], {})
        for word, schema in (
            ((writes or {}).get(task["key"]), "output_schema"),
            ((reads or {}).get(task["key"]), "input_schema"),
        ):
            if word:
                names = word.split()
                task[schema] = {
                    "type": "object",
                    "properties": {name.rstrip("?"): {"type": "integer"} for name in names},
                    "required": [name for name in names if not name.endswith("?")],
                }
    return found


def said(found):
    return [(p.severity, p.code, p.path) for p in check(found)]


def condition(rule, **more):
    found = definition("start -> a; a -> b{may}, end{default}", **more)
    found["transitions"][1]["condition"] = rule
    return said(found)


UNSET = [("warning", "field_maybe_unset", "/transitions/1/condition")]


# --- reads ---


@each(
    "rule, expected",
    [
        ({">": [{"var": "must"}, 1]}, []),
        ({">": [{"var": "may"}, 1]}, UNSET),
        ({">": [{"var": ["may", 0]}, 1]}, []),
        ({"!": [{"missing": ["may"]}]}, []),
        ({"and": [{"!": [{"missing": ["may"]}]}, {">": [{"var": "may"}, 1]}]}, []),
        ({"and": [{"!!": [{"var": "may"}]}, {">": [{"var": "may"}, 1]}]}, []),
        ({"and": [{"!==": [{"var": "may"}, None]}, {">": [{"var": "may"}, 1]}]}, []),
        ({"and": [{"!!": [{"var": "must"}]}, {">": [{"var": "may"}, 1]}]}, UNSET),
        ({"===": [{"var": "_task.outcome"}, "completed"]}, []),
        ({"===": [{"var": "_ticket.number"}, 1]}, []),
    ],
)
def test_what_a_condition_asks_itself_is_no_warning(rule, expected):
    assert condition(rule) == expected


@each(
    "fields, expected",
    [
        ({"must": None, "may": None}, UNSET),
        ({"must": None, "may": 5}, []),
        ({"must": None, "may": {"const": 5}}, []),
        ({"must": None}, UNSET),
    ],
)
def test_what_a_ticket_type_sets(fields, expected):
    ticket = [{"key": "t", "fields": fields}]
    assert condition({">": [{"var": "may"}, 1]}, ticket=ticket) == expected


def test_every_ticket_type_has_to_set_it():
    ticket = [{"key": "one", "fields": {"may": 5}}, {"key": "two", "fields": {"must": None}}]
    found = definition("start -> a; a -> b{may}, end{default}", ticket=ticket)
    (problem,) = check(found)
    assert 'the ticket type "one" need not' not in problem.message
    assert 'the ticket type "two" need not give it' in problem.message


def test_without_ticket_types_nothing_is_set_as_executions_are_not_asked_for_what_is_required():
    expected = [("warning", "field_maybe_unset", "/transitions/1/condition")]
    assert condition({">": [{"var": "must"}, 1]}, ticket=[]) == expected


def test_what_a_task_has_to_write_is_set_afterwards_and_what_it_may_write_is_not():
    text = "start -> a; a -> b; b -> c{x}, end{default}"
    assert said(definition(text, {"a": "x"})) == []
    assert said(definition(text, {"b": "x"})) == []
    assert said(definition(text, {"a": "x?"})) == [("warning", "field_maybe_unset", "/transitions/2/condition")]


def test_only_completing_writes():
    """After `error` and `timeout` there is no output; what was there before still is."""
    text = "start -> a; a -> b; b -> c; b -> d{error}; d -> e{x}, end{default}; c -> e{x}, end{default}"
    found = definition(text, {"b": "x"})
    assert said(found) == [("warning", "field_maybe_unset", "/transitions/4/condition")]
    assert said(definition(text, {"a": "x"})) == []


@each(
    "text, expected",
    [
        ("start -> s; s -> a{must}, b{default}; a -> j; b -> j; j -> e{x}, end{default}", True),
        ("start -> s; s[/OR] -> a{must}, b{default}; a -> j[OR/]; b -> j; j -> e{x}, end{default}", True),
        ("start -> s; s[/AND] -> a, b; a -> j[AND/]; b -> j; j -> e{x}, end{default}", False),
    ],
)
def test_joins(text, expected):
    """One branch writes x: that is enough where all of them are needed."""
    found = definition(text, {"a": "x"})
    assert [code for _, code, _ in said(found)] == ["field_maybe_unset"] * expected
    assert said(definition(text, {"a": "x", "b": "x"} if expected else {"b": "x"})) == []


def test_loops():
    """What is written in the first round is set in the second, but not in the first."""
    text = "start -> a; a -> b{x}, c{default}; b -> a; c -> a"
    found = definition(text + "; a -> end{error}", {"c": "x"})
    assert said(found) == [("warning", "field_maybe_unset", "/transitions/1/condition")]


def test_starts():
    assert said(definition("start -> a{may}, b{default}; a -> end")) == [
        ("warning", "field_maybe_unset", "/transitions/0/condition")
    ]
    assert said(definition("start -> a{must}, b{default}; a -> end")) == []


def test_inputs_and_templates():
    text = "start -> a; a -> b; b -> end"
    assert said(definition(text, reads={"b": "must x"})) == [
        ("warning", "field_maybe_unset", "/tasks/1/input_schema/required/1")
    ]
    assert said(definition(text, {"a": "x"}, {"b": "must x"})) == []
    assert said(definition(text, reads={"b": "x?"})) == []
    given = {"n": {"$": {"var": "may"}}, "m": {"$?": {"var": "x"}}, "k": {"$literal": {"$": {"var": "y"}}}}
    assert said(definition(text, b={"input_transform": given})) == [
        ("warning", "field_maybe_unset", "/tasks/1/input_transform")
    ]
    made = {"n": {"$": {"+": [{"var": "body.n"}, {"var": "_data.x"}]}}}
    assert said(definition(text, b={"output_transform": made})) == [
        ("warning", "field_maybe_unset", "/tasks/1/output_transform")
    ]


def test_which_fields_are_read():
    assert read_by_rule({"if": [{"var": "a.b"}, {"var": ["c", 1]}, {"map": [{"var": "d"}, {"var": "e"}]}]}) == {
        "a.b",
        "d",
    }
    assert read_by_template([{"$map": [{"var": "a"}, {"x": {"$": {"var": "b"}}}]}, {"c": {"$": {"var": "d"}}}]) == {
        "a",
        "d",
    }


def test_what_is_said_to_be_set_is_set_in_every_run():
    """Random definitions and runs: an opened task's data has all that the analysis says."""
    seen = Counter()
    for seed in range(300):
        random = Random(seed)
        found = small(random)
        for task in found["tasks"]:
            names = random.sample(FIELDS, random.randint(0, 2))
            task["output_schema"] = {"properties": {name: {} for name in names}, "required": names[:1]}
        found["workflow"]["fields"] = [{"FieldName": "must", "FieldType": "integer", "Required": True}]
        found["tickets"] = [{"key": "t", "fields": {"must": None}}]
        graph = compile_graph(found)
        known = Definedness(found, net_of(graph))
        for _ in range(5):
            data = {"must": 1, **{f"x{n}": random.random() < 0.5 for n in range(40)}}
            last = step(graph, Marking(), data, Event("started"))
            for _ in range(25):
                for opened in last.opened:
                    sure = {name for name, bit in known.fields.items() if known.opened[opened.task] >> bit & 1}
                    assert sure <= last.data.keys(), seed
                    seen["opened"] += 1
                    seen["sure of more than the ticket gives"] += len(sure) > 1
                free = [number for number in last.marking.open if number not in last.marking.stopped]
                if not free:
                    break
                number = random.choice(free)
                task = found["tasks"][last.marking.open[number]]
                event = EVENTS[random.choice(sorted(graph.tasks[last.marking.open[number]].exits))]
                names = list(task["output_schema"]["properties"])
                output = dict.fromkeys(names[: random.randint(1, 2)], 1) | {
                    f"x{n}": random.random() < 0.5 for n in range(40)
                }
                last = step(
                    graph, last.marking, last.data, Event(event, number, output if event == "completed" else None)
                )
    assert seen["opened"] > 3_000
    assert seen["sure of more than the ticket gives"] > 1_000


# --- writers ---


@each(
    "text, expected",
    [
        ("start -> a; a -> b; b -> end", []),
        ("start -> s; s -> a{must}, b{default}; a -> end; b -> end", []),
        ("start -> s; s[/OR] -> a{must}, b{may}; a -> end; b -> end", ["concurrent_writers"]),
        ("start -> s; s[/AND] -> a, c; a -> b; b -> j[AND/]; c -> j; j -> end", []),
        ("start -> s; s[/AND] -> a, c; c -> b; b -> j[AND/]; a -> j; j -> end", ["concurrent_writers"]),
        ("start -> s; s[/AND] -> a, c; a -> j[AND/]; c -> j; j -> b; b -> end", []),
        ("start -> s; s[/OR] -> a{must}, c{default}; a -> j[OR/]; c -> j; j -> b; b -> end", []),
        ("start -> a{must>5}, b{must<=5}; a -> end; b -> end", []),
        ("start -> a{must>5}, b{must<7}; a -> end; b -> end", ["concurrent_writers"]),
        ("start -> a; a -> b{error}; a -> end; b -> end", []),
    ],
)
def test_who_can_be_open_together(text, expected):
    found = definition(text, {"a": "x", "b": "x"})
    found["tickets"][0]["fields"] = {"must": 1, "may": 1}
    assert [code for _, code, _ in said(found)] == expected


def test_one_that_can_be_open_twice():
    found = definition("start -> s; s[/AND] -> a, b; a -> c; b -> c; c -> end", {"c": "x"})
    assert said(found) == [
        ("warning", "flow_opens_twice", "/tasks/3"),
        ("warning", "writes_twice", "/tasks/3/output_schema/properties/x"),
    ]
    assert check(found)[1].trace == ("s", "a", "b")


def test_what_only_follows_from_a_run_that_grows_is_not_told():
    text = "start -> s; s[/AND] -> a, b; a -> c; b -> c; c -> s{x}, end{default}"
    assert [code for _, code, _ in said(definition(text, {"c": "x"}))] == ["flow_grows"]


def test_more_pairs_than_are_looked_at_are_not_left_out():
    """Sixty tasks that the relation can't keep apart, one after the other behind what is too wide for it."""
    wide = ", ".join(f"w{n}" for n in range(760))
    text = f"start -> s; s[/AND] -> {wide}\n" + "\n".join(f"w{n} -> j[AND/]" for n in range(760))
    text += "\nj -> t0\n" + "\n".join(f"t{n} -> t{n + 1}" for n in range(59))
    problems = said(definition(text, {f"t{n}": "x" for n in range(60)}))
    assert {code for _, code, _ in problems} == {"flow_unproved", "writers_unproved"}
    assert len(problems) == 1 + 20 + 1


# --- conditions that contradict each other ---

V = {"var": "v"}
ATOMS = [
    *({op: [V, n]} for op in ("<", "<=", ">", ">=", "===", "!==", "==", "!=") for n in (1, 2, 5)),
    *({op: [n, V]} for op in ("<", ">=", "===") for n in (1, 5)),
    *({"===": [V, value]} for value in (True, False, None, "", "1", "a", "b")),
    {"!": [V]},
    {"!!": [V]},
    {"!": V},
    V,
    {"in": [V, ["a", "b"]]},
    {"in": [V, ["c", ""]]},
    {"==": [V, "1"]},
    {"!=": [V, "1"]},
    {"<": [0, V, 5]},
    {"===": [{"var": "w"}, 1]},
    {"===": [{"+": [V, 1]}, 2]},
    {"<": [{"+": [V, 1]}, 2]},
]
VALUES: list[Any] = [
    None,
    True,
    False,
    0,
    1,
    1.5,
    2,
    4,
    5,
    -1,
    "",
    "0",
    "1",
    "01",
    "a",
    "b",
    "c",
    "5",
    [],
    [1],
    ["a"],
    ["b"],
    {},
]


def holds(rule, data):
    try:
        return compile_condition(rule).evaluate(data)
    except EvaluationError:
        return False


def test_conditions_said_to_be_apart_are_never_true_together():
    random = Random(1)
    rules = [*ATOMS, *({"and": random.sample(ATOMS, 2)} for _ in range(20)), *({"!": [a]} for a in ATOMS)]
    data = [{"v": value, "w": other} for value in VALUES for other in (1, 2)] + [{}]
    truth = [[holds(rule, one) for one in data] for rule in rules]
    claimed = 0
    for i, one in enumerate(rules):
        for j in range(i):
            if apart([one, rules[j]]):
                claimed += 1
                assert not any(a and b for a, b in zip(truth[i], truth[j], strict=True)), (one, rules[j])
    assert claimed > 500


@each(
    "one, other, expected",
    [
        ({">": [V, 500]}, {"<=": [V, 500]}, True),
        ({">": [V, 500]}, {"<=": [V, 501]}, False),
        ({">=": [V, 500]}, {"<=": [V, 500]}, False),
        ({"===": [V, "a"]}, {"!==": [V, "a"]}, True),
        ({"===": [V, "a"]}, {"===": [{"var": "w"}, "b"]}, False),
        ({"and": [{"===": [V, "a"]}, {"var": "w"}]}, {"===": ["b", V]}, True),
        ({"or": [{"===": [V, "a"]}, {"var": "w"}]}, {"===": [V, "b"]}, False),
        ({"in": [V, ["a", "b"]]}, {"===": [V, "c"]}, True),
        ({"in": [V, ["a", "b"]]}, {"===": [V, "b"]}, False),
        ({"==": [V, "1"]}, {"==": [V, "01"]}, False),
        (V, {"!": [V]}, True),
    ],
)
def test_which_conditions_are_apart(one, other, expected):
    assert apart([one, other]) is expected
    assert apart([other, one]) is expected


def test_all_pairs_have_to_be_apart():
    bands = [{"and": [{">=": [V, n]}, {"<": [V, n + 10]}]} for n in range(0, 300, 10)]
    assert apart(bands)
    assert not apart([*bands, {"<": [V, 5]}])
