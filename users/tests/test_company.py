"""GET PATCH /api/company/."""

import pytest
from django_tenants.utils import tenant_context

from core.models import History
from tenants.models import Company, Plan
from users import usage

pytestmark = pytest.mark.usefixtures("cast")


@pytest.fixture
def ada(api):
    return api("admin")


def test_everybody_sees_it(api, acme):
    body = api(()).get("/api/company/").json()
    assert body.pop("created_at") <= body.pop("updated_at")
    none = {"workflows": None, "agents": None, "executions_per_month": None}
    assert body == {
        "id": acme.pk,
        "uuid": str(acme.uuid),
        "name": "Acme",
        "slug": "acme",
        "domain": "acme.localhost",
        "plan": "ENTERPRISE",
        "limits": none,
        "used": {"workflows": 0, "agents": 0, "executions_per_month": 0},
    }
    assert api(None).get("/api/company/").status_code == 401


def test_limits_and_use(ada, acme, monkeypatch):
    acme.plan = Plan.objects.get(key="GROWTH")
    acme.save()
    monkeypatch.setitem(usage.counters, "workflows", lambda: 3)
    body = ada.get("/api/company/").json()
    assert body["plan"] == "GROWTH"
    assert body["limits"] == {"workflows": 10, "agents": 5, "executions_per_month": 1000}
    assert body["used"] == {"workflows": 3, "agents": 0, "executions_per_month": 0}


def test_the_name_is_the_admins_to_change(ada, acme):
    answer = ada.patch("/api/company/", {"name": " Acme & Sons ", "slug": "x", "plan": "FREE", "id": 1})
    assert answer.status_code == 200
    assert answer.json()["name"] == "Acme & Sons"
    company = Company.objects.get(pk=acme.pk)
    assert (company.name, company.slug, company.plan_id) == ("Acme & Sons", "acme", "ENTERPRISE")
    with tenant_context(acme):
        event = History.objects.get(event="company.renamed")
        assert (event.actor_id, event.detail) == (ada.user.pk, {"from": "Acme", "to": "Acme & Sons"})


@pytest.mark.parametrize("role", ["user", "ticket_admin", "task_worker", "workflow_creator"])
def test_and_nobody_elses(api, role, acme):
    assert api(role).patch("/api/company/", {"name": "Mine"}).status_code == 403
    assert Company.objects.get(pk=acme.pk).name == "Acme"


@pytest.mark.parametrize("name", ["", "   ", None, 5, "x" * 101], ids=str)
def test_a_name_is_a_text(ada, acme, name):
    answer = ada.patch("/api/company/", {"name": name})
    assert (answer.status_code, answer.json()["errors"][0]["attr"]) == (400, "name")
    assert Company.objects.get(pk=acme.pk).name == "Acme"


def test_an_empty_patch_changes_nothing(ada, acme):
    assert ada.patch("/api/company/", {}).status_code == 200
    with tenant_context(acme):
        assert not History.objects.filter(event__startswith="company.").exists()


def test_there_is_no_put(ada):
    assert ada.put("/api/company/", {"name": "x"}).status_code == 405
