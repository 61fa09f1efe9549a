"""/api/users/: people, made and changed by admins."""

from copy import copy

import pytest
from django_tenants.utils import tenant_context

from core.models import History
from tenants.models import Company
from tests.people import PASSWORD, person, signed_in
from users.models import CompanyRole, User
from users.tests.test_login import login
from users.tests.test_password_links import LINK, confirm, nobody, post  # noqa: F401 - fixtures


@pytest.fixture(scope="module")
def files_ada(file_db):
    """She alone is there, from the beginning."""
    return signed_in("admin", Company.objects.select_related("plan").get(slug="acme"))


@pytest.fixture
def ada(acme, files_ada):
    return copy(files_ada)


@pytest.fixture
def buyer(acme):
    with tenant_context(acme):
        return CompanyRole.objects.create(name="buyer")


def test_create(ada, buyer, acme):
    answer = ada.post(
        "/api/users/",
        {
            "email": "New@Acme.Example",
            "first_name": "Nell",
            "last_name": "Gwyn",
            "system_roles": ["task_worker", "user"],
            "company_roles": ["buyer", "everyone"],
            "password": "a quite long sentence 3",
            "is_superuser": True,
        },
    )
    assert answer.status_code == 201
    body = answer.json()
    assert "password" not in body
    assert {key: body[key] for key in body if not key.endswith("_at")} == {
        "id": body["id"],
        "email": "new@acme.example",
        "first_name": "Nell",
        "last_name": "Gwyn",
        "system_roles": ["user", "task_worker"],
        "company_roles": ["everyone", "buyer"],
        "is_active": True,
        "company": "acme",
        "created_by": ada.user.pk,
    }
    assert login(ada, "new@acme.example", "a quite long sentence 3").status_code == 200
    with tenant_context(acme):
        event = History.objects.get(event="user.created", subject_id=body["id"])
        assert event.actor_id == ada.user.pk
        assert event.detail["company_roles"] == ["buyer"]
        assert "password" not in event.detail


def test_without_a_password_an_invitation_goes_out(ada, post, nobody, mailoutbox):  # noqa: F811
    answer = post(ada, "/api/users/", {"email": "new@acme.example"})
    assert answer.status_code == 201
    assert answer.json()["system_roles"] == []
    (mail,) = mailoutbox
    assert (mail.to, mail.subject) == (["new@acme.example"], "You are invited to Acme")
    assert confirm(nobody, LINK.search(mail.body).groups(), PASSWORD).status_code == 204
    assert login(nobody, "new@acme.example").status_code == 200


def test_invite(ada, post, nobody, buyer, mailoutbox):  # noqa: F811
    answer = post(
        ada,
        "/api/users/invite/",
        {"email": "new@acme.example", "system_roles": ["user"], "company_roles": ["buyer"], "password": "ignored"},
    )
    assert answer.status_code == 201
    assert answer.json()["company_roles"] == ["everyone", "buyer"]
    link = LINK.search(mailoutbox[0].body).groups()
    assert confirm(nobody, link, PASSWORD).status_code == 204
    assert confirm(nobody, link, PASSWORD).status_code == 400
    assert login(nobody, "new@acme.example").status_code == 200


def test_invited_again_is_refused(ada, post, mailoutbox):  # noqa: F811
    assert post(ada, "/api/users/invite/", {"email": "uma@acme.example"}).status_code == 201
    answer = post(ada, "/api/users/invite/", {"email": "UMA@acme.example"})
    assert answer.status_code == 400
    assert answer.json()["errors"] == [
        {"code": "unique", "detail": "Somebody with this email address exists already.", "attr": "email"}
    ]
    assert len(mailoutbox) == 1


@pytest.mark.parametrize(
    "change, attr",
    [
        ({"email": "x"}, "email"),
        ({"email": None}, "email"),
        ({"email": "ada@acme.example"}, "email"),
        ({"email": f"{'x' * 250}@acme.example"}, "email"),
        ({"password": "1234"}, "password"),
        ({"password": None}, "password"),
        ({"system_roles": ["boss"]}, "system_roles.0"),
        ({"system_roles": "admin"}, "system_roles"),
        ({"system_roles": [1]}, "system_roles.0"),
        ({"company_roles": ["nowhere"]}, "company_roles"),
        ({"company_roles": [7]}, "company_roles.0"),
        ({"is_active": "yes"}, "is_active"),
        ({"first_name": 5}, "first_name"),
    ],
    ids=str,
)
def test_refused(ada, acme, change, attr):
    with tenant_context(acme):
        before = (User.objects.count(), History.objects.count())
    answer = ada.post("/api/users/", {"email": "new@acme.example", "password": "a quite long sentence 3", **change})
    assert answer.status_code == 400
    assert attr in [error["attr"] for error in answer.json()["errors"]]
    with tenant_context(acme):
        assert (User.objects.count(), History.objects.count()) == before


def test_patch_changes_what_is_named(ada, api, buyer, acme):
    uma = api("user")
    answer = ada.patch(f"/api/users/{uma.user.pk}/", {"last_name": "Karl", "company_roles": ["buyer"]})
    assert answer.status_code == 200
    assert (answer.json()["first_name"], answer.json()["last_name"]) == ("Uma", "Karl")
    assert answer.json()["company_roles"] == ["everyone", "buyer"]
    with tenant_context(acme):
        event = History.objects.get(event="user.changed")
        assert (event.actor_id, event.subject) == (ada.user.pk, "uma@acme.example")
        assert event.detail == {
            "last_name": {"before": "", "after": "Karl"},
            "company_roles": {"before": [], "after": ["buyer"]},
        }
    assert ada.patch(f"/api/users/{uma.user.pk}/", {"last_name": "Karl"}).status_code == 200
    with tenant_context(acme):
        assert History.objects.filter(event="user.changed").count() == 1, "nothing changed, nothing is told"


def test_put_replaces(ada, api, buyer):
    uma = api("user")
    ada.patch(f"/api/users/{uma.user.pk}/", {"company_roles": ["buyer"], "last_name": "Karl"})
    body = ada.put(f"/api/users/{uma.user.pk}/", {"email": "uma2@acme.example"}).json()
    assert (body["email"], body["last_name"], body["system_roles"], body["company_roles"]) == (
        "uma2@acme.example",
        "",
        [],
        ["everyone"],
    )
    assert ada.put(f"/api/users/{uma.user.pk}/", {}).status_code == 400


def test_a_password_is_not_changed_by_an_admin(ada, api):
    uma = api("user")
    assert ada.patch(f"/api/users/{uma.user.pk}/", {"password": "a quite long sentence 3"}).status_code == 200
    assert login(ada, "uma@acme.example").status_code == 200


def test_nobody_is_deleted(ada, api, acme):
    uma = api("user")
    assert ada.delete(f"/api/users/{uma.user.pk}/").status_code == 405
    with tenant_context(acme):
        assert User.objects.filter(pk=uma.user.pk).exists()


def test_a_taken_address(ada, api):
    uma, _ = api("user"), api("task_worker")
    answer = ada.patch(f"/api/users/{uma.user.pk}/", {"email": "WILL@acme.example"})
    assert (answer.status_code, answer.json()["errors"][0]["attr"]) == (400, "email")


@pytest.mark.parametrize("role", ["user", "ticket_admin", "task_worker", "workflow_creator", ()])
def test_only_admins(api, role, acme):
    caller, other = api(role), person("admin", acme)
    with tenant_context(acme):
        before = History.objects.count()
    for method, path, body in [
        ("GET", "/api/users/", None),
        ("GET", f"/api/users/{other.pk}/", None),
        ("POST", "/api/users/", {"email": "x@acme.example"}),
        ("POST", "/api/users/invite/", {"email": "x@acme.example"}),
        ("PATCH", f"/api/users/{other.pk}/", {"is_active": False}),
        ("PATCH", f"/api/users/{caller.user.pk}/", {"system_roles": ["admin"]}),
        ("PUT", f"/api/users/{other.pk}/", {"email": "x@acme.example"}),
    ]:
        assert caller.call(method, path, body).status_code == 403, (method, path)
    with tenant_context(acme):
        assert History.objects.count() == before
        assert User.objects.count() == 2


def test_unknown_and_anothers(ada, globex):
    with tenant_context(globex):
        foreign = User.objects.create(pk=999, email="x@globex.example")
    for path in ("/api/users/999/", "/api/users/123456789012345678/"):
        answer = ada.get(path)
        assert answer.status_code == 404
        assert answer.json() == {
            "type": "client_error",
            "errors": [{"code": "not_found", "detail": "Not found.", "attr": None}],
        }
        assert ada.patch(path, {"first_name": "x"}).status_code == 404
    assert ada.get("/api/users/abc/").status_code == 404
    with tenant_context(globex):
        assert User.objects.get(pk=foreign.pk).first_name == ""


class TestList:
    """Filters, search and order."""

    @pytest.fixture(autouse=True)
    def _people(self, ada, buyer, acme):
        with tenant_context(acme):
            one = User.objects.create(
                email="jo.smith-jones@shop.example", first_name="Jo", last_name="Smith", system_roles=["user"]
            )
            User.objects.create(email="bo@acme.example", first_name="Bo", last_name="Åkerlund", is_active=False)
            one.company_roles.add(buyer)
        self.ada = ada

    def emails(self, **query):
        answer = self.ada.get("/api/users/", query)
        assert answer.status_code == 200, answer.content
        body = answer.json()
        assert body["count"] == len(body["results"])
        return [row["email"].partition("@")[0] for row in body["results"]]

    @pytest.mark.parametrize(
        "query, found",
        [
            ({}, ["ada", "jo.smith-jones", "bo"]),
            ({"email": "BO@acme.example"}, ["bo"]),
            ({"email": "bo"}, []),
            ({"is_active": "true"}, ["ada", "jo.smith-jones"]),
            ({"is_active": "false"}, ["bo"]),
            ({"system_role": "admin"}, ["ada"]),
            ({"company_role": "buyer"}, ["jo.smith-jones"]),
            ({"company_role": "everyone"}, ["ada", "jo.smith-jones", "bo"]),
            ({"company_role": "nowhere"}, []),
            ({"search": "smi"}, ["jo.smith-jones"]),
            ({"search": "jones shop"}, ["jo.smith-jones"]),
            ({"search": "ACME"}, ["ada", "bo"]),
            ({"search": "åker"}, ["bo"]),
            ({"search": "mith"}, []),
            ({"search": "'&|!:*()"}, []),
            ({"search": "ada", "is_active": "false"}, []),
            ({"ordering": "email"}, ["ada", "bo", "jo.smith-jones"]),
            ({"ordering": "-first_name"}, ["jo.smith-jones", "bo", "ada"]),
            ({"ordering": "last_name,-id"}, ["ada", "jo.smith-jones", "bo"]),
        ],
        ids=str,
    )
    def test_found(self, query, found):
        assert self.emails(**query) == found

    @pytest.mark.parametrize(
        "query, attr",
        [
            ({"is_active": "maybe"}, "is_active"),
            ({"system_role": "boss"}, "system_role"),
            ({"ordering": "password"}, "ordering"),
            ({"limit": "0"}, "limit"),
            ({"offset": "-1"}, "offset"),
        ],
        ids=str,
    )
    def test_refused(self, query, attr):
        answer = self.ada.get("/api/users/", query)
        assert (answer.status_code, answer.json()["errors"][0]["attr"]) == (400, attr)

    def test_pages(self):
        answer = self.ada.get("/api/users/", {"limit": 2, "ordering": "email"}).json()
        assert (answer["count"], answer["previous"], len(answer["results"])) == (3, None, 2)
        assert answer["next"] == "http://acme.localhost/api/users/?ordering=email&limit=2&offset=2"
        last = self.ada.get("/api/users/", {"limit": 2, "offset": 2}).json()
        assert (last["next"], len(last["results"])) == (None, 1)
