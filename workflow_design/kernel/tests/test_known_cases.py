"""The known ways in which a definition goes wrong, by their names in the literature: what is said of each, and that the
engine comes to just that when the trace is followed.

After van der Aalst, "The application of Petri nets to workflow management" (1998), whose soundness these break; data
after Trčka et al., "Data-flow anti-patterns" (2009).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from workflow_design.kernel.proof import check
from workflow_design.kernel.tests.each import each

from .flows import Run, flow


@dataclass
class Case:
    """`play` follows the trace with `data` in the engine, up to what the message tells. `writes`: task → fields."""

    name: str
    definition: str
    severity: str
    code: str
    task: str
    path: str
    trace: tuple[str, ...] | None
    message: str
    play: str
    data: dict[str, Any] = field(default_factory=dict)
    writes: dict[str, list[str]] = field(default_factory=dict)


CASES = [
    Case(
        "deadlock",
        "intake -> assess; assess -> legal{contract}, approve[AND/]{default}; legal -> approve; approve -> end",
        *("error", "flow_stuck", "approve", "/tasks/3", ("intake", "assess")),
        'Complete "intake", then "assess" with "approve" next: "approve" then waits for "legal", which can\'t happen '
        "any more, so that the run is stuck. A parallel join needs all of its transitions: lead only ways to it that "
        "are always taken together, or make it inclusive.",
        "start => intake; intake => assess; assess => ERROR; incident stuck",
        data={"contract": False},
    ),
    Case(
        "deadlock after an error",
        "order[/AND] -> pack, invoice; pack -> ship[AND/]; invoice -> ship; ship -> end; pack -> end{error}",
        *("error", "flow_stuck", "ship", "/tasks/3", ("order", "pack error", "invoice")),
        'Complete "order", then "pack" (which fails), then "invoice": "ship" then waits for "pack", which can\'t '
        "happen any more, so that the run is stuck. A parallel join needs all of its transitions: lead only ways to it "
        "that are always taken together, or make it inclusive.",
        "start => order; order => pack invoice; pack error => invoice; invoice => ERROR; incident stuck",
    ),
    Case(
        "deadlock of two inclusive joins",
        "start -> a, b; a -> left[OR/OR]; b -> right[OR/OR];"
        "left -> right{over}, end{default}; right -> left{over}, end{default}",
        *("error", "flow_stuck", "left", "/tasks/2", ("a", "b")),
        'Complete "a", then "b": "left" then waits for "right", which can\'t happen any more, so that the run is '
        "stuck. Inclusive joins that can only be reached through each other wait for each other: take one away.",
        "start => a b; a => b; b => ERROR; incident stuck",
    ),
    Case(
        "livelock",
        "write -> check; check -> write{p0}, end{p1}; start -> write",
        *("error", "flow_no_end", "write", "/tasks/0", ()),
        'Open a ticket: "write" is then open, and whatever is completed next, the run never comes to an end. The '
        'transition from "check" to the end is never taken, because the one to "write" is always true and comes before '
        "it: give that one a condition.",
        "start => write; write => check; check => write2; write2 => check2; check2 => write3",
    ),
    Case(
        "lack of synchronisation",
        "report[/AND] -> photo, text; photo -> check; text -> check; check -> end",
        *("warning", "flow_opens_twice", "check", "/tasks/3", ("report", "photo", "text")),
        'Complete "report", then "photo", then "text": "check" is then open twice, so that it is done twice. If the '
        "ways to it belong together, let them meet in a parallel or inclusive join.",
        "start => report; report => photo text; photo => text check; text => check check2",
    ),
    Case(
        "unbounded loop",
        "start -> draft; draft[/AND] -> review, translate; review -> draft{again}, end{default}; translate -> end",
        *("error", "flow_grows", "translate", "/tasks/2", ("draft", "review", "draft")),
        'Complete "draft", then "review" with "draft" next, then "draft": the run is then where it was before, and '
        '"translate" is open or due besides. Each further round can add more, without end. Let what a split opens meet '
        "in a parallel or inclusive join before a way leads back, and lead it back to before the split.",
        "start => draft; draft => review translate; review => draft2 translate;"
        "draft2 => review2 translate translate2; review2 => draft3 translate translate2",
        data={"again": True},
    ),
    Case(
        "dead task",
        "start -> triage; triage -> solve; triage -> escalate; solve -> end; escalate -> end",
        *("error", "flow_dead_task", "escalate", "/tasks/2", None),
        '"escalate" never opens. The transition from "triage" to "escalate" is never taken, because the one to "solve" '
        "is always true and comes before it: give that one a condition.",
        "start => triage; triage => solve; solve => DONE",
    ),
    Case(
        "dead task behind a condition that is false",
        "start -> triage; triage -> escalate{never}, solve{default}; solve -> end; escalate -> end",
        *("error", "flow_dead_task", "escalate", "/tasks/1", None),
        '"escalate" never opens. The transition from "triage" to "escalate" is never taken, because its condition is '
        "never true: correct it.",
        "start => triage; triage => solve; solve => DONE",
    ),
    Case(
        "improper completion",
        "start -> plan, budget; plan -> decide[AND/]; budget -> decide; decide -> end; decide -> plan{error}",
        *("error", "flow_left_over", "decide", "/tasks/2", ("budget", "plan", "decide error", "plan")),
        'Complete "budget", then "plan", then "decide" (which fails), then "plan": "decide", which was open before, is '
        'then due again over "plan", but not over "budget", so that it never opens again and the run is stuck. Lead '
        "the way back to before the split, or to the join only what is taken as often as the rest.",
        "start => plan budget; budget => plan; plan => decide; decide error => plan2; plan2 => ERROR; incident stuck",
    ),
    Case(
        "concurrent writers",
        "start -> split; split[/AND] -> sales, legal; sales -> sign[AND/]; legal -> sign; sign -> end",
        *("error", "concurrent_writers", "legal", "/tasks/2/output_schema/properties/n", ("split",)),
        'Complete "split": "sales" and "legal" are then open together and both write "n", so that it depends on '
        "chance which value stays. Let one follow the other, or write different fields.",
        "start => split; split => sales legal; legal{n=2} => sales; sales{n=1} => sign; data{n=1}",
        writes={"sales": ["n"], "legal": ["n"]},
    ),
    Case(
        "condition reading an unset field",
        "start -> a; a -> big{n>5}, small{default}; big -> end; small -> end",
        *("warning", "field_maybe_unset", "a", "/transitions/1/condition", None),
        'The condition from "a" to "big" reads "n", which may be unset then: no ticket type has to give it, and on the '
        'way over "a" nothing has to write it. Make it Required, have it set before, or say what holds without it: '
        '{"var": ["name", value]}.',
        "start => a; a => small; data{}",
        writes={"small": ["n"]},
    ),
]


def definition_of(case):
    definition = flow(case.definition)
    for task in definition["tasks"]:
        if names := case.writes.get(task["key"]):
            task["output_schema"] = {"type": "object", "properties": {name: {"type": "integer"} for name in names}}
    for transition in definition["transitions"]:
        if transition["condition"] == {"===": [{"var": "never"}, True]}:
            transition["condition"] = False
    return definition


@each("case", CASES)
def test_what_is_said(case):
    (problem,) = check(definition_of(case))
    assert (problem.severity, problem.code, problem.task, problem.path, problem.trace) == (
        case.severity,
        case.code,
        case.task,
        case.path,
        case.trace,
    )
    assert problem.message == case.message
    place = case.path.split("/")
    assert problem.transition == (int(place[2]) if place[1] == "transitions" else None)


@each("case", CASES)
def test_the_engine_comes_to_it(case):
    Run(definition_of(case), case.data).play(case.play)


@each("case", [case for case in CASES if case.trace])
def test_the_play_follows_the_trace(case):
    done = [line.partition(" =>")[0].strip() for line in case.play.split(";") if "=>" in line]
    keys = [line.split("{")[0].rstrip("0123456789") for line in done if line != "start"]
    assert tuple(keys[: len(case.trace)]) == case.trace
