"""The platform's admin site: companies, host names, plans, operators."""

import pytest
from django.db import connection
from django.test import Client

from core.models import History
from tenants.models import Company, Domain, Plan
from tests.people import PASSWORD
from users.models import User
from users.tests.pages import Browser, text_of


@pytest.fixture(scope="module")
def files_browser(file_db):
    connection.set_schema_to_public()
    user = User(email="op@example.com", system_roles=["admin"])
    user.set_password(PASSWORD)
    user.save()
    browser = Browser("localhost")
    assert browser.sign_in("op@example.com").status_code == 302
    return browser


@pytest.fixture
def browser(acme, files_browser):
    return files_browser.again()


COMPANIES = "/admin/tenants/company/"


def test_what_is_there(browser):
    text = text_of(browser.get("/admin/"))
    for name in ("Companies", "Domains", "Plans", "Users", "History"):
        assert name in text
    assert "Company roles" not in text
    assert browser.get("/admin/users/companyrole/").status_code == 404


def test_suspend_and_resume(browser, acme, globex, api):
    uma = api("user")
    chosen = {"action": "suspend", "_selected_action": [acme.pk]}
    assert browser.send(COMPANIES, chosen).status_code == 302
    assert uma.get("/api/me/").status_code == 403
    assert [company.is_active for company in Company.objects.order_by("pk")] == [False, True]
    event = History.objects.get(event="company.suspended")
    assert (event.actor, event.subject) == ("op@example.com", "acme")
    browser.send(COMPANIES, {**chosen, "action": "resume"})
    assert uma.get("/api/me/").status_code == 200


def test_plan_and_name(browser, acme, api):
    page = f"{COMPANIES}{acme.pk}/change/"
    assert browser.send(page, {"name": "Acme", "plan": "GROWTH", "is_active": "on", "slug": "x"}).status_code == 302
    assert [row.event for row in History.objects.filter(actor="op@example.com")] == ["company.plan_changed"]
    assert api("user").get("/api/company/").json()["limits"]["workflows"] == 10
    assert 'from: "ENTERPRISE"' in text_of(browser.get(page))
    assert browser.get(f"{COMPANIES}add/").status_code == 403
    assert browser.get(f"{COMPANIES}{acme.pk}/delete/").status_code == 403


def test_host_names(browser, acme, globex):
    add = "/admin/tenants/domain/add/"
    assert browser.send(add, {"tenant": acme.pk, "domain": "Desk.Acme.Example"}).status_code == 302
    added = Domain.objects.get(domain="desk.acme.example")
    assert (added.tenant_id, added.is_primary) == (acme.pk, False)
    assert Client(headers={"host": "desk.acme.example:8000"}).get("/api/").json()["company"] == "acme"
    for name, why in [
        ("desk.acme.example", "exists"),
        ("localhost", "public host"),
        ("a b", "without a port"),
        ("x:80", "without a port"),
    ]:
        assert why in text_of(browser.send(add, {"tenant": globex.pk, "domain": name}))
    page = f"/admin/tenants/domain/{added.pk}/"
    assert browser.send(f"{page}change/", {"is_primary": "on"}).status_code == 302
    assert [d.domain for d in Domain.objects.filter(is_primary=True, tenant=acme)] == ["desk.acme.example"]
    there = browser.send(f"{page}delete/", {"post": "yes"})
    assert "primary host name" in text_of(browser.get(there.headers["Location"]))
    old = Domain.objects.get(domain="acme.localhost")
    assert browser.send(f"/admin/tenants/domain/{old.pk}/delete/", {"post": "yes"}).status_code == 302
    assert Client(headers={"host": "acme.localhost"}).get("/api/").status_code == 404
    assert [row.event for row in History.objects.filter(actor="op@example.com").order_by("pk")] == [
        "company.domain_added",
        "company.domain_primary",
        "company.domain_removed",
    ]


def test_plans(browser, acme, api):
    values = {"name": "Growth", "max_workflows": "12", "max_agents": "", "max_executions_per_month": "1000"}
    assert browser.send("/admin/tenants/plan/GROWTH/change/", values).status_code == 302
    plan = Plan.objects.get(key="GROWTH")
    assert (plan.max_workflows, plan.max_agents) == (12, None)
    event = History.objects.get(event="plan.changed")
    assert event.detail == {
        "max_workflows": {"before": 10, "after": 12},
        "max_agents": {"before": 5, "after": None},
    }
    assert "max_workflows: 10 → 12" in text_of(browser.get("/admin/tenants/plan/GROWTH/change/"))
    assert browser.send("/admin/tenants/plan/add/", {"key": "TRIAL", "name": "Trial"}).status_code == 302
    assert Plan.objects.get(key="TRIAL").max_workflows is None
    assert "negative" not in text_of(browser.get("/admin/tenants/plan/"))
    refused = browser.send("/admin/tenants/plan/TRIAL/change/", {"name": "Trial", "max_workflows": "-1"})
    assert "greater than or equal to 0" in text_of(refused)


def test_the_last_operator_stays(browser):
    pk = User.objects.get().pk
    page = browser.send(f"/admin/users/user/{pk}/change/", {"email": "op@example.com"})
    assert "last active admin" in text_of(page)
    assert User.objects.get().is_active is True
    assert browser.get("/admin/users/user/add/").status_code == 403
