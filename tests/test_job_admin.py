"""Operators see the queue, and change nothing; companies see no jobs."""

import pytest

from core.db import connection
from core.models import Actor, record
from tenants.jobs import company_job, registry
from tests.people import PASSWORD
from ticketflower.admin import company_site
from users.models import User
from users.tests.pages import Browser, text_of

JOBS = "/admin/procrastinate/procrastinatejob/"


@pytest.fixture
def job(acme, in_company):
    """The id of a job of acme's that waits."""
    with in_company(acme):
        company_job(name="test.secret")(lambda note: record(actor=Actor(), event=note)).enqueue(note="of acme alone")
    del registry["test.secret"]
    with connection.cursor() as cursor:
        cursor.execute("SELECT id FROM public.procrastinate_jobs")
        return cursor.fetchone()[0]


@pytest.fixture
def browser(job):
    connection.set_schema_to_public()
    user = User(email="op@example.com", system_roles=["admin"])
    user.set_password(PASSWORD)
    user.save()
    browser = Browser("localhost")
    assert browser.sign_in("op@example.com").status_code == 302
    return browser


def test_operators_look(browser, job, acme):
    for page in (JOBS, f"{JOBS}?status=todo"):
        text = text_of(browser.get(page))
        assert "test.secret" in text
        assert str(acme.uuid) in text
        assert "of acme alone" not in text
    assert str(acme.uuid) not in text_of(browser.get(f"{JOBS}?status=failed"))
    for page in ("change", "history"):
        assert browser.get(f"{JOBS}{job}/{page}/").status_code == 403


def test_operators_change_nothing(browser, job):
    assert browser.get(f"{JOBS}add/").status_code == 403
    assert browser.get(f"{JOBS}{job}/delete/").status_code == 403
    assert browser.send(f"{JOBS}{job}/change/", {"status": "failed"}, at=JOBS).status_code == 403
    with connection.cursor() as cursor:
        cursor.execute("SELECT id, status::text FROM public.procrastinate_jobs")
        assert cursor.fetchall() == [(job, "todo")]


def test_companies_see_none(acme):
    assert [model for model in company_site._registry if model._meta.app_label == "procrastinate"] == []
