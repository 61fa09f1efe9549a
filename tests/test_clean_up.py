"""What workers do by themselves: spares, and clearing away what is of no use any more."""

import uuid
from datetime import timedelta

import pytest
from django.contrib.sessions.models import Session
from django.utils import timezone

from core.db import connection
from core.models import Actor
from tenants import cleanup, workers
from tenants.models import Attempt, SpareSchema
from tenants.services import company_suspend
from tests.jobs import Outcome, run_jobs
from ticketflower.jobs import clean_up, refill_spares
from users.models import RefreshToken, TokenFamily, User
from workflow_ops.models import IdempotentAnswer

NOW = timezone.now()
OLD, YOUNG = NOW - timedelta(days=2), NOW + timedelta(hours=1)


def fill(user):
    """One old and one young row of everything that is cleared."""
    for number, when in enumerate([OLD, YOUNG]):
        Session.objects.create(session_key=f"session {number}", session_data="", expire_date=when)
        family = TokenFamily.objects.create(user=user, expires_at=when)
        RefreshToken.objects.create(jti=uuid.uuid4(), family=family, expires_at=when, rotated_at=OLD)
    mixed = TokenFamily.objects.create(user=user, expires_at=YOUNG)
    RefreshToken.objects.create(jti=uuid.uuid4(), family=mixed, expires_at=OLD, rotated_at=OLD)


def fill_answers(user):
    for number, when in enumerate([OLD, YOUNG]):
        IdempotentAnswer.objects.create(
            user=user, method="POST", path="/", key=str(number), body_hash=b"", status=200, body="", created_at=when
        )


def left():
    return [
        Session.objects.count(),
        TokenFamily.objects.count(),
        RefreshToken.objects.count(),
        connection.schema_name != "public" and IdempotentAnswer.objects.count(),
    ]


def somebody():
    return User.objects.create(email="somebody@example.com", password="")


def test_the_old_goes_and_the_young_stays(acme, globex, in_company, monkeypatch):
    monkeypatch.setattr(cleanup, "BATCH", 2)
    fill(somebody())
    Attempt.objects.create(scope="x", key="old", window=1, expires_at=OLD)
    Attempt.objects.create(scope="x", key="young", window=2, expires_at=YOUNG)
    for company in (acme, globex):
        with in_company(company):
            person = somebody()
            fill(person)
            fill_answers(person)
    clean_up.enqueue()
    runs = run_jobs()
    assert [(run.job.name, run.outcome) for run in runs] == [
        ("clean_up", Outcome.DONE),
        ("clean_up.company", Outcome.DONE),
        ("clean_up.company", Outcome.DONE),
    ]
    assert left() == [1, 2, 1, False]
    assert list(Attempt.objects.values_list("key", flat=True)) == ["young"]
    for company in (acme, globex):
        with in_company(company):
            assert left() == [1, 2, 1, 1]


def test_more_than_a_batch(acme_db, monkeypatch):
    monkeypatch.setattr(cleanup, "BATCH", 3)
    for number in range(10):
        Session.objects.create(session_key=f"session {number}", session_data="", expire_date=OLD)
    assert cleanup.clear(cleanup.in_companies) == 10
    assert Session.objects.count() == 0


def test_one_companys_trouble_is_not_anothers(acme, globex, in_company, monkeypatch):
    def fail():
        if connection.schema_name == "acme":
            raise ZeroDivisionError
        return 0

    monkeypatch.setattr(cleanup, "in_companies", [fail, *cleanup.in_companies])
    for company in (acme, globex):
        with in_company(company):
            Session.objects.create(session_key="old", session_data="", expire_date=OLD)
    clean_up.enqueue()
    runs = run_jobs(errors="keep")
    assert sorted((run.job.name, run.outcome) for run in runs) == [
        ("clean_up", Outcome.DONE),
        ("clean_up.company", Outcome.AGAIN),
        ("clean_up.company", Outcome.DONE),
    ]
    for company in (acme, globex):
        with in_company(company):
            assert Session.objects.count() == 0


def test_suspended_companies_are_left_out_and_none_waits_twice(acme, globex):
    company_suspend(company=globex, actor=Actor())
    for _ in range(2):
        clean_up.function()
    with connection.cursor() as cursor:
        cursor.execute("SELECT args ->> 'company' FROM procrastinate_jobs")
        assert cursor.fetchall() == [(str(acme.uuid),)]


@pytest.mark.parametrize("days, kept", [(14, True), (1, False)])
def test_failed_jobs(db, settings, days, kept):
    settings.FAILED_JOB_DAYS = days
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO procrastinate_jobs (queue_name, task_name, status, scheduled_at)"
            " SELECT 'default', 'x', status, now() - interval '2 days'"
            " FROM unnest('{failed,todo}'::procrastinate_job_status[]) AS status"
        )
        cleanup.failed_jobs_clear()
        cursor.execute("SELECT status::text FROM procrastinate_jobs ORDER BY status::text DESC")
        assert cursor.fetchall() == [("todo",)] + [("failed",)] * kept


def test_spares_are_refilled(db, settings):
    settings.SPARE_SCHEMAS = 1
    refill_spares.enqueue()
    refill_spares.enqueue()
    assert [run.outcome for run in run_jobs()] == [Outcome.DONE, Outcome.DONE]
    assert SpareSchema.objects.count() == 1


def test_what_is_due_by_the_clock_is_enqueued_once(db):
    """By two workers, which start at the same time and do not know each other."""
    first, second = workers.Schedule(), workers.Schedule()
    for schedule in (first, second, first):
        schedule.enqueue_due(3600.0 * 1000 + 5)

    def waiting():
        with connection.cursor() as cursor:
            cursor.execute("SELECT task_name FROM procrastinate_jobs WHERE status = 'todo' ORDER BY task_name")
            return [name for (name,) in cursor.fetchall()]

    assert [name for name in waiting() if name in ("clean_up", "spares.refill")] == ["clean_up", "spares.refill"]
    run_jobs()
    assert waiting() == []
    for schedule in (second, first):
        schedule.enqueue_due(3600.0 * 1000 + 65)
    assert "spares.refill" in waiting()
    assert "clean_up" not in waiting()
