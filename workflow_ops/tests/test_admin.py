"""Runs in the company's admin site, to look at; at the platform's, numbers alone."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django_tenants.utils import tenant_context

from core.models import History
from tests.people import PASSWORD, person
from users.models import User
from users.tests.pages import Browser, text_of
from workflow_ops.models import Incident, TaskInstance, Ticket
from workflow_ops.services.attachments import attachment_add
from workflow_ops.tests.documents import TASKS, TICKETS, flow

PAGES = "/admin/workflow_ops/"
# `look` stops with 0.5, for it is neither even nor odd.
DOCUMENT = flow(
    "watch",
    [
        ("look", {"output_schema": {"type": "object", "properties": {"amount": {"type": "number"}}}}),
        ("act", {"assignee_roles": []}),
    ],
    [
        (None, "look"),
        ("look", "act", {"condition": {"===": [{"%": [{"var": "amount"}, 2]}, 0]}}),
        ("look", None, {"condition": {"===": [{"%": [{"var": "amount"}, 2]}, 1]}}),
        ("act", None),
    ],
    fields=[{"FieldName": "what", "FieldType": "string", "Required": True}],
)
DOCUMENT["tickets"][0]["fields"] = {"what": None}


@pytest.fixture(scope="module", autouse=True)
def _published(file_publish):
    file_publish(DOCUMENT)


@pytest.fixture
def open_ticket(api):
    def opened(what, amount=None):
        ticket = (
            api("user")
            .post(TICKETS, {"ticket_definition": "watch", "data": {"what": what}, "subject": f"About {what}"})
            .json()
        )
        if amount is not None:
            tom = api("ticket_admin")
            done = tom.post(f"{TASKS}{ticket['open_tasks'][0]['id']}/complete/", {"output": {"amount": amount}})
            assert done.status_code == 200
        return ticket

    return opened


class Here(Browser):
    """A browser whose requests leave the test's connection where it was."""

    def get(self, path, **query):
        with tenant_context(connection.tenant):
            return super().get(path, **query)

    def send(self, path, values, *, at=None):
        with tenant_context(connection.tenant):
            return super().send(path, values, at=at)


@pytest.fixture
def browser(acme_db):
    ada = Here("acme.localhost")
    assert ada.sign_in(person("admin", acme_db).email).status_code == 302
    return ada


def page_of(browser, kind, pk, more="change/"):
    page = browser.get(f"{PAGES}{kind}/{pk}/{more}")
    assert page.status_code == 200
    return text_of(page)


def test_what_is_there(browser):
    text = text_of(browser.get("/admin/"))
    for name in ("Tickets", "Executions", "Tasks", "Incidents", "History"):
        assert name in text


def test_tickets(api, browser, open_ticket):
    first = open_ticket("<b>roof</b>", 2)
    second = open_ticket("cellar")
    api("user").post(f"{TICKETS}{first['id']}/comments/", {"text": "<i>Hurry</i>"})
    attachment_add(user=api("user").user, ticket_id=first["id"], name="plan.txt", content=b"x" * 1234)
    listed = text_of(browser.get(f"{PAGES}ticket/"))
    assert f"#{first['id']} About <b>roof</b> Watch In Progress uma@acme.example" in listed
    assert "2 tickets" in listed
    for text in (f"#{second['id']}", "cellar", "cell"):
        found = text_of(browser.get(f"{PAGES}ticket/", q=text))
        assert ("About cellar" in found, "About <b>roof" in found) == (True, False)
    assert "1 ticket" in text_of(browser.get(f"{PAGES}ticket/", q="roof", instance__status__exact="IN_PROGRESS"))
    assert "0 tickets" in text_of(browser.get(f"{PAGES}ticket/", instance__status__exact="ERROR"))

    raw = browser.get(f"{PAGES}ticket/{first['id']}/change/").content.decode()
    assert "<b>roof" not in raw
    assert "<i>Hurry" not in raw
    text = page_of(browser, "ticket", first["id"])
    for shown in (
        '"what": "<b>roof</b>", "amount": 2',
        "Look · Completed · tom@acme.example",
        "Act · Open · nobody",
        "uma@acme.example · <i>Hurry</i>",
        "plan.txt · 1,234 bytes",
        "ticket.opened",
        "task.completed",
        "ticket.attached",
    ):
        assert shown in text
    assert "task.completed" in page_of(browser, "ticket", first["id"], "history/")


def test_executions_tasks_and_incidents(api, browser, open_ticket):
    ticket = open_ticket("roof", 0.5)
    other = open_ticket("cellar", 2)
    incident = Incident.objects.get()
    task = TaskInstance.objects.get(pk=ticket["open_tasks"][0]["id"])
    assert api("ticket_admin").patch(f"/api/incidents/{incident.pk}/", {"note": "Odd"}).status_code == 200

    runs = text_of(browser.get(f"{PAGES}workflowinstance/", status__exact="ERROR"))
    assert f"execution {task.instance_id} Watch 1 #{ticket['id']} About roof Error" in runs
    assert "cellar" not in runs
    run = page_of(browser, "workflowinstance", task.instance_id)
    assert f"Look · Error · {task.assignee or 'nobody'}" in run
    assert f"incident {incident.pk} · New · {incident.message}" in run
    assert "ticket.opened" in run

    assert "every task worker" in text_of(browser.get(f"{PAGES}taskinstance/"))
    work = page_of(browser, "taskinstance", task.pk)
    assert '"amount": 0.5' in work
    assert "task.completed" in work
    assert "ticket.opened" not in work
    # What happened to another ticket's task is in its own history.
    assert work.count("task.completed") == 1
    assert "task.completed" not in page_of(
        browser, "taskinstance", TaskInstance.objects.get(instance__ticket=other["id"], status="OPEN").pk
    )

    assert "ACTION" not in text_of(browser.get(f"{PAGES}incident/", status__exact="RESOLVED"))
    stop = page_of(browser, "incident", incident.pk)
    assert "Odd" in stop
    assert "incident.updated" in stop
    assert "task.completed" not in stop
    api("ticket_admin").post(f"/api/incidents/{incident.pk}/skip/", {"output": {"amount": 2}})
    assert "incident.skipped" in page_of(browser, "incident", incident.pk)


def test_a_run_without_a_ticket(api, browser):
    workflow = api("workflow_creator").get("/api/workflow/workflows/").json()["results"][0]["id"]
    run = api("ticket_admin").post(f"/api/workflow/workflows/{workflow}/execute/", {"input": {"what": "x"}}).json()
    assert "execution.opened" in page_of(browser, "workflowinstance", run["id"])
    task = TaskInstance.objects.get(instance=run["id"])
    assert f"Execution: execution {run['id']}" in page_of(browser, "taskinstance", task.pk)


def test_nothing_can_be_written(browser, open_ticket):
    ticket = open_ticket("roof", 0.5)
    rows = {
        "ticket": ticket["id"],
        "workflowinstance": Ticket.objects.get().instance_id,
        "taskinstance": ticket["open_tasks"][0]["id"],
        "incident": Incident.objects.get().pk,
    }
    before = History.objects.count()
    for kind, pk in rows.items():
        assert browser.get(f"{PAGES}{kind}/add/").status_code == 403
        assert browser.get(f"{PAGES}{kind}/{pk}/delete/").status_code == 403
        assert browser.send(f"{PAGES}{kind}/{pk}/change/", {"status": "COMPLETED"}, at="/admin/").status_code == 403
        assert "action-select" not in browser.get(f"{PAGES}{kind}/").content.decode()
    assert History.objects.count() == before


def test_statements_of_lists_do_not_grow(browser, open_ticket):
    counts: dict[str, set[int]] = {}
    for number in range(3):
        open_ticket(f"roof {number}", 0.5)
        open_ticket(f"cellar {number}", 2)
        for kind in ("ticket", "workflowinstance", "taskinstance", "incident"):
            with CaptureQueriesContext(connection) as captured:
                browser.get(f"{PAGES}{kind}/")
            counts.setdefault(kind, set()).add(len(captured))
    assert {kind: len(found) for kind, found in counts.items()} == dict.fromkeys(counts, 1)


def test_used_of_the_plan(api, open_ticket):
    before = api("admin").get("/api/company/").json()["used"]["executions_per_month"]
    open_ticket("roof")
    assert (before, api("admin").get("/api/company/").json()["used"]["executions_per_month"]) == (0, 1)


# --- the platform ---


@pytest.fixture
def operator(acme):
    connection.set_schema_to_public()
    user = User(email="op@example.com", system_roles=["admin"])
    user.set_password(PASSWORD)
    user.save()
    connection.set_tenant(acme)
    browser = Here("localhost")
    assert browser.sign_in("op@example.com").status_code == 302
    return browser


def test_operators_see_numbers_and_nothing_else(operator, open_ticket, acme, globex):
    open_ticket("roof", 0.5)
    open_ticket("cellar", 2)
    open_ticket("door", 1)
    text = text_of(operator.get(f"/admin/tenants/company/{acme.pk}/change/"))
    assert (
        "active people: 5 workflows: 1 executions this month: 3 tickets: 3 open tickets: 2 "
        "tickets stopped by incidents: 1 open tasks: 1 unresolved incidents: 1" in text
    )
    for secret in ("roof", "cellar", "Watch", "uma@acme.example"):
        assert secret not in text
    assert "tickets: 0 open tickets: 0" in text_of(operator.get(f"/admin/tenants/company/{globex.pk}/change/"))
    assert operator.get(f"{PAGES}ticket/").status_code == 404


def test_numbers_of_a_company_without_its_schema(operator, globex):
    """`public` does not answer for it."""
    with connection.cursor() as cursor:
        cursor.execute("ALTER SCHEMA globex RENAME TO gone")
    assert "Its schema is missing." in text_of(operator.get(f"/admin/tenants/company/{globex.pk}/change/"))
