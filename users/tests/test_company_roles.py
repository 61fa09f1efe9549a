"""/api/company-roles/."""

import pytest
from django_tenants.utils import tenant_context

from core.models import History
from users.models import CompanyRole
from users.services import roles

pytestmark = pytest.mark.usefixtures("cast")


@pytest.fixture
def ada(api):
    return api("admin")


@pytest.fixture
def everyone(acme):
    with tenant_context(acme):
        return CompanyRole.objects.get(name="everyone")


def make(caller, name="buyer", **values):
    return caller.post("/api/company-roles/", {"name": name, **values})


def test_every_company_has_everyone(ada, everyone):
    body = ada.get("/api/company-roles/").json()
    assert [row["name"] for row in body["results"]] == ["everyone"]


def test_create(ada, acme):
    answer = make(ada, " Buyer ", description="Buys.")
    assert answer.status_code == 201
    body = answer.json()
    assert {key: body[key] for key in body if not key.endswith("_at")} == {
        "id": body["id"],
        "name": "Buyer",
        "description": "Buys.",
        "company": "acme",
        "created_by": ada.user.pk,
    }
    with tenant_context(acme):
        event = History.objects.get(event="company_role.created")
        assert (event.actor_id, event.subject_id, event.subject) == (ada.user.pk, body["id"], "Buyer")


@pytest.mark.parametrize("name", ["", "  ", None, 7, "x" * 101, "Everyone", "BUYER"], ids=str)
def test_refused(ada, acme, name):
    make(ada)
    with tenant_context(acme):
        before = (CompanyRole.objects.count(), History.objects.count())
    answer = make(ada, name)
    assert (answer.status_code, answer.json()["errors"][0]["attr"]) == (400, "name")
    with tenant_context(acme):
        assert (CompanyRole.objects.count(), History.objects.count()) == before


def test_everybody_reads_admins_write(api, acme):
    uma, pk = api("user"), make(api("admin")).json()["id"]
    assert uma.get("/api/company-roles/").json()["count"] == 2
    assert uma.get(f"/api/company-roles/{pk}/").json()["name"] == "buyer"
    for method, path in [
        ("POST", "/api/company-roles/"),
        ("PATCH", f"/api/company-roles/{pk}/"),
        ("PUT", f"/api/company-roles/{pk}/"),
        ("DELETE", f"/api/company-roles/{pk}/"),
    ]:
        assert uma.call(method, path, {"name": "x"}).status_code == 403
    assert api(None).get("/api/company-roles/").status_code == 401
    with tenant_context(acme):
        assert CompanyRole.objects.get(pk=pk).name == "buyer"


def test_rename_takes_people_along(ada, api):
    uma, pk = api("user"), make(ada).json()["id"]
    ada.patch(f"/api/users/{uma.user.pk}/", {"company_roles": ["buyer"]})
    answer = ada.patch(f"/api/company-roles/{pk}/", {"name": "purchaser"})
    assert (answer.status_code, answer.json()["name"]) == (200, "purchaser")
    assert uma.get("/api/me/").json()["company_roles"] == ["everyone", "purchaser"]


def test_put_replaces(ada):
    pk = make(ada, description="Buys.").json()["id"]
    assert ada.put(f"/api/company-roles/{pk}/", {"name": "buyer"}).json()["description"] == ""


def test_everyone_stays(ada, everyone, acme):
    for method, body in [("PATCH", {"description": "x"}), ("PUT", {"name": "all"}), ("DELETE", None)]:
        answer = ada.call(method, f"/api/company-roles/{everyone.pk}/", body)
        assert (answer.status_code, answer.json()["errors"][0]["code"]) == (409, "everyone")
    with tenant_context(acme):
        assert CompanyRole.objects.get(pk=everyone.pk).description == everyone.description


def test_delete(ada, acme):
    pk = make(ada).json()["id"]
    assert ada.delete(f"/api/company-roles/{pk}/").status_code == 204
    assert ada.get(f"/api/company-roles/{pk}/").status_code == 404
    assert ada.delete(f"/api/company-roles/{pk}/").status_code == 404
    with tenant_context(acme):
        assert History.objects.get(event="company_role.deleted").detail == {"name": "buyer", "description": ""}


def test_a_role_that_somebody_has_stays(ada, api, acme):
    uma, pk = api("user"), make(ada).json()["id"]
    ada.patch(f"/api/users/{uma.user.pk}/", {"company_roles": ["buyer"]})
    answer = ada.delete(f"/api/company-roles/{pk}/")
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (409, "in_use")
    assert uma.get("/api/me/").json()["company_roles"] == ["everyone", "buyer"]


def test_a_role_that_a_definition_names_stays(ada, monkeypatch):
    pk = make(ada).json()["id"]
    monkeypatch.setattr(roles, "uses", [lambda name: ["ticket type Purchase"] if name == "buyer" else []])
    for method, body in [("DELETE", None), ("PATCH", {"name": "purchaser"})]:
        answer = ada.call(method, f"/api/company-roles/{pk}/", body)
        assert (answer.status_code, answer.json()["errors"][0]["code"]) == (409, "in_use")
        assert "ticket type Purchase" in answer.json()["errors"][0]["detail"]
    assert ada.patch(f"/api/company-roles/{pk}/", {"description": "Buys."}).status_code == 200


def test_another_companys_are_not_there(ada, api, globex):
    pk = make(api("admin", globex)).json()["id"]
    with tenant_context(globex):
        CompanyRole.objects.filter(pk=pk).update(id=999)
    assert ada.get("/api/company-roles/999/").status_code == 404
    assert ada.delete("/api/company-roles/999/").status_code == 404


def test_search_and_order(ada):
    make(ada, "buyer")
    make(ada, "seller")
    found = ada.get("/api/company-roles/", {"search": "ell", "ordering": "-name"}).json()
    assert [row["name"] for row in found["results"]] == ["seller"]
    assert ada.get("/api/company-roles/", {"ordering": "description"}).status_code == 400
