"""Real worker processes that are killed, or stopped past their lease, at a known point of a call."""

import json
import select
import signal
import socket
import threading
from collections import Counter
from contextlib import ExitStack, contextmanager

import psycopg
import pytest
from psycopg import sql

from core.db import connection
from core.http_client import client
from core.models import Actor, History
from tenants import workers
from tenants.services import company_resume, company_suspend
from tests.jobs import Outcome, run_jobs
from tests.line import Line
from tests.receiver import Receiver, http_answer
from tests.workers import Workers, until
from workflow_ops.models import ActionAttempt, TaskInstance, WorkflowInstance
from workflow_ops.tests.documents import TICKETS, flow, form

SECONDS = 30
POINTS = ("before", "during", "after")
PUBLISH = {"publish": "true"}


def document(url):
    sent = {name: {"$": {"var": name}} for name in ("point", "company")}
    call = {
        "task_type": "SYNC_ACTION",
        "action_url": url,
        "input_transform": sent,
        "output_transform": {"order": {"$": {"var": "body.order"}}},
        "output_schema": form(["order"], order={"type": "string"}),
    }
    fields = [{"FieldName": name, "FieldType": "string"} for name in sent]
    made = flow("shop", [("call", call)], [(None, "call"), ("call", None)], fields=fields)
    made["tickets"][0]["fields"] = dict.fromkeys(sent)
    return made


class Shop:
    """The system outside. The first call of a point that is `held` is answered when that is set."""

    def __init__(self, receiver):
        self.calls = []
        self.held = {"during": threading.Event(), "after": threading.Event()}
        self._receiver = receiver
        receiver.answer = self._answer

    @property
    def host(self):
        return f"127.0.0.1:{self._receiver.port}"

    def counted(self):
        """How often each was called for: (company, point)."""
        return Counter((call["company"], call["point"]) for _, call in self.calls)

    def _answer(self, received):
        about = json.loads(received.body)
        self.calls.append((received.headers["idempotency-key"], about))
        first = self.counted()[about["company"], about["point"]] == 1
        if first and about["point"] in self.held:
            self.held[about["point"]].wait(SECONDS)
        order = f"{about['company']} {about['point']}{'' if first else ' again'}"
        return http_answer(body=json.dumps({"order": order}).encode(), headers={"Content-Type": "application/json"})


@pytest.fixture
def shop():
    with Receiver() as receiver:
        shop = Shop(receiver)
        yield shop
        for event in shop.held.values():
            event.set()


@pytest.fixture
def worker(own_database, tmp_path, shop):
    """`worker()` starts a worker process for actions on the own database; its arguments and environment may be added
    to."""
    with Workers(own_database.url, tmp_path) as running:
        usual = {"ALLOWED_PRIVATE_HOSTS": shop.host}
        yield lambda *more, **env: running.start("--queues", "actions", *more, **{**usual, **env})


@pytest.fixture
def order(own_database, api, shop):
    """`order(acme, "during")`: a ticket of this company, whose call is to be made."""
    published = set()

    def order(company, point, host=None):
        if company.slug not in published:
            published.add(company.slug)
            made = api("workflow_creator", company).post(
                "/api/workflow/upload/", document(f"http://{host or shop.host}/orders"), query=PUBLISH
            )
            assert made.status_code == 201, made.content
        data = {"point": point, "company": company.slug}
        made = api("user", company).post(TICKETS, {"ticket_definition": "shop", "data": data})
        assert made.status_code == 201, made.content

    return order


@pytest.fixture
def rows(own_database):
    """Statements on a connection of their own, in one transaction until `rollback`."""
    with psycopg.connect(own_database.url) as other:
        yield other
        other.rollback()


def hold(rows, company, point):
    """Lock the runs of this point; an error where somebody has them already."""
    statement = "SELECT id FROM {}.workflow_instances WHERE data ->> 'point' = %s FOR UPDATE NOWAIT"
    assert len(rows.execute(sql.SQL(statement).format(sql.Identifier(company.schema_name)), [point]).fetchall()) == 1


def waiting():
    """How many of the others' statements wait for a lock."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
        )
        return cursor.fetchone()[0]


def attempts():
    """(point, number, status) in order."""
    found = ActionAttempt.objects.order_by("task_instance", "number")
    return [(row.task_instance.instance.data["point"], row.number, row.status) for row in found]


def leases_over():
    """As if the workers that are there had given no sign of life for long: no test waits for so long."""
    with connection.cursor() as cursor:
        cursor.execute("UPDATE action_attempts SET lease_until = now() WHERE status = 'RUNNING'")
        cursor.execute("UPDATE procrastinate_workers SET last_heartbeat = '-infinity'")


def done():
    """What the runs of the connection's company have ordered, when all of them are completed."""
    runs = list(WorkflowInstance.objects.order_by("pk"))
    return all(run.status == "COMPLETED" for run in runs) and [(run.data["point"], run.data["order"]) for run in runs]


def events():
    return Counter(History.objects.filter(subject_type="ticket").values_list("event", flat=True))


def test_killed_with_lots_of_two_companies(acme, globex, in_company, order, worker, shop, rows):
    """In two companies at once; another worker does what is left to do, each in its own company."""
    companies = (acme, globex)
    for point in POINTS:
        for company in companies:
            order(company, point)
    for company in companies:
        hold(rows, company, "before")
    first = worker()
    called = {(company.slug, point): 1 for company in companies for point in ("during", "after")}
    until(lambda: shop.counted() == called)
    # No transaction is open during a call, or these were somebody's already.
    for company in companies:
        hold(rows, company, "after")
    shop.held["after"].set()
    until(lambda: waiting() == 4)
    first.kill()
    rows.rollback()
    for company in companies:
        with in_company(company):
            assert attempts() == [("during", 1, "RUNNING"), ("after", 1, "RUNNING")]
            leases_over()
    shop.held["during"].set()
    second = worker()
    for company in companies:
        with in_company(company):
            name = company.slug
            assert until(done) == [
                ("before", f"{name} before"),
                ("during", f"{name} during again"),
                ("after", f"{name} after again"),
            ]
            assert attempts() == [
                *[("before", 1, "SUCCEEDED")],
                *[("during", 1, "ABANDONED"), ("during", 2, "SUCCEEDED")],
                *[("after", 1, "ABANDONED"), ("after", 2, "SUCCEEDED")],
            ]
            assert events() == {"ticket.opened": 3, "task.completed": 3}
            assert {run.data["company"] for run in WorkflowInstance.objects.all()} == {name}
    times = {"before": 1, "during": 2, "after": 2}
    assert shop.counted() == {(company.slug, point): times[point] for company in companies for point in POINTS}
    keys = {(key, about["company"], about["point"]) for key, about in shop.calls}
    assert len(keys) == len({key for key, _, _ in keys}) == 6
    assert second.stop() == 0


@contextmanager
def deaf():
    """A port to which nobody gets through: those who have not been let in yet are as many as may wait."""
    with ExitStack() as stack:
        listening = stack.enter_context(socket.create_server(("127.0.0.1", 0), backlog=0))
        port = listening.getsockname()[1]
        for _ in range(16):
            one = stack.enter_context(socket.socket())
            one.setblocking(False)
            one.connect_ex(("127.0.0.1", port))
            if not select.select([], [one], [], 0.3)[1]:
                break
        else:
            pytest.skip("This system lets in whoever comes.")
        yield port


def finish(settings, shop, point):
    """What is left of one action when its worker is gone, done by another one; everything that there is of it then."""
    settings.ALLOWED_PRIVATE_HOSTS = [shop.host]
    leases_over()
    with connection.cursor() as cursor:  # what workers do by themselves
        cursor.execute("DELETE FROM procrastinate_jobs WHERE queue_name <> 'actions'")
    assert workers.rescue(60) == 1
    try:
        assert [job.outcome for job in run_jobs()] == [Outcome.DONE]
    finally:
        client.close()
    assert attempts() == [(point, 1, "ABANDONED"), (point, 2, "SUCCEEDED")]
    assert events() == {"ticket.opened": 1, "task.completed": 1}
    assert [(task.status, task.generation) for task in TaskInstance.objects.all()] == [("COMPLETED", 1)]
    assert WorkflowInstance.objects.get().tasks_executed == 1
    assert len({key for key, _ in shop.calls}) == 1
    assert run_jobs() == []


def test_killed_before_its_call(acme_db, order, worker, settings):
    """The attempt is there; the call has not gone out."""
    with deaf() as port:
        host = f"127.0.0.1:{port}"
        order(acme_db, "before", host)
        process = worker(ALLOWED_PRIVATE_HOSTS=host)
        until(lambda: attempts() == [("before", 1, "RUNNING")])
        process.kill()
    with Receiver(port=port) as receiver:
        shop = Shop(receiver)
        finish(settings, shop, "before")
        assert (len(shop.calls), done()) == (1, [("before", "acme before")])


def test_killed_during_its_call(acme_db, order, worker, shop, settings):
    """The call came, and is not answered."""
    order(acme_db, "during")
    process = worker()
    until(lambda: shop.calls)
    process.kill()
    assert (len(shop.calls), attempts()) == (1, [("during", 1, "RUNNING")])
    finish(settings, shop, "during")
    assert (len(shop.calls), done()) == (2, [("during", "acme during again")])


def test_killed_after_its_call(acme_db, order, worker, shop, rows, settings):
    """The answer came, and is not committed: the step waits for its run."""
    order(acme_db, "after")
    process = worker()
    until(lambda: shop.calls)
    hold(rows, acme_db, "after")
    shop.held["after"].set()
    until(lambda: waiting() == 1)
    process.kill()
    rows.rollback()
    assert (len(shop.calls), attempts()) == (1, [("after", 1, "RUNNING")])
    finish(settings, shop, "after")
    assert (len(shop.calls), done()) == (2, [("after", "acme after again")])


def test_a_call_that_takes_long_holds_no_others_back(acme_db, order, worker, shop):
    """It was taken together with others: they are recorded, and their places are free for the next."""
    quick = [f"quick {number}" for number in range(7)]
    for point in ("during", *quick):
        order(acme_db, point)
    process = worker("--concurrency", "4")
    until(lambda: sorted(run.data["point"] for run in WorkflowInstance.objects.filter(status="COMPLETED")) == quick)
    assert shop.counted() == {("acme", point): 1 for point in ("during", *quick)}
    shop.held["during"].set()
    assert until(done)[0] == ("during", "acme during")
    assert (process.stop(), len(shop.calls)) == (0, 8)


def test_the_result_of_a_worker_that_was_stopped_past_its_lease_is_refused(acme_db, order, worker, shop):
    order(acme_db, "during")
    first = worker()
    until(lambda: shop.calls)
    first.freeze()
    leases_over()
    second = worker()
    assert until(done) == [("during", "acme during again")]
    shop.held["during"].set()
    first.process.send_signal(signal.SIGCONT)
    until(lambda: attempts() == [("during", 1, "LATE"), ("during", 2, "SUCCEEDED")])
    assert done() == [("during", "acme during again")]
    assert events() == {"ticket.opened": 1, "task.completed": 1, "action.late": 1}
    assert (first.stop(), second.stop(), len(shop.calls)) == (0, 0, 2)


def test_a_suspended_companys_calls_are_parked(acme, globex, in_company, order, worker, shop):
    for company in (acme, globex):
        order(company, "before")
    company_suspend(company=acme, actor=Actor())
    process = worker()
    with in_company(globex):
        until(done)
    with connection.cursor() as cursor:
        parked = (
            "FROM procrastinate_jobs WHERE status = 'todo' AND attempts = 1 AND task_name = 'actions.call'"
            " AND scheduled_at > now() + interval '50 seconds'"
        )
        until(lambda: cursor.execute(f"SELECT 1 {parked}").fetchone())
        with in_company(acme):
            assert (attempts(), events()) == ([], {"ticket.opened": 1})
        assert shop.counted() == {("globex", "before"): 1}
        company_resume(company=acme, actor=Actor())
        cursor.execute("UPDATE procrastinate_jobs SET scheduled_at = now() WHERE task_name = 'actions.call'")
    with in_company(acme):
        assert until(done) == [("before", "acme before")]
    assert process.stop() == 0


def test_what_was_answered_while_the_database_was_away_is_recorded(own_database, acme_db, order, worker, shop):
    """Nobody is called again for it."""
    line = Line(own_database.url)
    order(acme_db, "during")
    process = worker(DATABASE_URL=line.url)
    until(lambda: shop.calls)
    line.cut()
    shop.held["during"].set()
    until(lambda: any("does not do its part" in one for one in process.lines()))
    assert attempts() == [("during", 1, "RUNNING")]
    line.join()
    assert until(done) == [("during", "acme during")]
    assert (attempts(), len(shop.calls)) == ([("during", 1, "SUCCEEDED")], 1)
    assert process.stop() == 0
    line.cut()
