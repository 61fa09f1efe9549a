"""Tasks that nobody does: `compute` is played at once, calls wait."""

import pytest

from workflow_ops.models import TaskInstance, WorkflowInstance
from workflow_ops.tests.documents import INCIDENTS, TASKS, flow, form, refused

TWICE = {
    "task_type": "SYNC_ACTION",
    "action": "compute",
    "output_transform": {"n": {"$": {"*": [{"var": "_data.n"}, 2]}}},
    "output_schema": form([], n={"type": "number"}),
}
GIVEN = {"output_schema": form(["n"], n={"type": "number"})}


def give(person, ticket, n):
    return person.post(f"{TASKS}{ticket['open_tasks'][0]['id']}/complete/", {"output": {"n": n}})


def tasks():
    rows = TaskInstance.objects.order_by("number")
    return [(row.task.key, row.status, row.output) for row in rows.select_related("task")]


def test_one_after_another_in_the_same_call(publish, start, will):
    links = [(None, "give"), ("give", "twice"), ("twice", "again"), ("again", "look"), ("look", None)]
    publish(flow("chain", [("give", GIVEN), ("twice", TWICE), ("again", TWICE), "look"], links))
    answer = give(will, start("chain"), 3).json()
    assert [task["task_key"] for task in answer["opened_tasks"]] == ["look"]
    assert tasks() == [
        ("give", "COMPLETED", {"n": 3}),
        ("twice", "COMPLETED", {"n": 6}),
        ("again", "COMPLETED", {"n": 12}),
        ("look", "OPEN", None),
    ]
    run = WorkflowInstance.objects.get()
    assert (run.data, run.tasks_executed) == ({"n": 12}, 3)
    nobody = TaskInstance.objects.get(task__key="twice")
    assert nobody.assignee_id is None


@pytest.fixture
def failed(publish, start, will, tom):
    """A run whose task `twice` has no number to compute with: its incident."""
    links = [(None, "give"), ("give", "twice"), ("twice", None)]
    publish(flow("fails", [("give", GIVEN), ("twice", TWICE)], links))
    answer = give(will, start("fails"), 1e308)
    assert (answer.status_code, answer.json()["ticket"]["status"]) == (200, "ERROR")
    (row,) = tom.get(INCIDENTS).json()["results"]
    return row


def test_a_failure_is_an_incident_that_says_why(failed):
    task = TaskInstance.objects.get(task__key="twice")
    assert (failed["kind"], failed["code"], failed["task"]) == ("ACTION", "error", task.pk)
    assert failed["message"].startswith("Twice: It failed. ")
    assert failed["message"] != "Twice: It failed. "
    assert failed["trace"].startswith("not_finite in output_transform")
    assert task.status == "ERROR"


def test_it_is_computed_again(failed, tom):
    assert tom.post(f"{INCIDENTS}{failed['id']}/retry/").status_code == 200
    (again,) = tom.get(INCIDENTS, {"status": "NEW"}).json()["results"]
    assert (again["task"], again["message"]) == (failed["task"], failed["message"])
    WorkflowInstance.objects.update(data={"n": 4})
    assert tom.post(f"{INCIDENTS}{again['id']}/retry/").status_code == 200
    run = WorkflowInstance.objects.get()
    assert (run.status, run.data) == ("COMPLETED", {"n": 8})
    assert tasks()[1] == ("twice", "COMPLETED", {"n": 8})


def test_it_is_skipped(failed, tom):
    assert tom.post(f"{INCIDENTS}{failed['id']}/skip/", {"output": {"n": 1}}).status_code == 200
    assert (WorkflowInstance.objects.get().status, tasks()[1]) == ("COMPLETED", ("twice", "COMPLETED", {"n": 1}))


def test_an_error_exit_takes_the_place_of_an_incident(publish, start, will, tom):
    links = [
        (None, "give"),
        ("give", "twice"),
        ("twice", None),
        ("twice", "mend", {"on_event": "error"}),
        ("mend", None),
    ]
    publish(flow("exits", [("give", GIVEN), ("twice", TWICE), "mend"], links))
    answer = give(will, start("exits"), 1e308).json()
    assert [task["task_key"] for task in answer["opened_tasks"]] == ["mend"]
    assert answer["ticket"]["status"] == "IN_PROGRESS"
    assert tom.get(INCIDENTS).json()["count"] == 0


def test_output_that_breaks_its_schema(publish, start, will, tom):
    small = {**TWICE, "output_schema": form([], n={"type": "number", "maximum": 5})}
    publish(flow("small", [("give", GIVEN), ("twice", small)], [(None, "give"), ("give", "twice"), ("twice", None)]))
    give(will, start("small"), 3)
    (row,) = tom.get(INCIDENTS).json()["results"]
    assert row["message"].startswith("Twice: It failed. The output is not what it must be: n ")
    assert row["trace"] == 'output_transform gave {"n":6}'
    assert WorkflowInstance.objects.get().data == {"n": 3}


@pytest.mark.parametrize("event", ["completed", "error"])
def test_a_circle_of_computing_ends(publish_unchecked, start, will, tom, event):
    """It would never come to anybody: neither when it succeeds nor when it fails."""
    same = {**TWICE, "output_transform": {"n": {"$": {"var": "_data.n" if event == "completed" else "_data.nothing"}}}}
    round_ = {**same, "output_schema": form(["n"], n={"type": "number"})}
    links = [(None, "give"), ("give", "twice"), ("twice", "twice", {"on_event": event})]
    if event == "error":
        links.append(("twice", None))
    publish_unchecked(flow("circle", [("give", GIVEN), ("twice", round_)], links))
    answer = give(will, start("circle"), 3)
    assert (answer.status_code, answer.json()["ticket"]["status"]) == (200, "ERROR")
    (row,) = tom.get(INCIDENTS).json()["results"]
    assert (row["kind"], row["code"]) == ("ACTION", "runaway")
    assert TaskInstance.objects.count() == 202
    last = TaskInstance.objects.latest("number")
    assert (last.status, row["task"]) == ("ERROR", last.pk)


@pytest.mark.parametrize("kind", ["SYNC_ACTION", "ASYNC_ACTION"])
def test_calls_wait_and_a_ticket_admin_may_do_them(publish, start, will, tom, kind):
    call = {
        "task_type": kind,
        "action_url": "https://shop.example/orders",
        "output_transform": {"n": {"$": {"var": "body.n"}}},
        "output_schema": form(["n"], n={"type": "number"}),
    }
    publish(flow("call", [("call", call)], [(None, "call"), ("call", None)]))
    ticket = start("call")
    (task,) = ticket["open_tasks"]
    assert (task["status"], ticket["status"]) == ("PENDING", "IN_PROGRESS")
    assert will.get(TASKS).json()["count"] == 0
    address = f"{TASKS}{task['id']}/"
    assert refused(will.post(f"{address}claim/")) == (409, "pending")
    assert refused(tom.post(f"{address}assign/", {"user": will.user.pk})) == (409, "pending")
    assert refused(will.post(f"{address}complete/", {"output": {"n": 1}})) == (403, "not_yours")
    assert tom.post(f"{address}complete/", {"output": {}}).status_code == 400
    assert tom.post(f"{address}complete/", {"output": {"n": 1}}).json()["ticket"]["status"] == "COMPLETED"
