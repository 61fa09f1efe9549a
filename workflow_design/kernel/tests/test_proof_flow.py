"""What is said of runs that can't end, and in what time. The known cases by name are in test_known_cases.py."""

from __future__ import annotations

from random import Random

from workflow_design.kernel.graph import compile_graph
from workflow_design.kernel.proof import check
from workflow_design.kernel.proof.explore import Budget, explore
from workflow_design.kernel.proof.flow import flow as explored
from workflow_design.kernel.proof.net import net_of
from workflow_design.kernel.proof.shrink import shrink
from workflow_design.kernel.proof.together import together
from workflow_design.kernel.tests.each import each

from .flows import Run, bundle, flow, task
from .proof_graphs import structured
from .test_examples import FILES, bundle_of


def said(definition):
    return [(p.severity, p.code, p.task, p.trace) for p in check(definition)]


def only(definition):
    (problem,) = check(definition)
    return problem


# --- what is wrong, and what only looks so ---


def test_deadlock_after_some_work():
    definition = flow("a[/AND] -> b, c; b -> d[AND/]{x}, end{default}; c -> d; d -> end")
    problem = only(definition)
    assert (problem.severity, problem.code, problem.task, problem.path) == ("error", "flow_stuck", "d", "/tasks/3")
    assert problem.trace == ("a", "b", "c")
    assert '"b" with the end next' in problem.message
    assert '"d" then waits for "b"' in problem.message
    Run(definition, {"x": False}).play("start => a; a => b c; b => c; c => ERROR; incident stuck")


def test_livelock_beside_other_work():
    """What goes round hides nothing: the other branch is stuck as well."""
    definition = flow(
        "start -> s; s[/AND] -> a, c, d; a -> b; b -> a{p0}, end{p1}; c -> e[AND/]{x}, end{default}; d -> e"
    )
    assert [(code, key) for _, code, key, _ in said(definition)] == [("flow_no_end", "a")]


def test_two_tokens_that_wait():
    definition = flow(
        "start -> a, b; a[/AND] -> c, d; c -> e; d -> e; e -> f[AND/]; b[/AND] -> g, h; g -> i; h -> i; i -> f"
    )
    codes = {(severity, code) for severity, code, _, _ in said(definition)}
    assert codes == {("warning", "flow_opens_twice")}
    assert {key for *_, key, _ in said(definition)} == {"e", "i"}


def test_unbounded_loop():
    definition = flow("start -> a; a[/OR] -> a{again}, b{default}, c{x}; b -> end; c -> end")
    problem = only(definition)
    assert (problem.severity, problem.code) == ("error", "flow_grows")
    assert "Each further round can add more, without end." in problem.message


def test_what_lies_behind_a_dead_task_is_not_told():
    definition = flow("start -> a; a -> b; a -> c; b -> end; c -> d; d -> end")
    assert [(code, key) for _, code, key, _ in said(definition)] == [("flow_dead_task", "c")]


def test_dead_tasks_in_a_circle():
    definition = flow("start -> a; a -> end; b -> c; c -> b")
    assert [(code, key) for _, code, key, _ in said(definition)] == [("flow_dead_task", "b")]


def test_work_done_twice_leaves_something_over():
    """Both ways of a parallel split come to `v`, which opens twice; its join needs it once."""
    definition = flow("start -> u; u[/AND] -> a, b, c; a -> v; b -> v; v -> p[AND/]; c -> p; p -> end")
    assert [code for _, code, _, _ in said(definition)] == ["flow_left_over"]
    direct = flow("start -> u; u[/AND] -> v, v{p1}, c; v -> p[AND/]; c -> p; p -> end")
    assert [code for _, code, _, _ in said(direct)] == ["flow_left_over"]


def test_error_and_timeout_exits_count():
    sound = "a[/AND] -> b, c; b -> d[AND/]; c -> d; d -> end"
    assert check(flow(sound)) == []
    assert only(flow(sound + "; b -> end{error}")).trace == ("a", "b error", "c")
    assert only(flow(sound + "; c -> end{timeout}")).trace == ("a", "b", "c timeout")
    assert 'complete "a", then "b", then "c" (which takes too long)' in only(
        flow(sound + "; c -> end{timeout}")
    ).message.replace("Complete", "complete")
    # What an inclusive join can do without, it doesn't wait for.
    assert check(flow(sound.replace("AND/]", "OR/]") + "; b -> end{error}")) == []


def test_starts_are_an_inclusive_split():
    assert only(flow("start -> a, b{x}; a -> c[AND/]; b -> c; c -> end")).message.startswith('Start with "a"')
    assert check(flow("start -> a, b; a -> c[AND/]; b -> c; c -> end")) == []


def test_conditions_that_contradict_each_other_are_no_two_ways():
    assert check(flow("start -> a{n>5}, b{n<=5}; a -> b; b -> end")) == []
    assert only(flow("start -> a{n>5}, b{n<=6}; a -> b; b -> end")).code == "flow_opens_twice"
    assert check(flow("a[/OR] -> b{n=1}, c{n=2}, d{default}; b -> d; c -> d; d -> end")) == []


def test_a_split_without_a_true_condition_is_no_matter_of_flow():
    assert check(flow("a -> b{x}; b -> end")) == []


def test_what_a_join_hides_is_seen_in_any_order():
    """An inclusive join that opens early, because what is on its way could also come where something is already."""
    definition = flow(
        "start -> s; s[/AND] -> a, b; a -> j[OR/]; b -> c{x}, d{default}; c -> j; d -> a{x}, end{default}; j -> end"
    )
    found = explored(net_of(compile_graph(definition)))
    assert found.decided
    assert not found.plain


def test_a_definition_that_is_none_is_left_to_the_structure_checks():
    assert check(bundle([], [])) == []
    assert check(bundle([task("a"), task("a")], [])) == []


@each("name", FILES)
def test_the_examples_are_sound(name):
    definition = bundle_of(name)
    assert check(definition) == []
    found = explored(net_of(compile_graph(definition)))
    assert (found.sound, found.by) == (True, "shrunk")


# --- the shortest way ---


def test_the_trace_is_a_shortest_one():
    """As many steps as there are on the shortest of all ways to a stuck run, in any order."""
    tried = 0
    for seed in range(400):
        net = net_of(compile_graph(structured(Random(seed), 8, 14)))
        found = explored(net)
        if not found.stuck or not found.plain:
            continue
        whole = explore(net, Budget(20_000, 5), delayed=None)
        if not whole.complete or whole.grows is not None:
            continue
        tried += 1
        _, stuck = whole.ends()
        assert min(len(moves) for _, moves in found.stuck) == min(len(whole.trace(place)) for place in stuck)
    assert tried >= 15


def test_blocks_inside_each_other_shrink_to_nothing():
    for seed in range(100):
        net = net_of(compile_graph(structured(Random(seed), 20, 60, spoilt=0)))
        relation = together(net)
        assert relation is not None
        assert relation.plain
        assert relation.twice() == ([], [])
        assert len(shrink(net, plain=True).graph.tasks) == 0
