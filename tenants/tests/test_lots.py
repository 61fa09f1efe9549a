"""Jobs that are run together: which are fetched, and what becomes of each."""

import pytest
from django.db import transaction

from core.db import connection
from core.models import Actor
from tenants import queue, running
from tenants.jobs import company_job, registry
from tenants.lots import Lot
from tenants.queue import Priority
from tenants.running import Outcome
from tenants.services import company_suspend
from tests.jobs import waiting_jobs


@pytest.fixture
def job():
    """`job(together, name="test.one")`: a job that may be run together, for this test; singly it does nothing."""
    before = set(registry)

    def make(together=lambda lot: None, *, name="test.one", **options):
        return company_job(name=name, together=together, **options)(lambda **args: None)

    yield make
    for name in registry.keys() - before:
        del registry[name]


def fetched(**options):
    """What each job of the next lot was given."""
    options = {"together": ["test.one", "test.other"], "most": 6, **options}
    connection.set_schema_to_public()
    return [one.args["n"] for one in queue.fetch_lot(queues=None, worker=None, **options)]


def numbers(job, *given, **options):
    for n in given:
        job.enqueue(n=n, **options)


def together(most=6):
    """Run the next lot; what was left to be run singly, and what ended."""
    connection.set_schema_to_public()
    jobs = queue.fetch_lot(queues=None, worker=None, together=["test.one"], most=most)
    rests, called, done = [], [], []
    running.run_together(Lot(jobs, rests.append, called.append, lambda one, seconds: done.append(one.args["n"])))
    assert connection.schema_name == "public"
    return rests, done


def test_a_lot_is_of_one_name_company_queue_and_priority(acme, globex, in_company, job):
    one, other = job(), job(name="test.other")
    elsewhere, first = job(name="test.elsewhere", queue="x"), job(name="test.first", priority=Priority.HIGH)
    with in_company(acme):
        numbers(one, 1, 2)
        numbers(other, 3)
        numbers(elsewhere, 4)
    with in_company(globex):
        numbers(one, 5)
    with in_company(acme):
        numbers(one, 6)
        numbers(first, 7)
    assert [fetched() for _ in range(6)] == [[7], [1, 2, 6], [3], [4], [5], []]


def test_what_may_not_be_run_together_comes_alone(acme_db, job):
    numbers(job(), 1, 2)
    assert [fetched(together=[]), fetched(together=["test.other"])] == [[1], [2]]


def test_as_many_as_there_are_places_for(acme_db, job):
    one = job()
    numbers(one, *range(10))
    uuid = str(acme_db.uuid)
    assert fetched(most=4) == [0, 1, 2, 3]
    assert fetched(rooms={uuid: 2}) == [4, 5]
    assert fetched(rooms={"another": 1}) == [6, 7, 8, 9]


def test_what_has_failed_or_waits_for_others_comes_alone(acme_db, job):
    """It may be what killed the worker of all of them."""
    one = job()
    numbers(one, 1)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE public.procrastinate_jobs SET args = args || '{\"failures\": 1}' WHERE status = 'todo'")
    numbers(one, 2, lock="ticket-5")
    numbers(one, 3, 4)
    assert [fetched() for _ in range(4)] == [[1], [2], [3, 4], []]


def test_others_jobs_are_not_gone_through_without_end(acme, globex, in_company, job):
    one = job()
    with in_company(acme):
        numbers(one, 1)
    with in_company(globex):
        one.enqueue_many([{"n": 2}] * queue.LOOK)
    with in_company(acme):
        numbers(one, 3)
    assert fetched() == [1]


def test_what_is_done_is_off_the_queue_with_its_work(acme_db, job):
    def work(lot):
        assert connection.schema_name == acme_db.schema_name
        with transaction.atomic():
            lot.take_off(lot.jobs[:2])
        lot.end(lot.jobs[:2])
        lot.singly(lot.jobs[2])

    numbers(job(work), 1, 2, 3)
    rests, done = together()
    assert (done, [(rest.job.args["n"], rest.work) for rest in rests]) == ([1, 2], [(3, None)])
    with connection.cursor() as cursor:
        cursor.execute("SELECT id FROM public.procrastinate_jobs")
        assert cursor.fetchall() == [(rests[0].job.id,)]
    assert running.run(rests[0].job, rests[0]).outcome is Outcome.DONE


def test_what_breaks_is_run_singly(acme_db, job):
    def work(lot):
        with transaction.atomic():
            lot.take_off(lot.jobs)
            raise ZeroDivisionError

    numbers(job(work), 1, 2)
    rests, done = together()
    assert (done, [rest.job.args["n"] for rest in rests]) == ([], [1, 2])
    for rest in rests:
        queue.release(rest.job)
    assert waiting_jobs("test.one") == [{"n": 1}, {"n": 2}]


def test_what_nothing_is_said_of_is_run_singly(acme_db, job):
    numbers(job(), 1, 2)
    assert [rest.job.args["n"] for rest in together()[0]] == [1, 2]


def test_a_suspended_companys_are_parked_each(acme_db, job):
    ran = []
    numbers(job(ran.append), 1, 2)
    company_suspend(company=acme_db, actor=Actor())
    rests, done = together()
    assert [running.run(rest.job, rest).outcome for rest in rests] == [Outcome.PARKED] * 2
    assert (done, ran) == ([], [])


def test_the_rest_of_what_is_begun_is_done_in_its_company_even_of_a_suspended_one(acme_db, job):
    """An answer that is there is not thrown away."""
    seen = []

    def work(lot):
        for one in lot.left:
            lot.singly(one, lambda: seen.append(connection.schema_name))

    numbers(job(work), 1, 2)
    rests, _ = together()
    company_suspend(company=acme_db, actor=Actor())
    assert [running.run(rest.job, rest).outcome for rest in rests] == [Outcome.DONE] * 2
    assert (seen, connection.schema_name) == ([acme_db.schema_name] * 2, "public")


def test_only_whoever_has_them_takes_them_off(acme_db, job):
    numbers(job(), 1, 2)
    connection.set_schema_to_public()
    first, second = queue.fetch_lot(queues=None, worker=None, together=["test.one"], most=6)
    queue.release(first)
    queue.delete(first, second)
    assert waiting_jobs("test.one") == [{"n": 1}]
