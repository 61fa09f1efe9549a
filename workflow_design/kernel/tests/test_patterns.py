"""The workflow control-flow patterns that the format has a construct for, each as scenarios of the engine.

The numbers are those of Russell, ter Hofstede, van der Aalst and Mulyar, BPM-06-22 (2006). `docs/patterns.md`
lists all 43.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

from workflow_design.kernel.tests.each import each

from .flows import Run, every_order, flow

DOCUMENT = Path(__file__).parents[3] / "docs" / "patterns.md"
# It takes several runs, which the engine knows nothing of: workflow_ops/tests/test_recursion.py plays it.
RECURSION = 22


class Pattern(NamedTuple):
    """`scripts` are played one by one; `orders`: outputs by label → the one end that every order of
    completions has.
    """

    number: int
    flow: str
    scripts: tuple[str, ...]
    orders: tuple[tuple[dict[str, str], str, str], ...] = ()


CHOICE = "A -> B{n>10,p1}, C{n>5,p2}, D{default}"
MULTI = "A[/OR] -> B{b}, C{c}, D{default}"
SYNC_MERGE = f"{MULTI}; B -> E[OR/]; C -> E; D -> E"
SYNC_MERGE_LONG = f"{MULTI}; B -> L; L -> E[OR/]; C -> E; D -> E"
SYNC_MERGE_WIDE = f"{MULTI}; B[/AND] -> L, R; L -> E[OR/]; R -> E; C -> E; D -> E"
CYCLES = "A -> B{p}, C{default}; B -> C{ok}, D{default}; C -> B{again}, D{default}"
LOOP = "A -> B{n<3}, C{default}; B -> B{n<3}, C{default}"
AND_JOIN = """A[/AND] -> P, Q; P[/AND] -> U, V; U -> B; V -> B; Q[/AND] -> X, Y; X -> C; Y -> C
B -> D[AND/]; C -> D"""
LOCAL = "A[/OR] -> B{b}, C{c}, end{default}; B -> D{d}, X{default}; C -> F; D -> G[OR/]; F -> G"
GENERAL = "A[/AND] -> B, C; C -> C{again,p0}, D{d,p1}, X{default}; B -> E[OR/]; D -> E"

PATTERNS = [
    Pattern(1, "A -> B; B -> C", ("start => A; B refused; A => B; A refused; B => C; C => DONE; C refused",)),
    Pattern(
        2,
        "A[/AND] -> B, C",
        ("start => A; A => B C; C => B; B => DONE", "start => A; A => B C; B => C; C => DONE"),
        (({}, "COMPLETED", "A1 B1 C1"),),
    ),
    Pattern(
        3,
        "A[/AND] -> B, C; B -> D[AND/]; C -> D",
        ("start => A; A => B C; B => C; C => D; D => DONE", "start => A; A => B C; C => B; B => D; D => DONE"),
        (({}, "COMPLETED", "A1 B1 C1 D1"),),
    ),
    Pattern(4, CHOICE, ("start => A; A{n=20} => B", "start => A; A{n=7} => C", "start => A; A{n=1} => D")),
    Pattern(4, "A -> B{n>10,p2}, C{n>5,p1}, D{default}", ("start => A; A{n=20} => C",)),
    Pattern(4, "A -> B{n>10,p1}, C{n>5,p2}", ("start => A; A{n=20} => B", "start => A; A{n=1} => ERROR")),
    Pattern(
        5,
        "A -> B{b}, C{default}; B -> D; C -> D",
        ("start => A; A{b} => B; B => D; D => DONE", "start => A; A{!b} => C; C => D; D => DONE"),
    ),
    Pattern(
        6,
        MULTI,
        (
            "start => A; A{b,c} => B C; B => C; C => DONE",
            "start => A; A{b,c} => B C; C => B; B => DONE",
            "start => A; A{b,!c} => B; B => DONE",
            "start => A; A{!b,c} => C; C => DONE",
            "start => A; A{!b,!c} => D; D => DONE",
        ),
    ),
    Pattern(
        7,
        SYNC_MERGE,
        (
            "start => A; A{b,c} => B C; B => C; C => E; E => DONE",
            "start => A; A{b,c} => B C; C => B; B => E; E => DONE",
            "start => A; A{b} => B; B => E; E => DONE",
            "start => A; A{c} => C; C => E; E => DONE",
            "start => A; A => D; D => E; E => DONE",
        ),
        (({"A1": "b,c"}, "COMPLETED", "A1 B1 C1 E1"),),
    ),
    Pattern(
        7,
        SYNC_MERGE_LONG,
        (
            "start => A; A{b,c} => B C; B => C L; C => L; L => E; E => DONE",
            "start => A; A{b} => B; B => L; L => E; E => DONE",
        ),
        (({"A1": "b,c"}, "COMPLETED", "A1 B1 C1 E1 L1"), ({"A1": "b"}, "COMPLETED", "A1 B1 E1 L1")),
    ),
    Pattern(
        7,
        SYNC_MERGE_WIDE,
        ("start => A; A{b,c} => B C; B => C L R; L => C R; C => R; R => E; E => DONE",),
        (
            ({"A1": "b,c"}, "COMPLETED", "A1 B1 C1 E1 L1 R1"),
            ({"A1": "b"}, "COMPLETED", "A1 B1 E1 L1 R1"),
            ({}, "COMPLETED", "A1 D1 E1"),
        ),
    ),
    Pattern(
        8,
        "A[/AND] -> B, C; B -> D; C -> D; D -> F",
        ("start => A; A => B C; B => C D; C => D1 D2; D => D2 F; D2 => F1 F2; F1 => F2; F2 => DONE",),
        (({}, "COMPLETED", "A1 B1 C1 D2 F2"),),
    ),
    Pattern(
        10,
        CYCLES,
        (
            "start => A; A{p} => B; B{ok} => C; C{again} => B2; B2{!ok} => D; D => DONE",
            "start => A; A{!p} => C; C{!again} => D; D => DONE",
            "start => A; A{!p} => C; C{again} => B; B{ok} => C2; C2{again} => B2; B2{ok} => C3; C3{!again} => D",
        ),
    ),
    Pattern(
        11,
        "A[/AND] -> B, C",
        ("start => A; A => B C; B => C; C => DONE",),
        (({}, "COMPLETED", "A1 B1 C1"),),
    ),
    Pattern(
        11,
        "A -> B{b}, C{default}; B -> D[AND/]; C -> D",
        ("start => A; A{b} => B; B => ERROR", "start => A; A{!b} => C; C => ERROR"),
    ),
    Pattern(20, "A[/AND] -> B, C", ("start => A; A => B C; cancel => CANCELLED; B refused; C refused",)),
    Pattern(
        21,
        LOOP,
        (
            "start => A; A{n=1} => B; B{n=2} => B2; B2{n=3} => C; C => DONE",
            "start => A; A{n=3} => C; C => DONE",
        ),
    ),
    Pattern(21, "A -> B; B -> B{n<3}, C{default}", ("start => A; A{n=3} => B; B => C; C => DONE",)),
    Pattern(
        33,
        AND_JOIN,
        (
            """start => A; A => P Q; P => Q U V; U => Q V B; V => Q B1 B2; B1 => Q B2; B2 => Q; Q => X Y
            X => Y C; Y => C1 C2; C1 => C2 D; C2 => D1 D2; D1 => D2; D2 => DONE""",
        ),
        (({}, "COMPLETED", "A1 B2 C2 D2 P1 Q1 U1 V1 X1 Y1"),),
    ),
    Pattern(
        37,
        LOCAL,
        (
            "start => A; A{b,c} => B C; B{d} => C D; D => C; C => F; F => G; G => DONE",
            "start => A; A{b,c} => B C; B{!d} => C X; C => F X; F => G X; G => X; X => DONE",
            "start => A; A{b,!c} => B; B{d} => D; D => G; G => DONE",
        ),
        (
            ({"A1": "b,c", "B1": "d"}, "COMPLETED", "A1 B1 C1 D1 F1 G1"),
            ({"A1": "b,c", "B1": "!d"}, "COMPLETED", "A1 B1 C1 F1 G1 X1"),
        ),
    ),
    Pattern(
        38,
        GENERAL,
        (
            "start => A; A => B C; B => C; C{again} => C2; C2{!again,d} => D; D => E; E => DONE",
            "start => A; A => B C; B => C; C{!d} => X E; E => X; X => DONE",
        ),
        (
            ({"C1": "again", "C2": "!again,d"}, "COMPLETED", "A1 B1 C2 D1 E1"),
            ({"C1": "!d"}, "COMPLETED", "A1 B1 C1 E1 X1"),
        ),
    ),
    # Two inclusive joins in a cycle wait for each other: by the OMG's rule neither may open, and the run says so.
    Pattern(
        38,
        "A[/AND] -> B, C; B -> J[OR/OR]; C -> K[OR/OR]; J -> K, end{default}; K -> J, end{default}",
        ("start => A; A => B C; B => C; C => ERROR",),
    ),
]


def ids(pattern: Pattern) -> str:
    return f"WCP{pattern.number}"


@each("pattern", PATTERNS)
def test_scenarios(pattern):
    for script in pattern.scripts:
        Run(flow(pattern.flow)).play(script)


@each("pattern", [p for p in PATTERNS if p.orders])
def test_every_order_of_completions_has_the_same_end(pattern):
    for outputs, status, counts in pattern.orders:
        expected = tuple((label[:-1], int(label[-1])) for label in counts.split())
        assert every_order(flow(pattern.flow), outputs) == {(status, expected)}


def test_cancelled_run_names_what_it_cancels_and_keeps_nothing():
    run = Run(flow("A[/AND] -> B, C")).play("start => A; A => B C")
    step = run.send("cancelled")
    assert step.cancelled == (run.number("B"), run.number("C"))
    assert (run.marking.tokens, run.marking.open, run.marking.stopped) == ({}, {}, {})


def test_a_stuck_run_opens_an_incident_that_names_the_waiting_task():
    run = Run(flow("A -> B{b}, C{default}; B -> D[AND/]; C -> D")).play("start => A; A{b} => B; B => ERROR")
    assert [(i.kind, i.code, i.number) for i in run.last.incidents] == [("WORKFLOW_TRANSITION", "stuck", 0)]
    assert "D can't open any more" in run.last.incidents[0].message


def test_the_document_marks_exactly_these_patterns_as_supported():
    rows = re.findall(r"^\| *(\d+) *\|[^|]*\| *([^|]*?) *\|", DOCUMENT.read_text(), re.MULTILINE)
    assert [int(number) for number, _ in rows] == list(range(1, 44))
    supported = {p.number for p in PATTERNS} | {RECURSION}
    assert {int(number) for number, mark in rows if mark == "yes"} == supported
