"""Tasks that run another workflow and wait for it: what it starts with, what it gives back, what ends both."""

from datetime import timedelta

import pytest
from django.utils import timezone

from core.models import History
from tests.jobs import run_jobs, waiting_jobs
from workflow_design.tests.documents import WORKFLOWS
from workflow_ops.models import Incident, TaskInstance, Ticket, WorkflowInstance
from workflow_ops.services.children import child_go_on, child_lost
from workflow_ops.tests.documents import EXECUTIONS, INCIDENTS, TASKS, TICKETS, flow, form

# Checks a sum, and says what it found; nobody asks for the note.
CHECK = flow(
    "check",
    [("look", {"output_schema": form(["result"], result={"type": "string"}, note={"type": "string"})})],
    [(None, "look"), ("look", None)],
    fields=[{"FieldName": "sum", "FieldType": "integer"}],
)
RUNS = {
    "task_type": "SYNC_ACTION",
    "action": "workflow",
    "input_transform": {"workflow": "check", "data": {"sum": {"$": {"*": [{"var": "amount"}, 2]}}}},
    "output_transform": {"verdict": {"$": {"var": "body.result"}}},
    "output_schema": form(["verdict"], verdict={"type": "string"}),
}


def buying(*links, tasks=(), **values):
    """A workflow whose task `ask` runs the workflow `check`."""
    made = flow(
        "buy",
        [("ask", {**RUNS, **values}), *tasks],
        [(None, "ask"), ("ask", None), *links],
        fields=[{"FieldName": "amount", "FieldType": "integer", "Required": True}],
    )
    made["tickets"][0]["fields"] = {"amount": None}
    return made


@pytest.fixture(scope="module", autouse=True)
def _published(file_publish):
    file_publish(CHECK)
    file_publish(buying())


@pytest.fixture
def buy(publish, start):
    """A ticket whose child run has started."""
    publish(CHECK)
    publish(buying())
    ticket = start("buy", amount=21)
    run_jobs()
    return ticket


def parent():
    return WorkflowInstance.objects.get(workflow__key="buy")


def child():
    return WorkflowInstance.objects.get(workflow__key="check")


def task(key="ask"):
    return TaskInstance.objects.get(task__key=key)


def events(run):
    kind, pk = ("ticket", run.ticket.pk) if hasattr(run, "ticket") else ("execution", run.pk)
    found = History.objects.filter(subject_type=kind, subject_id=pk).order_by("pk")
    return list(found.values_list("event", flat=True))


def look(will, **output):
    """Will does the child's task."""
    answer = will.post(f"{TASKS}{task('look').pk}/complete/", {"output": output or {"result": "fine"}})
    assert answer.status_code == 200, answer.content


def test_the_task_waits_for_the_run_and_takes_what_it_gives(publish, start, will):
    publish(CHECK)
    publish(buying())
    ticket = start("buy", amount=21)
    assert [row["status"] for row in ticket["open_tasks"]] == ["PENDING"]
    assert waiting_jobs() == [{"task": task().pk, "generation": 1}]
    assert WorkflowInstance.objects.count() == 1
    run_jobs()
    assert (child().status, child().input, child().data) == ("IN_PROGRESS", {"sum": 42}, {"sum": 42})
    assert (task().status, task("look").status) == ("PENDING", "OPEN")
    assert (child().parent_id, child().parent_task_id, child().parent_generation) == (parent().pk, task().pk, 1)
    assert (child().depth, child().created_by_id) == (1, parent().created_by_id)
    look(will, result="fine", note="not for the parent")
    assert (child().status, parent().status) == ("COMPLETED", "IN_PROGRESS")
    run_jobs()
    assert (parent().status, parent().data) == ("COMPLETED", {"amount": 21, "verdict": "fine"})
    assert (task().status, task().output) == ("COMPLETED", {"verdict": "fine"})
    assert (WorkflowInstance.objects.count(), Ticket.objects.count(), Incident.objects.count()) == (2, 1, 0)
    assert waiting_jobs() == []
    assert events(parent()) == ["ticket.opened", "child.started", "task.completed"]
    assert events(child()) == ["execution.opened", "task.completed"]


def test_what_an_output_transform_sees(publish, start, will):
    text = {
        "cat": [{"var": "body.sum"}, "|", {"var": "status"}, "|", {"var": "_data.amount"}, "|", {"var": "_task.key"}]
    }
    publish(CHECK)
    publish(buying(output_transform={"verdict": {"$": text}}))
    start("buy", amount=1)
    run_jobs()
    look(will)
    run_jobs()
    assert task().output == {"verdict": "2|200|1|ask"}


def test_without_an_output_transform_its_fields_of_the_same_names_are_taken(publish, start, will):
    publish(CHECK)
    publish(buying(output_transform=None, output_schema=form(["result"], result={"type": "string"})))
    start("buy", amount=1)
    run_jobs()
    look(will, result="fine", note="kept from the parent")
    run_jobs()
    assert (task().output, parent().data) == ({"result": "fine"}, {"amount": 1, "result": "fine"})


def test_it_may_start_with_nothing(publish, start, will):
    publish(CHECK)
    publish(buying(input_transform={"workflow": "check"}))
    start("buy", amount=1)
    run_jobs()
    assert (child().input, child().status) == ({}, "IN_PROGRESS")


def test_jobs_may_run_twice(buy, will):
    for _ in range(2):
        child_go_on(task_id=task().pk, generation=1)
    assert WorkflowInstance.objects.count() == 2
    look(will)
    for _ in range(2):
        child_go_on(task_id=task().pk, generation=1)
    assert events(parent()) == ["ticket.opened", "child.started", "task.completed"]
    child_go_on(task_id=999_999, generation=1)
    child_go_on(task_id=task("look").pk, generation=1)
    assert WorkflowInstance.objects.count() == 2


def test_a_job_that_fails_for_good_stops_its_task(publish, start):
    publish(CHECK)
    publish(buying())
    start("buy", amount=1)
    child_lost(task_id=task().pk, generation=2)
    assert Incident.objects.count() == 0
    child_lost(task_id=task().pk, generation=1)
    stop = Incident.objects.get()
    assert (stop.kind, task().status) == ("TASK_CREATION", "ERROR")
    assert stop.message.endswith("Its workflow could not be run: the server's log says why.")
    run_jobs()
    assert WorkflowInstance.objects.count() == 1


def test_the_newest_version_is_run(publish, start, alice):
    publish(CHECK)
    publish(buying())
    publish({**CHECK, "workflow": {**CHECK["workflow"], "title": "Newer"}})
    start("buy", amount=1)
    run_jobs()
    assert child().version.number == 2


@pytest.mark.parametrize(("call", "word"), [("deactivate", "deactivated"), ("archive", "archived")])
def test_a_workflow_that_takes_no_runs(publish, start, alice, tom, call, word):
    check = publish(CHECK)
    publish(buying())
    assert alice.post(f"{WORKFLOWS}{check}/{call}/").status_code == 200
    ticket = start("buy", amount=1)
    run_jobs()
    stop = Incident.objects.get()
    assert (stop.kind, stop.code, stop.task_instance_id) == ("TASK_CREATION", "error", task().pk)
    assert stop.message.endswith(f'The workflow "check" is {word}: it starts no new runs.')
    assert tom.get(f"{TICKETS}{ticket['id']}/").json()["status"] == "ERROR"
    assert alice.post(f"{WORKFLOWS}{check}/activate/").status_code == 200
    assert tom.post(f"{INCIDENTS}{stop.pk}/retry/").status_code == 200
    run_jobs()
    assert (child().status, child().parent_generation, parent().status) == ("IN_PROGRESS", 2, "IN_PROGRESS")


def test_one_that_is_not_published_takes_the_error_transition(publish, start, alice):
    later = {**CHECK, "workflow": {**CHECK["workflow"], "key": "later"}, "tickets": []}
    assert alice.post("/api/workflow/upload/", later).status_code == 201
    child = {"workflow": "later", "data": {}}
    exits = [("ask", "phone", {"on_event": "error"}), ("phone", None)]
    publish(buying(*exits, tasks=["phone"], input_transform=child))
    start("buy", amount=1)
    run_jobs()
    assert (parent().status, task("phone").status, Incident.objects.count()) == ("IN_PROGRESS", "OPEN", 0)
    assert WorkflowInstance.objects.count() == 1


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ({"sum": "many"}, '"check" can\'t start with this: input.sum'),
        ({"colour": 1}, "input.colour is no field of the workflow"),
        ([1], 'What "check" is to start with is no object.'),
        ({"sum": {"$": {"/": [1, 0]}}}, "What to send can't be made:"),
    ],
)
def test_data_that_the_child_does_not_take(publish, publish_unchecked, start, data, said):
    publish(CHECK)
    publish_unchecked(buying(input_transform={"workflow": "check", "data": data}))
    start("buy", amount=1)
    run_jobs()
    stop = Incident.objects.get()
    assert (stop.kind, said in stop.message) == ("TASK_CREATION", True), stop.message
    assert WorkflowInstance.objects.count() == 1


def test_an_output_that_breaks_its_schema_stops_the_parent(publish, start, will, tom):
    publish(CHECK)
    publish(buying(output_schema=form(["verdict"], verdict={"type": "string", "maxLength": 3})))
    start("buy", amount=1)
    run_jobs()
    look(will)
    run_jobs()
    stop = Incident.objects.get()
    assert (stop.kind, parent().status, child().status) == ("ACTION", "ERROR", "COMPLETED")
    assert tom.post(f"{INCIDENTS}{stop.pk}/skip/", {"output": {"verdict": "ok"}}).status_code == 200
    assert parent().status == "COMPLETED"


def test_cancelling_the_parent_cancels_what_it_runs(buy, uma, will):
    assert uma.post(f"{TICKETS}{buy['id']}/cancel/").status_code == 200
    assert (parent().status, task().status, child().status) == ("CANCELLED", "CANCELLED", "IN_PROGRESS")
    run_jobs()
    assert (child().status, task("look").status) == ("CANCELLED", "CANCELLED")
    assert events(child()) == ["execution.opened", "execution.cancelled"]
    assert events(parent()) == ["ticket.opened", "child.started", "ticket.cancelled"]
    assert will.post(f"{TASKS}{task('look').pk}/complete/", {"output": {"result": "late"}}).status_code == 409
    assert waiting_jobs() == []


def test_a_child_does_not_start_for_a_parent_that_is_cancelled(publish, start, uma):
    publish(CHECK)
    publish(buying())
    ticket = start("buy", amount=1)
    assert uma.post(f"{TICKETS}{ticket['id']}/cancel/").status_code == 200
    run_jobs()
    assert WorkflowInstance.objects.count() == 1


def test_a_cancelled_child_fails_its_task(buy, alice, tom):
    assert alice.post(f"{EXECUTIONS}{child().pk}/cancel/").status_code == 404
    assert tom.post(f"{EXECUTIONS}{child().pk}/cancel/").json()["status"] == "CANCELLED"
    run_jobs()
    stop = Incident.objects.get()
    assert (stop.kind, stop.message) == ("ACTION", f"Ask: It failed. Its run, execution {child().pk}, was cancelled.")
    assert parent().status == "ERROR"
    assert tom.post(f"{INCIDENTS}{stop.pk}/retry/").status_code == 200
    run_jobs()
    runs = WorkflowInstance.objects.filter(workflow__key="check").order_by("pk")
    assert list(runs.values_list("status", "parent_generation")) == [("CANCELLED", 1), ("IN_PROGRESS", 2)]


def test_a_cancelled_child_takes_the_error_transition(publish, start, tom):
    publish(CHECK)
    publish(buying(("ask", "phone", {"on_event": "error"}), ("phone", None), tasks=["phone"]))
    start("buy", amount=1)
    run_jobs()
    tom.post(f"{EXECUTIONS}{child().pk}/cancel/")
    run_jobs()
    assert (parent().status, task().status, task("phone").status) == ("IN_PROGRESS", "COMPLETED", "OPEN")


def test_a_child_that_is_stopped_waits_for_its_repair(publish, publish_unchecked, start, will, tom):
    stuck = {**CHECK, "transitions": [CHECK["transitions"][0], {**CHECK["transitions"][1], "condition": False}]}
    publish_unchecked(stuck)
    publish(buying())
    start("buy", amount=1)
    run_jobs()
    look(will)
    run_jobs()
    assert (child().status, parent().status, task().status) == ("ERROR", "IN_PROGRESS", "PENDING")
    stop = Incident.objects.get()
    assert stop.instance_id == child().pk
    assert tom.post(f"{INCIDENTS}{stop.pk}/skip/", {"output": {"result": "by hand"}}).status_code == 200
    assert child().status == "ERROR"  # no transition is true still
    assert tom.post(f"{EXECUTIONS}{child().pk}/cancel/").status_code == 200
    run_jobs()
    assert (parent().status, Incident.objects.filter(status="NEW").count()) == ("ERROR", 1)


def test_a_repaired_child_completes_its_task(publish, start, will, tom):
    limited = {**CHECK, "workflow": {**CHECK["workflow"], "state_schema": form(["note"])}}
    publish(limited)
    publish(buying())
    start("buy", amount=1)
    run_jobs()
    look(will)
    run_jobs()
    assert (child().status, parent().status) == ("ERROR", "IN_PROGRESS")
    assert tom.post(f"{INCIDENTS}{Incident.objects.get().pk}/skip/", {}).status_code == 200
    run_jobs()
    assert (child().status, parent().status, parent().data["verdict"]) == ("COMPLETED", "COMPLETED", "fine")


def test_too_long_a_run_is_cancelled(publish, start):
    publish(CHECK)
    publish(buying(("ask", "phone", {"on_event": "timeout"}), ("phone", None), tasks=["phone"], timeout_seconds=60))
    start("buy", amount=1)
    run_jobs()
    _time_over()
    assert (task().status, task("phone").status) == ("CANCELLED", "OPEN")
    assert (child().status, parent().status, Incident.objects.count()) == ("CANCELLED", "IN_PROGRESS", 0)


def test_too_long_a_run_without_a_transition_for_it(publish, start, tom):
    publish(CHECK)
    publish(buying(timeout_seconds=60))
    start("buy", amount=1)
    run_jobs()
    _time_over()
    stop = Incident.objects.get()
    assert (stop.code, parent().status, child().status) == ("timeout", "ERROR", "CANCELLED")
    assert tom.post(f"{INCIDENTS}{stop.pk}/retry/").status_code == 200
    # What the first run came to is nothing to the task that is begun anew.
    child_go_on(task_id=task().pk, generation=1)
    assert (task().status, task().generation) == ("PENDING", 2)
    run_jobs()
    assert WorkflowInstance.objects.filter(workflow__key="check", status="IN_PROGRESS").count() == 1


def _time_over():
    now = timezone.now()
    TaskInstance.objects.filter(task__key="ask").update(due_at=now)
    run_jobs(now=now + timedelta(seconds=61))


def test_done_by_hand_its_run_is_cancelled(buy, tom):
    answer = tom.post(f"{TASKS}{task().pk}/complete/", {"output": {"verdict": "by hand"}})
    assert (answer.status_code, answer.json()["ticket"]["status"]) == (200, "COMPLETED")
    run_jobs()
    assert (child().status, parent().data["verdict"]) == ("CANCELLED", "by hand")


def test_on_hold_the_run_goes_on_and_what_it_gives_is_kept(buy, tom, will):
    assert tom.post(f"{TICKETS}{buy['id']}/hold/").status_code == 200
    look(will)
    run_jobs()
    assert (child().status, parent().status, task().status) == ("COMPLETED", "ON_HOLD", "PENDING")
    assert tom.post(f"{TICKETS}{buy['id']}/resume/").status_code == 200
    run_jobs()
    assert (parent().status, parent().data["verdict"]) == ("COMPLETED", "fine")


def test_on_hold_nothing_is_started(publish, start, tom):
    publish(CHECK)
    publish(buying())
    ticket = start("buy", amount=1)
    tom.post(f"{TICKETS}{ticket['id']}/hold/")
    run_jobs()
    assert WorkflowInstance.objects.count() == 1
    tom.post(f"{TICKETS}{ticket['id']}/resume/")
    run_jobs()
    assert WorkflowInstance.objects.count() == 2


def test_a_run_of_computed_tasks_completes_its_task(publish, start):
    compute = {
        "task_type": "SYNC_ACTION",
        "action": "compute",
        "output_transform": {"result": {"$": {"cat": ["sum ", {"var": "_data.sum"}]}}},
        "output_schema": form(["result"], result={"type": "string"}),
    }
    publish(flow("check", [("look", compute)], [], fields=CHECK["workflow"]["fields"]))
    publish(buying())
    start("buy", amount=4)
    run_jobs()
    assert (parent().status, parent().data["verdict"]) == ("COMPLETED", "sum 8")
