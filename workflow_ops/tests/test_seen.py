"""A completion looks at the task and its run without a lock, and writes only where nothing has changed since."""

from threading import Event as Happened

import pytest
from django.db import connection, transaction
from django_tenants.utils import tenant_context

from core.errors import Refused
from core.models import History
from tests.parallel import at_once
from tests.people import person
from users.models import CompanyRole
from workflow_design.kernel.engine import Event
from workflow_design.services.upload import Options, upload
from workflow_ops.models import TaskInstance, TaskStatus, WorkflowInstance
from workflow_ops.services.notes import Note
from workflow_ops.services.running import see_task
from workflow_ops.services.stepping import advance_seen
from workflow_ops.services.tasks import task_claim, task_complete
from workflow_ops.services.tickets import run_cancel, run_hold, ticket_open
from workflow_ops.tests.documents import TASKS, TICKETS, flow

BOTH = flow(
    "both", [("begin", {"split": "parallel"}), "one", "two"], [(None, "begin"), ("begin", "one"), ("begin", "two")]
)
OUTPUT = {"priority": 1}


@pytest.fixture
def ticket(ask, will, tom):
    will.user.company_roles.add(CompanyRole.objects.create(name="first level"))
    return ask()


def first_task(ticket):
    return ticket["open_tasks"][0]["id"]


def write(seen, user, output=OUTPUT):
    event = Event("completed", seen.work.number, output, assignee=user.pk)
    note = Note(seen.run, "task.completed", task=seen.work.key, id=seen.work.id)
    return advance_seen(seen, event, user=user, note=note, output=output, shown=shown)


def shown(run, numbers):
    return "SELECT id, number FROM task_instances WHERE instance_id = %s AND number = ANY(%s)", [run, numbers]


def rows():
    """All that a step writes, as it stands."""
    return [list(model.objects.order_by("pk").values()) for model in (WorkflowInstance, TaskInstance, History)]


def test_what_is_as_it_was_is_written(ticket, will):
    (done, _), (opened, _) = write(see_task(first_task(ticket), will.user), will.user)
    assert done == first_task(ticket)
    shown = will.get(f"{TASKS}{opened}/").json()
    assert (shown["task_key"], shown["status"], shown["ticket"]) == ("answer", "OPEN", ticket["id"])
    assert TaskInstance.objects.get(pk=first_task(ticket)).status == TaskStatus.COMPLETED
    assert History.objects.filter(event="task.completed").count() == 1


MEANWHILE = {
    "claimed": lambda ask: ask("will", "task", "claim"),
    "saved": lambda ask: ask("will", "task", "save", {"output": {"priority": 3}}),
    "completed": lambda ask: ask("will", "task", "complete", {"output": {"priority": 0}}),
    "held": lambda ask: ask("tom", "ticket", "hold"),
    "held and resumed": lambda ask: [ask("tom", "ticket", "hold"), ask("tom", "ticket", "resume")],
    "cancelled": lambda ask: ask("tom", "ticket", "cancel"),
}


@pytest.mark.parametrize("what", MEANWHILE)
def test_what_has_changed_since_is_not(what, ticket, will, tom):
    people, places = (
        {"will": will, "tom": tom},
        {"task": f"{TASKS}{first_task(ticket)}/", "ticket": f"{TICKETS}{ticket['id']}/"},
    )

    def ask(who, where, name, body=None):
        assert people[who].post(f"{places[where]}{name}/", body).status_code == 200

    seen = see_task(first_task(ticket), will.user)
    MEANWHILE[what](ask)
    before = rows()
    assert write(seen, will.user) is None
    assert rows() == before


def test_another_task_of_the_run_was_done_since(publish, start, will):
    publish(BOTH)
    begun = will.post(f"{TASKS}{first_task(start('both'))}/complete/", {"output": {}}).json()
    one, two = (task["id"] for task in begun["opened_tasks"])
    seen = see_task(two, will.user)
    with transaction.atomic():  # as in production: what one transaction writes twice counts as one change
        assert will.post(f"{TASKS}{one}/complete/", {"output": {}}).status_code == 200
    before = rows()
    assert write(seen, will.user, {}) is None
    assert rows() == before
    assert will.post(f"{TASKS}{two}/complete/", {"output": {}}).json()["ticket"]["status"] == "COMPLETED"


def test_whose_turn_it_is_is_asked_under_the_lock(publish, start, will):
    publish(flow("turns", ["one", ("two", {"assignment_policy": "round_robin"})], [(None, "one"), ("one", "two")]))
    seen = see_task(first_task(start("turns")), will.user)
    before = rows()
    assert write(seen, will.user, {}) is None
    assert rows() == before


@pytest.fixture
def office(own_database, acme):
    """(a worker, another, a ticket admin, a run, its first task), committed."""
    with tenant_context(acme):
        document = flow("plain", ["one", "two"], [(None, "one"), ("one", "two"), ("two", None)])
        alice = person("workflow_creator", acme)
        upload(user=alice, document=document, options=Options(publish=True, accept_unproved=True))
        ticket = ticket_open(user=person("user", acme), ticket_definition="plain", data={})
        task = TaskInstance.objects.get(instance=ticket.instance_id)
        people = person("task_worker", acme), person(("task_worker", "user"), acme), person("ticket_admin", acme)
    return *people, ticket.instance_id, task.pk


def waited_for():
    """Whether somebody waits for a lock of ours."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted")
        return cursor.fetchone()[0] > 0


@pytest.mark.parametrize(
    ("first", "then", "refusal", "told"),
    [
        ("claim", "complete", (403, "not_yours"), "task.claimed"),
        ("hold", "complete", (409, "on_hold"), "ticket.held"),
        ("cancel", "complete", (409, "task_cancelled"), "ticket.cancelled"),
        # By the lock that all others ask for before they look.
        ("claim", "claim anew", (409, "claimed"), "task.claimed"),
    ],
)
def test_who_was_first_is_waited_for(first, then, refusal, told, office, acme):
    will, wanda, tom, run, task = office
    acts = {
        "claim": lambda: task_claim(user=wanda, task_id=task),
        "hold": lambda: run_hold(user=tom, instance_id=run),
        "cancel": lambda: run_cancel(user=tom, instance_id=run),
        "complete": lambda: task_complete(user=will, task_id=task, output={}),
        "claim anew": lambda: task_claim(user=will, task_id=task),
    }
    acted = Happened()

    def act(number):
        with tenant_context(acme):
            if number:
                assert acted.wait(20)
                return acts[then]()
            with transaction.atomic():
                acts[first]()
                acted.set()
                return any(waited_for() or Happened().wait(0.02) for _ in range(1000))

    waited, refused = at_once(2, act)
    assert waited is True
    assert isinstance(refused, Refused), refused
    assert (refused.status, refused.faults[0].code) == refusal
    with tenant_context(acme):
        assert TaskInstance.objects.count() == 1
        assert list(History.objects.order_by("pk").values_list("event", flat=True))[-1] == told
