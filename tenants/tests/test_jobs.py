"""Jobs: enqueued in the connection's transaction for its company; run inside it; what becomes of them."""

from datetime import timedelta

import pytest
from django.db import OperationalError, transaction
from django.utils import timezone

from core.db import connection
from core.models import Actor, History, record
from tenants import running, workers
from tenants.jobs import Later, company_job, registry, system_job
from tenants.queue import Priority
from tenants.services import company_resume, company_suspend
from tests.jobs import Outcome, run_jobs, waiting_jobs


@pytest.fixture
def job():
    """`job(function, …)`: that function as a company's job, for this test."""
    before = set(registry)

    def make(function, decorator=company_job, **options):
        return decorator(name=options.pop("name", "test.job"), **options)(function)

    yield make
    for name in registry.keys() - before:
        del registry[name]


def write(*, event):
    record(actor=Actor(), event=event, subject_type="test", subject_id=None, subject="test")


def events(company, in_company):
    with in_company(company):
        return list(History.objects.filter(subject_type="test").order_by("id").values_list("event", flat=True))


def ended(runs):
    return [(run.job.args, run.outcome) for run in runs]


def test_enqueueing_is_one_statement(acme_db, job, django_assert_num_queries):
    write_later = job(write)
    connection.cursor().close()  # the search path is set
    with django_assert_num_queries(1):
        write_later.enqueue(event="a")
    with django_assert_num_queries(1):
        write_later.enqueue_many([{"event": "b"}, {"event": "c"}])
    with django_assert_num_queries(0):
        write_later.enqueue_many([])
    assert waiting_jobs("test.job") == [{"event": "a"}, {"event": "b"}, {"event": "c"}]


def test_what_is_rolled_back_enqueues_nothing(acme_db, job, in_company):
    write_later = job(write)
    with transaction.atomic():
        write_later.enqueue(event="undone")
        transaction.set_rollback(True)
    assert waiting_jobs() == []
    assert run_jobs() == []
    assert events(acme_db, in_company) == []


def test_jobs_of_companies_write_in_their_own(acme, globex, job, in_company):
    write_later = job(write)
    for number, company in enumerate([acme, globex, acme, globex]):
        with in_company(company):
            write_later.enqueue(event=str(number))
    runs = run_jobs()
    assert [run.outcome for run in runs] == [Outcome.DONE] * 4
    assert (events(acme, in_company), events(globex, in_company)) == (["0", "2"], ["1", "3"])
    assert run_jobs() == []


def test_a_company_is_left_after_its_job(acme, job, in_company):
    seen = []

    def look(*, fail):
        seen.append(connection.schema_name)
        if fail:
            raise ZeroDivisionError

    company_s = job(look, retries=0)
    systems = job(look, system_job, name="test.system")
    with in_company(acme):
        company_s.enqueue(fail=True)
        company_s.enqueue(fail=False)
    systems.enqueue(fail=False)
    for _ in range(3):
        found = running.queue.fetch(queues=None, worker=None)
        running.settle(found, running.run(found))
        assert connection.schema_name == "public"
    assert seen == ["acme", "acme", "public"]


def test_no_company_no_companys_job(db, job):
    with pytest.raises(RuntimeError, match="on the company's schema"):
        job(write).enqueue(event="whose?")
    assert waiting_jobs() == []


def test_not_before(acme_db, job):
    write_later = job(write)
    now = timezone.now()
    write_later.enqueue(event="later", at=now + timedelta(minutes=5))
    write_later.enqueue(event="soon", at=now + timedelta(minutes=2))
    assert ended(run_jobs()) == []
    assert ended(run_jobs(now=now + timedelta(minutes=3))) == [({"event": "soon"}, Outcome.DONE)]
    assert ended(run_jobs(now=now + timedelta(minutes=6))) == [({"event": "later"}, Outcome.DONE)]


def test_the_wish_to_run_later(acme_db, job, in_company):
    def twice(*, event):
        write(event=event)
        if len(events(acme_db, in_company)) == 1:
            raise Later(30)

    job(twice, retries=0).enqueue(event="x")
    [run] = run_jobs()
    assert (run.outcome, run.seconds) == (Outcome.LATER, 30)
    assert run_jobs() == []
    [run] = run_jobs(now=timezone.now() + timedelta(seconds=31))
    assert (run.outcome, run.job.attempts, run.job.failures) == (Outcome.DONE, 1, 0)
    assert waiting_jobs() == []


def test_what_raises_is_tried_again_and_then_fails(acme_db, job):
    def fail():
        raise ZeroDivisionError

    job(fail, retries=2).enqueue()
    outcomes = []
    for minute in range(4):
        outcomes += [run.outcome for run in run_jobs(now=timezone.now() + timedelta(minutes=minute), errors="keep")]
    assert outcomes == [Outcome.AGAIN, Outcome.AGAIN, Outcome.FAILED]
    with connection.cursor() as cursor:
        cursor.execute("SELECT status, attempts FROM procrastinate_jobs")
        assert cursor.fetchall() == [("failed", 3)]


def test_what_failed_for_good_is_told(acme, job, in_company):
    """In the company, with what the job was given."""

    def fail(*, event):
        raise ZeroDivisionError

    with in_company(acme):
        job(fail, retries=1, on_failure=write).enqueue(event="fails")
    assert [run.outcome for run in run_jobs(errors="keep")] == [Outcome.AGAIN]
    assert events(acme, in_company) == []
    [run] = run_jobs(now=timezone.now() + timedelta(minutes=1), errors="keep")
    assert (run.outcome, type(run.error)) == (Outcome.FAILED, ZeroDivisionError)
    assert events(acme, in_company) == ["fails"]
    assert waiting_jobs() == []


def test_what_could_not_be_told_is_told_later(acme, job, in_company):
    """The telling is tried again, alone: whoever waits for the job would else wait for ever. But not without end."""
    calls = []

    def fail(*, event):
        calls.append(event)
        raise ZeroDivisionError

    def tell(*, event):
        write(event=event)
        if event == "never" or len(calls) < 4:
            calls.append("told")
            raise ValueError

    failing = job(fail, retries=0, on_failure=tell)
    outcomes = {"twice": [], "never": []}
    for event, ended in outcomes.items():
        with in_company(acme):
            failing.enqueue(event=event)
        for minute in range(30):
            runs = run_jobs(now=timezone.now() + timedelta(hours=minute), errors="keep")
            ended += [(run.outcome, type(run.error)) for run in runs]
    again = (Outcome.AGAIN, ValueError)
    assert outcomes["twice"] == [again, again, again, (Outcome.FAILED, running.WorkersKiller)]
    assert outcomes["never"] == [again] * 10 + [(Outcome.FAILED, ValueError)]
    assert (calls.count("twice"), calls.count("never")) == (1, 1)
    assert waiting_jobs() == []


def test_what_could_not_be_told_because_the_database_was_away_is_told_later(acme, job, in_company):
    """However often: it is no failure of the telling."""
    away = "DO $$ BEGIN RAISE EXCEPTION 'away' USING ERRCODE = '57P03'; END $$"

    def fail(*, event):
        raise ZeroDivisionError

    def tell(*, event):
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(away)

    failing = job(fail, retries=0, on_failure=tell)
    with in_company(acme):
        failing.enqueue(event="x")
    for minute in range(20):
        [run] = run_jobs(now=timezone.now() + timedelta(hours=minute), errors="keep")
        assert (run.outcome, type(run.error), type(run.error.__cause__)) == (
            Outcome.LATER,
            OperationalError,
            ZeroDivisionError,
        )


def test_what_ends_its_workers_is_not_run_for_ever(acme, job, in_company):
    deaths = job(write, retries=2, on_failure=lambda event: write(event=f"{event} failed"))
    with in_company(acme):
        deaths.enqueue(event="x")
    for _ in range(3):
        assert running.queue.fetch(queues=None, worker=None) is not None
        assert workers.rescue(20) == 1
        assert workers.rescue(20) == 0
    [run] = run_jobs(errors="keep")
    assert (run.outcome, type(run.error)) == (Outcome.FAILED, running.WorkersKiller)
    assert events(acme, in_company) == ["x failed"]


def test_a_suspended_companys_jobs_are_parked(acme, globex, job, in_company):
    write_later = job(write)
    for company in (acme, globex):
        with in_company(company):
            write_later.enqueue(event=company.slug)
    company_suspend(company=acme, actor=Actor())
    runs = run_jobs()
    assert [(run.outcome, run.seconds) for run in runs] == [(Outcome.PARKED, 60), (Outcome.DONE, 0)]
    assert (events(acme, in_company), events(globex, in_company)) == ([], ["globex"])
    company_resume(company=acme, actor=Actor())
    assert ended(run_jobs(now=timezone.now() + timedelta(seconds=61))) == [({"event": "acme"}, Outcome.DONE)]
    assert events(acme, in_company) == ["acme"]


def test_all_jobs_of_a_suspended_company_are_parked_at_once(acme, globex, job, in_company):
    write_later = job(write)
    now = timezone.now()
    for company in (acme, globex):
        with in_company(company):
            write_later.enqueue_many([{"event": str(number)} for number in range(5)])
            write_later.enqueue(event="5", at=now + timedelta(seconds=90))
    company_suspend(company=acme, actor=Actor())
    outcomes = [run.outcome for run in run_jobs()]
    assert (outcomes.count(Outcome.PARKED), outcomes.count(Outcome.DONE)) == (1, 5)
    company_resume(company=acme, actor=Actor())
    assert run_jobs(now=now + timedelta(seconds=50)) == []
    late = run_jobs(now=now + timedelta(seconds=75))
    assert sorted(run.job.args["event"] for run in late) == list("01234")
    assert sorted(events(acme, in_company)) == list("01234")
    assert waiting_jobs() == [{"event": "5"}, {"event": "5"}]


@pytest.mark.parametrize(
    "statement", ["UPDATE public.companies SET uuid = gen_random_uuid()", "ALTER SCHEMA acme RENAME TO elsewhere"]
)
def test_a_job_of_a_company_that_is_gone_fails(acme_db, job, statement):
    ran = []
    job(lambda: ran.append(1)).enqueue()
    with connection.cursor() as cursor:
        cursor.execute(statement)
    [run] = run_jobs(errors="keep")
    assert (run.outcome, type(run.error), ran) == (Outcome.FAILED, running.Gone, [])
    assert run_jobs(now=timezone.now() + timedelta(days=1)) == []


def test_one_of_those_with_a_lock_at_a_time(acme, globex, job, in_company):
    write_later = job(write)
    for company in (acme, globex):
        with in_company(company):
            write_later.enqueue(event="1", lock="ticket-5")
            write_later.enqueue(event="2", lock="ticket-5")
    first, second = running.queue.fetch(queues=None, worker=None), running.queue.fetch(queues=None, worker=None)
    assert [first.company, second.company] == [str(acme.uuid), str(globex.uuid)]
    assert running.queue.fetch(queues=None, worker=None) is None
    third = running.queue.fetch(queues=None, worker=None, done=first)
    assert (third.company, third.args) == (str(acme.uuid), {"event": "2"})


def test_which_comes_first(acme_db, job):
    now = timezone.now()
    late = job(write, name="test.low", priority=Priority.LOW)
    normal = job(write, name="test.normal")
    first = job(write, name="test.high", priority=Priority.HIGH)
    late.enqueue(event="f")
    normal.enqueue(event="d")
    normal.enqueue(event="e")
    normal.enqueue(event="c", at=now - timedelta(minutes=1))
    first.enqueue(event="b")
    first.enqueue(event="a", at=now - timedelta(minutes=1))
    assert [run.job.args["event"] for run in run_jobs()] == ["a", "b", "c", "d", "e", "f"]


def test_companies_that_are_left_out(acme, globex, job, in_company):
    write_later, systems = job(write), job(lambda: None, system_job, name="test.system")
    for company in (acme, globex, acme):
        with in_company(company):
            write_later.enqueue(event=company.slug)
    systems.enqueue()
    both = [str(acme.uuid), str(globex.uuid)]

    def fetch(without):
        return running.queue.fetch(queues=None, worker=None, without=without)

    found = [fetch(both[:1]), fetch(both), fetch(both), fetch(both[1:])]
    assert [one and (one.name, one.company) for one in found] == [
        ("test.job", both[1]),
        ("test.system", None),
        None,
        ("test.job", both[0]),
    ]
    # What is given back keeps its place.
    running.queue.release(found[3])
    assert fetch([]).id == found[3].id


def test_two_jobs_have_two_names(job):
    job(write)
    with pytest.raises(ValueError, match="two jobs named"):
        job(write)


def test_a_stale_worker_changes_nothing(acme_db, job):
    """The job is somebody else's by now: the first one's results are not written over it."""
    job(write).enqueue(event="x")
    first = running.queue.fetch(queues=None, worker=None)
    running.queue.put_back(first, seconds=-1)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE procrastinate_jobs SET scheduled_at = now()")
    second = running.queue.fetch(queues=None, worker=None)
    assert (second.id, second.attempts) == (first.id, 1)
    running.queue.delete(first)
    running.queue.give_up(first)
    running.queue.put_back(first, seconds=0)
    assert running.queue.fetch(queues=None, worker=None, done=first) is None
    with connection.cursor() as cursor:
        cursor.execute("SELECT status, attempts FROM procrastinate_jobs")
        assert cursor.fetchall() == [("doing", 1)]
    running.queue.delete(second)
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM procrastinate_jobs")
        assert cursor.fetchone() == (0,)
