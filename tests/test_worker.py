"""Worker processes: what they run, how they stop, and what becomes of their jobs when they are killed."""

import json
import signal

import pytest

from core.db import connection
from core.models import Actor, History
from tenants import counters
from tenants.services import company_resume, company_suspend
from tests import worker_process as jobs
from tests.workers import Workers, until

# Short, but no machine is so busy that a worker gives no sign of life for so long.
LEASE = {"WORKER_LEASE_SECONDS": "3"}


@pytest.fixture
def workers(own_database, tmp_path):
    """`workers(…)` starts a worker process on the own database."""
    with Workers(own_database.url, tmp_path) as running:
        yield running.start


@pytest.fixture
def events(in_company):
    """`events(acme)`: what jobs have noted in the company's schema."""

    def read(company):
        with in_company(company):
            found = History.objects.filter(subject_type="test").order_by("id")
            assert set(found.values_list("subject", flat=True)) <= {company.schema_name}
            return list(found.values_list("event", flat=True))

    return read


def rows(query):
    connection.set_schema_to_public()
    with connection.cursor() as cursor:
        cursor.execute(query)
        return cursor.fetchall()


def nothing_left():
    return not rows("SELECT 1 FROM procrastinate_jobs WHERE task_name LIKE 'test.%'")


def test_jobs_of_two_companies(workers, acme, globex, in_company, events):
    for number in range(20):
        for company in (acme, globex):
            with in_company(company):
                jobs.write.enqueue(event=f"{company.slug} {number}")
    worker = workers()
    until(nothing_left)
    for company in (acme, globex):
        assert sorted(events(company)) == sorted(f"{company.slug} {number}" for number in range(20))
    # A committed one is heard of, not found at the next look.
    with in_company(acme):
        jobs.write.enqueue(event="one more")
    until(nothing_left)
    assert worker.stop() == 0
    assert rows("SELECT count(*) FROM procrastinate_workers") == [(0,)]
    lines = [json.loads(line) for line in worker.lines() if '"event":"job"' in line and "test.note" in line]
    assert {(line["job"], line["company"], line["outcome"]) for line in lines} == {
        ("test.note", "acme", "done"),
        ("test.note", "globex", "done"),
    }
    assert len({line["job_id"] for line in lines}) == 41
    assert all(line["duration_ms"] >= 0 for line in lines)
    assert ("jobs", {"job": "test.note", "outcome": "done"}, 41) in counters.totals()


def test_eight_at_the_same_time(workers, acme, in_company, events):
    with in_company(acme):
        jobs.meet.enqueue_many([{}] * 8)
        jobs.write.enqueue(event="of another queue")
    # Of eleven threads one company may have eight.
    workers("--concurrency", "11", "--queues", "meetings")
    assert until(lambda: len(events(acme)) == 8 and events(acme)) == ["met"] * 8
    assert [name for (name,) in rows("SELECT task_name FROM procrastinate_jobs")].count("test.note") == 1


def test_a_company_whose_jobs_take_long_leaves_threads(workers, acme, globex, in_company, events, tmp_path):
    """All are enqueued at once, long before a thread is free again; the other company's last."""
    go_on = tmp_path / "go on"
    with in_company(acme):
        jobs.wait.enqueue_many([{"event": f"call {number}", "path": str(go_on)} for number in range(20)])
    with in_company(globex):
        jobs.write.enqueue(event="quick")
    worker = workers("--concurrency", "4")
    until(lambda: events(globex) == ["quick"])
    assert len(events(acme)) <= 3
    with in_company(globex):
        jobs.write.enqueue(event="quick again")
    until(lambda: events(globex) == ["quick", "quick again"])
    until(lambda: len(events(acme)) == 3)
    go_on.touch()
    until(nothing_left)
    assert len(events(acme)) == 40
    assert worker.stop() == 0


def test_the_job_of_a_killed_worker_is_run_again_once(workers, acme, in_company, events, tmp_path):
    go_on = tmp_path / "go on"
    with in_company(acme):
        jobs.wait.enqueue(event="call", path=str(go_on))
    first = workers(**LEASE)
    until(lambda: events(acme) == ["call begins"])
    first.kill()
    second, third = workers(**LEASE), workers(**LEASE)
    until(lambda: events(acme) == ["call begins"] * 2)
    go_on.touch()
    until(nothing_left)
    assert events(acme) == ["call begins", "call begins", "call ends"]
    assert (second.stop(), third.stop()) == (0, 0)
    told = [line for line in second.lines() + third.lines() if "is run again" in line and "test.wait" in line]
    assert len(told) == 1


def test_a_stopped_and_continued_worker(workers, acme, in_company, events, tmp_path):
    """What it had was taken over; when it goes on it takes nothing off the queue, and works under a new number."""
    go_on = tmp_path / "go on"
    with in_company(acme):
        jobs.wait.enqueue(event="call", path=str(go_on))
    first = workers(**LEASE)
    until(lambda: events(acme) == ["call begins"])
    first.freeze()
    second = workers(**LEASE)
    until(lambda: events(acme) == ["call begins"] * 2)
    second.freeze()
    go_on.touch()
    first.process.send_signal(signal.SIGCONT)
    until(lambda: "call ends" in events(acme))
    until(lambda: any("was taken for dead" in line for line in first.lines()))
    # The second one's job is rescued from it too: nobody has said that it was done.
    until(nothing_left)
    assert events(acme).count("call begins") == 3
    assert first.stop() == 0


def test_a_fetch_that_was_not_heard_of(workers, acme, in_company, events):
    """The connection broke after PostgreSQL had given the job away, and before the worker knew it."""
    worker = workers("--queues", "another", **LEASE)
    [(number,)] = until(lambda: rows("SELECT id FROM procrastinate_workers"))
    with in_company(acme):
        jobs.write.enqueue(event="x")
    mine = "task_name = 'test.note'"
    rows(f"UPDATE procrastinate_jobs SET status = 'doing', worker_id = {number} WHERE {mine} RETURNING id")
    until(lambda: rows(f"SELECT 1 FROM procrastinate_jobs WHERE {mine} AND status = 'todo'"))
    assert worker.stop() == 0
    assert events(acme) == []


def test_a_graceful_stop(workers, acme, in_company, events, tmp_path):
    go_on = tmp_path / "go on"
    with in_company(acme):
        jobs.wait.enqueue(event="call", path=str(go_on))
    worker = workers("--concurrency", "1")
    until(lambda: events(acme) == ["call begins"])
    with in_company(acme):
        jobs.write.enqueue(event="too late")
    worker.process.terminate()
    until(lambda: any("stops; 1 jobs are running" in line for line in worker.lines()))
    go_on.touch()
    assert worker.process.wait(20) == 0
    assert events(acme) == ["call begins", "call ends"]
    assert rows("SELECT task_name, status::text FROM procrastinate_jobs WHERE task_name LIKE 'test.%'") == [
        ("test.note", "todo")
    ]


def test_what_does_not_end_in_time_is_for_the_next_worker(workers, acme, in_company, events, tmp_path):
    go_on = tmp_path / "go on"
    with in_company(acme):
        jobs.wait.enqueue(event="call", path=str(go_on))
    first = workers(WORKER_STOP_SECONDS="0")
    until(lambda: events(acme) == ["call begins"])
    assert first.stop() == 0
    workers()
    until(lambda: events(acme) == ["call begins"] * 2)
    go_on.touch()
    until(nothing_left)
    assert events(acme)[2:] == ["call ends"]


def test_a_suspended_companys_jobs_wait(workers, acme, globex, in_company, events):
    company_suspend(company=acme, actor=Actor())
    for company in (acme, globex):
        with in_company(company):
            jobs.write.enqueue(event="x")
    workers()
    until(lambda: rows("SELECT 1 FROM procrastinate_jobs WHERE attempts = 1 AND status = 'todo'"))
    until(lambda: events(globex) == ["x"])
    assert events(acme) == []
    company_resume(company=acme, actor=Actor())
    rows("UPDATE procrastinate_jobs SET scheduled_at = now() WHERE status = 'todo' RETURNING id")
    until(nothing_left)
    assert events(acme) == ["x"]


def test_a_database_that_was_away(workers, acme, in_company, events, tmp_path):
    """Every connection is cut while a job runs; the worker goes on, and no job is lost or stays with nobody."""
    go_on = tmp_path / "go on"
    with in_company(acme):
        jobs.wait.enqueue(event="call", path=str(go_on))
    worker = workers(**LEASE)
    until(lambda: events(acme) == ["call begins"])
    rows(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )
    go_on.touch()
    with in_company(acme):
        jobs.write.enqueue(event="after")
    until(nothing_left)
    assert {"call ends", "after"} <= set(events(acme))
    assert worker.stop() == 0
