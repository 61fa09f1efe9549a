"""Pattern 22: a workflow whose task runs the workflow itself, over HTTP with a worker; how deep, and how it ends."""

import pytest

from tests.jobs import run_jobs
from workflow_design.kernel import limits
from workflow_ops.models import Incident, TaskInstance, WorkflowInstance
from workflow_ops.tests.documents import INCIDENTS, TASKS, TICKETS, flow, form

INTEGER = {"type": "integer"}
LEFT = {">": [{"var": "d"}, 0]}


def tree(*links, **values):
    """W: a[·/XOR]→r{d>0},b; r runs W(d-1), and says how many runs there were below."""
    runs = {
        "task_type": "SYNC_ACTION",
        "action": "workflow",
        "input_transform": {"workflow": "tree", "data": {"d": {"$": {"-": [{"var": "d"}, 1]}}}},
        "output_transform": {"below": {"$": {"+": [{"if": [{"var": "body.below"}, {"var": "body.below"}, 0]}, 1]}}},
        "output_schema": form(["below"], below=INTEGER),
    }
    made = flow(
        "tree",
        ["a", ("r", {**runs, **values}), "b"],
        [
            (None, "a"),
            ("a", "r", {"condition": LEFT}),
            ("a", "b", {"is_default": True}),
            ("r", None),
            ("b", None),
            *links,
        ],
        fields=[{"FieldName": "d", "FieldType": "integer", "Required": True}],
    )
    made["tickets"][0]["fields"] = {"d": None}
    return made


@pytest.fixture(scope="module", autouse=True)
def _published(file_publish):
    file_publish(tree())


@pytest.fixture
def do(will):
    """`do("a")`: Will completes the newest open task of this key."""

    def do(key):
        pk = TaskInstance.objects.filter(task__key=key, status="OPEN").latest("pk").pk
        answer = will.post(f"{TASKS}{pk}/complete/", {"output": {}})
        assert answer.status_code == 200, answer.content
        run_jobs()

    return do


def runs():
    return list(WorkflowInstance.objects.order_by("pk").values_list("depth", "status"))


def undone():
    rows = TaskInstance.objects.filter(status__in=("OPEN", "IN_PROGRESS", "PENDING")).order_by("pk")
    return [f"{row.task.key}{row.instance.depth}" for row in rows.select_related("task", "instance")]


def test_pattern_22(publish, start, do, tom):
    publish(tree())
    ticket = start("tree", d=2)
    assert undone() == ["a0"]
    do("a")
    assert undone() == ["r0", "a1"]
    do("a")
    assert undone() == ["r0", "r1", "a2"]
    do("a")
    assert undone() == ["r0", "r1", "b2"]
    assert runs() == [(0, "IN_PROGRESS"), (1, "IN_PROGRESS"), (2, "IN_PROGRESS")]
    do("b")
    assert undone() == []
    assert runs() == [(0, "COMPLETED"), (1, "COMPLETED"), (2, "COMPLETED")]
    seen = tom.get(f"{TICKETS}{ticket['id']}/").json()
    assert (seen["status"], seen["data"]) == ("COMPLETED", {"d": 2, "below": 2})
    assert (tom.get(TICKETS).json()["count"], Incident.objects.count()) == (1, 0)


def test_with_no_depth_there_is_one_run(publish, start, do):
    publish(tree())
    start("tree", d=0)
    do("a")
    do("b")
    assert runs() == [(0, "COMPLETED")]


def test_cancelling_the_first_cancels_all(publish, start, do, uma):
    publish(tree())
    ticket = start("tree", d=3)
    for _ in range(3):
        do("a")
    assert undone() == ["r0", "r1", "r2", "a3"]
    assert uma.post(f"{TICKETS}{ticket['id']}/cancel/").status_code == 200
    run_jobs()
    assert (undone(), {status for _, status in runs()}) == ([], {"CANCELLED"})


def test_eleven_deep_is_an_incident(publish, start, do, tom):
    publish(tree())
    start("tree", d=11)
    for _ in range(11):
        do("a")
    assert [depth for depth, _ in runs()] == list(range(11))
    stop = Incident.objects.get()
    assert (stop.kind, stop.instance.depth) == ("TASK_CREATION", 10)
    assert stop.message == ('R: It failed. Runs have started one another 10 deep: "tree" is not run any deeper.')
    assert tom.post(f"{INCIDENTS}{stop.pk}/skip/", {"output": {"below": 0}}).status_code == 200
    run_jobs()
    assert {status for _, status in runs()} == {"COMPLETED"}
    assert WorkflowInstance.objects.get(depth=0).data == {"d": 11, "below": 10}


def test_no_more_than_so_many_below_the_first(publish, start, monkeypatch):
    monkeypatch.setattr(limits, "MAX_RUNS_BELOW", 6)
    again = {"task_type": "SYNC_ACTION", "action": "workflow", "input_transform": {"workflow": "wide"}}
    keys = ("r1", "r2")
    publish(
        flow(
            "wide",
            [("a", {"task_type": "SYNC_ACTION", "action": "compute", "output_transform": {}, "split": "parallel"})]
            + [(key, again) for key in keys],
            [(None, "a"), *(("a", key) for key in keys), *((key, None, {"on_event": "error"}) for key in keys)],
        )
    )
    start("wide")
    start("wide")
    run_jobs()
    # Two trees of seven each; all ended by the error transitions of what was not run.
    assert len(runs()) == 14
    assert {status for _, status in runs()} == {"COMPLETED"}


def test_eleven_deep_takes_the_error_transition(publish, start, do):
    publish(tree(("r", "b", {"on_event": "error"})))
    start("tree", d=11)
    for _ in range(11):
        do("a")
    assert (undone()[-1], Incident.objects.count()) == ("b10", 0)
    do("b")
    assert {status for _, status in runs()} == {"COMPLETED"}
