"""POST /api/create-company/, and GET /api/ beside it."""

import pytest
from django.db import connection
from django_tenants.utils import tenant_context

from core.models import History
from tenants import spares
from tenants.models import Company, Domain
from tests.people import PASSWORD, Caller
from users.models import SystemRole, TokenFamily, User
from users.tests.test_authentication import me


@pytest.fixture(scope="module", autouse=True)
def _spare(file_db):
    """A schema for the company of each test."""
    spares.fill(1)


ASKED = {"company_name": "Initech", "email": "Bill@Initech.Example", "password": PASSWORD}


def create(caller, **values):
    return caller.post("/api/create-company/", {**ASKED, **values})


def test_the_answer(public):
    answer = create(public, first_name="Bill", last_name="Lumbergh")
    assert answer.status_code == 201
    body = answer.json()
    assert set(body) == {"company", "user", "access", "refresh"}
    company = Company.objects.get(slug="initech")
    assert body["company"] == {
        "id": company.pk,
        "name": "Initech",
        "slug": "initech",
        "domain": "initech.localhost",
        "plan": "ENTERPRISE",
    }
    assert body["user"] == {
        "id": body["user"]["id"],
        "email": "bill@initech.example",
        "first_name": "Bill",
        "last_name": "Lumbergh",
        "system_roles": SystemRole.values,
        "company_roles": ["everyone"],
    }
    there = Caller(company)
    assert me(there, body["access"]).json()["company"] == "initech"
    assert there.post("/api/token/refresh/", {"refresh": body["refresh"]}).status_code == 200
    assert there.post("/api/login/", {"email": ASKED["email"], "password": PASSWORD}).status_code == 200


def test_what_is_written(public):
    create(public)
    company = Company.objects.get(slug="initech")
    assert Domain.objects.get(tenant=company).domain == "initech.localhost"
    with tenant_context(company):
        user = User.objects.get()
        assert user.last_login is not None
        assert TokenFamily.objects.get().user == user
        assert [(event.event, event.actor) for event in History.objects.order_by("pk")] == [
            ("user.created", "bill@initech.example")
        ]
    assert not User.objects.exists(), "nobody has become an operator"


def test_the_token_is_no_good_elsewhere(public, acme):
    body = create(public).json()
    assert me(Caller(acme), body["access"]).status_code == 401


@pytest.mark.parametrize(
    "change, attr",
    [
        ({"company_name": ""}, "company_name"),
        ({"company_name": None}, "company_name"),
        ({"company_name": "x" * 101}, "company_name"),
        ({"slug": "acme"}, "slug"),
        ({"slug": "admin"}, "slug"),
        ({"slug": "pg-x"}, "slug"),
        ({"slug": "Big"}, "slug"),
        ({"slug": "123"}, "slug"),
        ({"slug": ""}, "slug"),
        ({"slug": 5}, "slug"),
        ({"email": "x"}, "email"),
        ({"password": "1234"}, "password"),
        ({"password": ""}, "password"),
        ({"password": "bill@initech.example"}, "password"),
        ({"first_name": []}, "first_name"),
    ],
    ids=str,
)
def test_refused(public, acme, change, attr):
    answer = create(public, **change)
    assert answer.status_code == 400
    assert attr in [error["attr"] for error in answer.json()["errors"]]
    assert [company.slug for company in Company.objects.order_by("pk")] == ["acme", "globex"]
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_namespace WHERE nspname IN ('initech', 'big', '123', 'pg-x')")
        assert cursor.fetchone() == (0,)


def test_closed(public, settings):
    settings.SIGN_UP_OPEN = False
    answer = create(public)
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (403, "sign_up_closed")
    assert not Company.objects.filter(slug="initech").exists()


def test_only_on_the_public_host(api):
    assert create(api(None)).status_code == 404
    assert create(api(None, by="path")).status_code == 404


def test_so_many_an_hour(public, settings):
    settings.THROTTLE_SIGN_UP = "2/day"
    assert [create(public, slug="acme").status_code for _ in range(3)] == [400, 400, 429]
    assert not Company.objects.filter(slug="initech").exists()


def test_what_this_is(public, api, acme):
    body = public.get("/api/").json()
    assert (body["name"], body["company"]) == ("TicketFlower", None)
    assert body["documentation"]["docs"] == "http://localhost/api/docs/"
    body = api(None).get("/api/").json()
    assert body["company"] == "acme"
    assert body["documentation"]["schema"] == "http://acme.localhost/api/schema/"
    body = api(None, by="path").get("/api/").json()
    assert body["company"] == "acme"
    assert body["documentation"]["redoc"] == "http://localhost/api/tenants/acme/redoc/"
