"""Tasks whose time runs out."""

from datetime import timedelta

import pytest
from django.utils import timezone

from core.models import History
from tests.jobs import Outcome, run_jobs, waiting_jobs
from workflow_ops.models import ActionAttempt, Incident, TaskInstance, WorkflowInstance
from workflow_ops.tests.callbacks import Caller
from workflow_ops.tests.documents import INCIDENTS, TASKS, TICKETS, flow, form, refused
from workflow_ops.tests.test_callbacks import CHECK, DONE

HOUR = timedelta(hours=1)
REMIND = [("ask", "remind", {"on_event": "timeout"}), ("remind", None)]
TIMER = "tasks.time_out"


@pytest.fixture
def nobody(api):
    """Calls without a token."""
    return api(None)


@pytest.fixture
def asked(publish, start):
    """A ticket whose form has an hour; then somebody is to remind."""
    publish(flow("ask", [("ask", {"due_in_seconds": 3600}), "remind"], [(None, "ask"), ("ask", None), *REMIND]))
    return start("ask")


def task(key="ask"):
    return TaskInstance.objects.get(task__key=key)


def run():
    return WorkflowInstance.objects.get()


def due_now(key="ask"):
    TaskInstance.objects.filter(task__key=key).update(due_at=timezone.now())


def later():
    return run_jobs(now=timezone.now() + timedelta(days=30))


def events():
    return list(History.objects.filter(subject_type="ticket").order_by("pk").values_list("event", flat=True))


def test_a_form_that_nobody_does_in_time(asked):
    assert waiting_jobs() == [{"task": task().pk}]
    assert run_jobs() == []
    due_now()
    assert [(job.job.name, job.outcome) for job in later()] == [(TIMER, Outcome.DONE)]
    assert (task().status, task("remind").status, run().status) == ("CANCELLED", "OPEN", "IN_PROGRESS")
    assert events() == ["ticket.opened", "task.timed_out"]
    assert waiting_jobs() == []


def test_it_fires_at_its_time_and_not_before(asked):
    (early,) = later()
    assert early.outcome == Outcome.LATER
    assert 3590 < early.seconds <= 3600
    assert task().status == "OPEN"
    assert waiting_jobs() == [{"task": task().pk}]


def test_it_fires_once(asked):
    from workflow_ops.services.timers import task_time_out

    due_now()
    for _ in range(3):
        task_time_out(task_id=task().pk)
    assert TaskInstance.objects.count() == 2
    assert events() == ["ticket.opened", "task.timed_out"]


def test_claimed_work_is_cancelled_too(asked, will):
    will.post(f"{TASKS}{task().pk}/claim/")
    due_now()
    later()
    assert task().status == "CANCELLED"
    assert refused(will.post(f"{TASKS}{task().pk}/complete/", {"output": {}})) == (409, "task_cancelled")


def test_work_done_in_time(asked, will):
    assert will.post(f"{TASKS}{task().pk}/complete/", {"output": {}}).status_code == 200
    due_now()
    assert [job.outcome for job in later()] == [Outcome.DONE]
    assert (task().status, run().status, TaskInstance.objects.count()) == ("COMPLETED", "COMPLETED", 1)
    assert events() == ["ticket.opened", "task.completed"]


def test_a_cancelled_ticket(asked, uma):
    uma.post(f"{TICKETS}{asked['id']}/cancel/")
    due_now()
    later()
    assert events() == ["ticket.opened", "ticket.cancelled"]


def test_a_form_without_a_timeout_transition_is_overdue_and_no_more(publish, start, tom):
    publish(flow("ask", [("ask", {"due_in_seconds": 3600})], [(None, "ask"), ("ask", None)]))
    start("ask")
    assert waiting_jobs() == []
    due_now()
    assert [row["id"] for row in tom.get(TASKS, {"overdue": "true"}).json()["results"]] == [task().pk]


def test_on_hold_clocks_stand_still(asked, tom):
    address = f"{TICKETS}{asked['id']}/"
    due = task().due_at
    tom.post(f"{address}hold/")
    due_now()
    assert [job.outcome for job in later()] == [Outcome.DONE]
    assert (task().status, run().status) == ("OPEN", "ON_HOLD")
    TaskInstance.objects.filter(task__key="ask").update(due_at=due)
    WorkflowInstance.objects.update(held_at=timezone.now() - HOUR)
    assert tom.post(f"{address}resume/").status_code == 200
    assert timedelta(0) <= task().due_at - due - HOUR < timedelta(seconds=5)
    assert waiting_jobs(TIMER) == [{"task": task().pk}]
    due_now()
    later()
    assert (task().status, task("remind").status) == ("CANCELLED", "OPEN")


def test_several_holds_lose_no_timer(asked, tom):
    address = f"{TICKETS}{asked['id']}/"
    for _ in range(3):
        tom.post(f"{address}hold/")
        tom.post(f"{address}resume/")
    tom.post(f"{address}hold/")
    later()
    tom.post(f"{address}resume/")
    due_now()
    later()
    assert (task().status, TaskInstance.objects.count()) == ("CANCELLED", 2)


@pytest.fixture
def check(publish, start, outside):
    """A call with a callback that may take an hour, heard by the other side."""

    def check(*more_links, tasks=()):
        call = ("check", {**CHECK, "action_url": outside.url})
        publish(flow("check", [call, *tasks], [(None, "check"), ("check", None), *more_links]))
        start("check")
        run_jobs()
        return Caller(outside.calls[0])

    return check


def test_a_callback_that_does_not_come(check, nobody):
    caller = check(("check", "ring", {"on_event": "timeout"}), ("ring", None), tasks=["ring"])
    assert waiting_jobs() == [{"task": task("check").pk}]
    due_now("check")
    later()
    assert (task("check").status, task("ring").status) == ("CANCELLED", "OPEN")
    assert refused(caller.deliver(nobody, DONE)) == (409, "task_closed")
    assert events()[-2:] == ["task.timed_out", "callback.late"]


def test_without_a_timeout_transition_it_is_an_incident(check, nobody, tom):
    caller = check()
    due_now("check")
    later()
    (row,) = tom.get(INCIDENTS).json()["results"]
    assert (row["kind"], row["code"], row["message"]) == ("ACTION", "timeout", "Check: It took longer than it may.")
    assert (task("check").status, run().status) == ("ERROR", "ERROR")
    assert refused(caller.deliver(nobody, DONE)) == (409, "task_closed")


def test_a_retry_has_all_the_time_again(check, nobody, tom, outside):
    check()
    due_now("check")
    later()
    assert tom.post(f"{INCIDENTS}{Incident.objects.get().pk}/retry/").status_code == 200
    assert timedelta(minutes=59) < task("check").due_at - timezone.now() <= HOUR
    assert (waiting_jobs(TIMER), waiting_jobs("actions.call")) == (
        [{"task": task("check").pk}],
        [{"task": task("check").pk, "generation": 2}],
    )
    run_jobs()
    assert Caller(outside.calls[1]).deliver(nobody, DONE).status_code == 204
    due_now("check")
    later()
    assert (run().status, run().data) == ("COMPLETED", {"result": "clear"})


def test_time_that_runs_out_during_the_call(publish, start, outside):
    from workflow_ops.services import calls
    from workflow_ops.services.attempts import send

    exits = [("check", "ring", {"on_event": "timeout"}), ("ring", None)]
    call = ("check", {**CHECK, "action_url": outside.url})
    publish(flow("check", [call, "ring"], [(None, "check"), ("check", None), *exits]))
    start("check")
    claimed = calls.action_claim(task_id=task("check").pk, generation=1)
    due_now("check")
    later()
    calls.action_record(claimed, send(claimed.call))
    assert (task("check").status, ActionAttempt.objects.get().status) == ("CANCELLED", "LATE")
    assert events() == ["ticket.opened", "task.timed_out", "action.late"]


def test_a_loop_of_reminders(publish, start):
    """Each time around it is a task of its own, with a clock of its own."""
    links = [(None, "ask"), ("ask", None), ("ask", "ask", {"on_event": "timeout"})]
    publish(flow("ask", [("ask", {"due_in_seconds": 60, "output_schema": form([])})], links))
    start("ask")
    for count in (2, 3, 4):
        TaskInstance.objects.update(due_at=timezone.now())
        later()
        assert TaskInstance.objects.count() == count
    assert list(TaskInstance.objects.order_by("pk").values_list("status", flat=True)) == ["CANCELLED"] * 3 + ["OPEN"]
    assert len(waiting_jobs(TIMER)) == 1
