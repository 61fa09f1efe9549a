"""Worker processes: what they run, how they stop, and what becomes of their jobs when they are killed."""

import json
import re
import signal

import pytest
from django.db import transaction

from core.db import connection
from core.models import Actor, History
from tenants import counters
from tenants.services import company_resume, company_suspend
from tests import worker_process as jobs
from tests.workers import Workers, until

# Short, but no machine is so busy that a worker gives no sign of life for so long.
LEASE = {"WORKER_LEASE_SECONDS": "2"}


@pytest.fixture
def workers(own_database, tmp_path):
    """`workers(…)` starts a worker process on the own database."""
    with Workers(own_database.url, tmp_path) as running:
        yield running.start


@pytest.fixture(scope="module")
def one_worker(shared_database, tmp_path_factory):
    with Workers(shared_database.url, tmp_path_factory.mktemp("worker")) as running:
        yield running.start("--concurrency", "11")


@pytest.fixture
def worker(one_worker):
    """A worker with eleven threads, of all tests that name it. They leave it no job."""
    yield one_worker
    assert waiting() == []


@pytest.fixture
def events(acme, globex, in_company):
    """`events(acme)`: what jobs have noted in the company's schema since the test began."""

    def noted(company):
        return History.objects.filter(subject_type="test", id__gt=begun.get(company, 0)).order_by("id")

    begun = {}
    for company in (acme, globex):
        with in_company(company):
            begun[company] = max(noted(company).values_list("id", flat=True), default=0)

    def read(company):
        with in_company(company):
            assert set(noted(company).values_list("subject", flat=True)) <= {company.schema_name}
            return list(noted(company).values_list("event", flat=True))

    return read


def rows(query):
    connection.set_schema_to_public()
    with connection.cursor() as cursor:
        cursor.execute(query)
        return cursor.fetchall()


def waiting():
    """(name, status) of the jobs that are not done."""
    return rows("SELECT task_name, status::text FROM procrastinate_jobs WHERE task_name LIKE 'test.%' ORDER BY id")


def nothing_left():
    return not waiting()


def says(worker, text):
    return any(text in line for line in worker.lines())


def number_of(worker):
    """By which the database knows it."""
    return int(until(lambda: re.search(r"Worker (\d+) works on", worker.log.read_text()))[1])


def lease_over(worker):
    """As if it had given no sign of life for long: only one test waits for so long."""
    rows(f"UPDATE procrastinate_workers SET last_heartbeat = '-infinity' WHERE id = {number_of(worker)} RETURNING id")


def test_jobs_of_two_companies(worker, acme, globex, in_company, events):
    for number in range(20):
        for company in (acme, globex):
            with in_company(company):
                jobs.write.enqueue(event=f"{company.slug} {number}")
    until(nothing_left)
    for company in (acme, globex):
        assert sorted(events(company)) == sorted(f"{company.slug} {number}" for number in range(20))
    before = len(worker.lines())
    # A committed one is heard of, not found at the next look.
    with in_company(acme):
        jobs.write.enqueue(event="one more")
    until(nothing_left)
    until(lambda: len(worker.lines()) > before)
    lines = [json.loads(line) for line in worker.lines() if '"event":"job"' in line and "test.note" in line]
    assert {(line["job"], line["company"], line["outcome"]) for line in lines} == {
        ("test.note", "acme", "done"),
        ("test.note", "globex", "done"),
    }
    assert len({line["job_id"] for line in lines}) == len(lines) >= 41
    assert all(line["duration_ms"] >= 0 for line in lines)


def test_eight_at_the_same_time(worker, acme, in_company, events):
    """Of eleven threads one company may have eight."""
    with in_company(acme):
        jobs.meet.enqueue_many([{}] * 8)
    until(nothing_left)
    assert events(acme) == ["met"] * 8


def test_a_company_whose_jobs_take_long_leaves_threads(worker, acme, globex, in_company, events, tmp_path):
    """All are enqueued at once, long before a thread is free again; the other company's last."""
    go_on = tmp_path / "go on"
    with in_company(acme):
        jobs.wait.enqueue_many([{"event": f"call {number}", "path": str(go_on)} for number in range(20)])
    with in_company(globex):
        jobs.write.enqueue(event="quick")
    until(lambda: events(globex) == ["quick"])
    assert len(events(acme)) <= 8
    with in_company(globex):
        jobs.write.enqueue(event="quick again")
    until(lambda: events(globex) == ["quick", "quick again"])
    until(lambda: len(events(acme)) == 8)
    go_on.touch()
    until(nothing_left)
    assert len(events(acme)) == 40


def test_a_suspended_companys_jobs_wait(worker, acme, globex, in_company, events):
    company_suspend(company=acme, actor=Actor())
    for company in (acme, globex):
        with in_company(company):
            jobs.write.enqueue(event="x")
    until(lambda: rows("SELECT 1 FROM procrastinate_jobs WHERE attempts = 1 AND status = 'todo'"))
    until(lambda: events(globex) == ["x"])
    assert events(acme) == []
    company_resume(company=acme, actor=Actor())
    rows("UPDATE procrastinate_jobs SET scheduled_at = now() WHERE status = 'todo' RETURNING id")
    until(nothing_left)
    assert events(acme) == ["x"]


def test_what_killed_and_stopped_workers_had_is_run_again_once(workers, acme, in_company, events, tmp_path):
    """Of two others, one runs what the killed one had. When that one is stopped, its job is taken over as well; when it
    goes on, it takes nothing off the queue, and works under a new number."""
    go_on = tmp_path / "go on"
    with in_company(acme):
        jobs.wait.enqueue(event="call", path=str(go_on))
    killed = workers(**LEASE)
    until(lambda: events(acme) == ["call begins"])
    second, third = workers(**LEASE), workers(**LEASE)
    numbers = {number_of(worker): worker for worker in (second, third)}
    killed.kill()
    until(lambda: events(acme) == ["call begins"] * 2)
    assert len([1 for line in second.lines() + third.lines() if "is run again" in line and "test.wait" in line]) == 1
    [(number,)] = rows("SELECT worker_id FROM procrastinate_jobs WHERE task_name = 'test.wait'")
    stopped = numbers.pop(number)
    [other] = numbers.values()

    stopped.freeze()
    lease_over(stopped)
    until(lambda: events(acme) == ["call begins"] * 3)
    other.freeze()
    lease_over(other)
    go_on.touch()
    stopped.process.send_signal(signal.SIGCONT)
    until(lambda: "call ends" in events(acme))
    until(lambda: says(stopped, "was taken for dead"))
    # The other one's job is rescued from it too: nobody has said that it was done.
    until(nothing_left)
    assert sorted(events(acme)) == ["call begins"] * 4 + ["call ends"] * 2
    assert stopped.stop() == 0


def test_connections_that_break(workers, acme, in_company, events, tmp_path):
    """One after PostgreSQL had given a job away and before the worker knew it; then all of them, while a job runs. The
    worker goes on, and no job is lost or stays with nobody; those of a queue that is none of its are left alone."""
    go_on = tmp_path / "go on"
    worker = workers("--queues", jobs.write.queue, **LEASE)
    number = number_of(worker)
    with transaction.atomic():
        with in_company(acme):
            jobs.meet.enqueue()
            jobs.write.enqueue(event="given away")
        given_away = f"SET status = 'doing', worker_id = {number} WHERE task_name = 'test.note'"
        rows(f"UPDATE procrastinate_jobs {given_away} RETURNING id")
    until(lambda: events(acme) == ["given away"])

    with in_company(acme):
        jobs.wait.enqueue(event="call", path=str(go_on))
    until(lambda: "call begins" in events(acme))
    rows(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )
    go_on.touch()
    with in_company(acme):
        jobs.write.enqueue(event="after")
    until(lambda: waiting() == [("test.meet", "todo")])
    assert {"call ends", "after"} <= set(events(acme))
    assert worker.stop() == 0


def test_what_ends_in_time_and_what_does_not(workers, acme, in_company, events, tmp_path):
    """A worker that is asked to stop takes no new job and waits for those that run, and not for ever: what it leaves is
    for the next worker."""
    go_on = tmp_path / "go on"
    with in_company(acme):
        jobs.wait.enqueue(event="call", path=str(go_on))
    first = workers("--concurrency", "1", WORKER_STOP_SECONDS="0")
    until(lambda: events(acme) == ["call begins"])
    assert first.stop() == 0
    second = workers("--concurrency", "1")
    until(lambda: events(acme) == ["call begins"] * 2)
    with in_company(acme):
        jobs.write.enqueue(event="too late")
    second.process.terminate()
    until(lambda: says(second, "stops; 1 jobs are running"))
    go_on.touch()
    assert second.process.wait(20) == 0
    assert events(acme) == ["call begins", "call begins", "call ends"]
    assert waiting() == [("test.note", "todo")]
    assert rows("SELECT count(*) FROM procrastinate_workers") == [(0,)]
    assert ("jobs", {"job": "test.wait", "outcome": "done"}, 1) in counters.totals()
