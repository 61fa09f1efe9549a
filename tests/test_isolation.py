"""One company's people can do nothing at another: every call, with every way there is to get there.

Both companies hold the same rows with the same ids, so that whatever came from the wrong place would fit.
"""

from __future__ import annotations

import os
from typing import Any

import pytest
from django.conf import settings
from django.db import connection
from django.test import Client
from django_tenants.utils import tenant_context

from tenants.models import Company
from tests.people import PASSWORD, Caller, signed_in
from tests.routes import Scene, a_run, patterns, written
from tests.test_permissions import COMPANY, OPEN, PUBLIC, ROLES, filled
from tests.turns import in_turn
from users.models import User

ODD_VALUES = int(os.environ.get("ODD_VALUES", "1"))
MARKS = {"acme": "acme-secret", "globex": "globex-secret", "public": "operator-secret"}
CLOSED = [key for key, call in COMPANY.items() if call.roles != OPEN]
OPEN_CALLS = [key for key, call in COMPANY.items() if call.roles == OPEN]
NOT_FOUND = {"type": "client_error", "errors": [{"code": "not_found", "detail": "Not found.", "attr": None}]}
BAD_TOKEN = {
    "type": "client_error",
    "errors": [{"code": "token_not_valid", "detail": "The token is invalid or expired.", "attr": None}],
}


def same_ids_from_here(schema: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT sequencename FROM pg_sequences WHERE schemaname = %s", [schema])
        for (name,) in cursor.fetchall():
            cursor.execute(f'ALTER SEQUENCE "{schema}"."{name}" RESTART WITH 7000000')


@pytest.fixture(scope="module")
def both(file_db):
    """In both: a person with every role, and a row of every kind, marked as the company's."""
    found: dict[str, tuple[Caller, Scene]] = {}
    for company in Company.objects.order_by("pk"):
        same_ids_from_here(company.schema_name)
        person = signed_in(ROLES, company)
        with tenant_context(company):
            mark = MARKS[company.slug]
            User.objects.filter(pk=person.user.pk).update(first_name=mark)
            found[company.slug] = (person, Scene(person, person, mark))
    with connection.cursor() as cursor:
        # Acme's sign-in, among globex's: only the company in the token is in the way.
        for table in ("token_families", "refresh_tokens"):
            cursor.execute(f"INSERT INTO globex.{table} SELECT * FROM acme.{table} ON CONFLICT DO NOTHING")
    assert found["acme"][0].user.pk == found["globex"][0].user.pk
    assert found["acme"][1].ids == found["globex"][1].ids
    assert found["acme"][1].tasks == found["globex"][1].tasks
    return found


@pytest.fixture
def companies(both, db):
    return both


def bodies(person: Caller, scene: Scene) -> dict[str, Any]:
    names = {f"<{kind}>": pk for kind, pk in scene.ids.items()}
    assert person.user is not None
    return {
        **names,
        "<refresh>": person.refresh,
        "<all tasks>": scene.tasks,
        "<worker>": person.user.pk,
        "<someone>": person.user.email,
        "<someone's refresh>": person.refresh,
    }


def answers(caller: Caller, scene: Scene, names: dict[str, Any], calls: Any, **options: Any) -> dict[Any, Any]:
    """What each call ends with: the status and the body."""
    found = {}
    for method, route in calls:
        response = caller.call(method, scene.path(route), filled(COMPANY[method, route].body, names), **options)
        for mark in MARKS.values():
            assert mark not in response.content.decode(), f"{method} {route}"
            assert mark not in str(response.headers), f"{method} {route}"
        found[method, route] = (response.status_code, response.json())
    return found


def all_of(calls: Any, status: int, body: Any) -> dict[Any, Any]:
    return dict.fromkeys(calls, (status, body))


WAYS = {
    "the other's host": ("host", {}),
    "path on the public host": ("path", {}),
    "path on one's own host": ("path", {"host": "acme.localhost"}),
    "path on the other's host": ("path", {"host": "globex.localhost"}),
}


@pytest.mark.parametrize("way", WAYS)
def test_a_token_is_good_in_its_own_company_alone(companies, globex, way):
    by, headers = WAYS[way]
    ada, scene = companies["acme"]
    thief = Caller(globex, None, {"access": ada.access, "refresh": ada.refresh}, by=by)
    calls = [key for key in CLOSED if by == "host" or key[1].startswith("/api/")]
    before = written()
    found = answers(thief, scene, bodies(ada, scene), calls, headers=headers)
    assert found == all_of(calls, 401, BAD_TOKEN)
    assert written() == before


def test_a_refresh_token_is_no_access_token_of_another_company(companies, globex):
    """One of the ways for each call."""
    ada, scene = companies["acme"]
    names = bodies(ada, scene)
    before = written()
    for place, key in enumerate(key for key in CLOSED if key[1].startswith("/api/")):
        for by, headers in in_turn(list(WAYS.values()), place, ODD_VALUES):
            thief = Caller(globex, None, {"access": ada.refresh, "refresh": ada.refresh}, by=by)
            assert answers(thief, scene, names, [key], headers=headers) == all_of([key], 401, BAD_TOKEN)
    assert written() == before


@pytest.mark.parametrize("by", ["host", "path"])
def test_sign_in_and_refresh_are_the_companys_own(companies, globex, by):
    ada, _ = companies["acme"]
    thief = Caller(globex, by=by)
    assert thief.post("/api/login/", {"email": ada.user.email, "password": PASSWORD}).status_code == 401
    assert thief.post("/api/token/refresh/", {"refresh": ada.refresh}).json() == BAD_TOKEN
    assert ada.post("/api/token/refresh/", {"refresh": ada.refresh}).status_code == 200


def test_a_token_is_none_on_the_public_host(companies):
    ada, scene = companies["acme"]
    public = Caller(None, None, {"access": ada.access, "refresh": ada.refresh})
    calls = [key for key in COMPANY if key not in PUBLIC]
    before = written()
    assert answers(public, scene, bodies(ada, scene), calls) == all_of(calls, 404, NOT_FOUND)
    assert written() == before


@pytest.mark.parametrize(
    ("prefix", "host"),
    [("/api/", "nobody.localhost"), ("/api/", "globex.example"), ("/api/tenants/nobody/", "acme.localhost")],
)
def test_a_company_that_is_none(companies, prefix, host):
    ada, scene = companies["acme"]
    client = Client(headers={"host": host, "authorization": f"Bearer {ada.access}"})
    before = written()
    for method, route in COMPANY:
        if route.startswith("/api/"):
            response = client.generic(method, scene.path(route).replace("/api/", prefix, 1))
            assert (response.status_code, response.json()) == (404, NOT_FOUND), route
    assert written() == before


def test_foreign_ids_are_unknown_ids(companies):
    """A row that globex alone has is to acme as one that nobody has."""
    ada, scene = companies["acme"]
    carol, _ = companies["globex"]
    theirs = {
        "workflows": carol.post("/api/workflow/workflows/", {"title": "More"}),
        "company-roles": carol.post("/api/company-roles/", {"name": "more"}),
        "users": carol.post("/api/users/", {"email": "more@globex.example", "password": PASSWORD}),
    }
    workflow = theirs["workflows"].json()["id"]
    theirs["tasks"] = carol.post(
        "/api/workflow/tasks/", {"workflow": workflow, "key": "a", "title": "A", "task_type": "FORM"}
    )
    task = theirs["tasks"].json()["id"]
    theirs["transitions"] = carol.post(
        "/api/workflow/transitions/", {"workflow": workflow, "from_task": None, "to_task": task}
    )
    theirs["tickets"] = carol.post("/api/workflow/tickets/", {"workflow": workflow, "title": "More"})
    ids = {kind: response.json()["id"] for kind, response in theirs.items()}
    ids["versions"] = carol.post(f"/api/workflow/workflows/{workflow}/publish/", {}).json()["version"]
    with tenant_context(carol.company):
        ids |= a_run(carol, carol, "more")
    calls = [(method, route) for method, route in CLOSED if "<" in route]
    names = bodies(ada, scene)
    before = written()
    found = {
        host_ids: answers(ada, _with_ids(scene, values), names, calls)
        for host_ids, values in (("theirs", ids), ("nobody's", dict.fromkeys(ids, 999_999_999)))
    }
    assert found["theirs"] == found["nobody's"] == all_of(calls, 404, NOT_FOUND)
    for path, body in (
        ("transitions", {"workflow": scene.ids["workflows"], "from_task": task, "to_task": None}),
        ("transitions", {"workflow": workflow, "from_task": None, "to_task": None}),
        ("tasks", {"workflow": workflow, "title": "A", "task_type": "FORM"}),
        ("tickets", {"workflow": workflow, "title": "A"}),
        ("access", {"ticket_definition": ids["tickets"], "role": "everyone"}),
    ):
        assert ada.post(f"/api/workflow/{path}/", body).status_code == 400, path
    assert written() == before


def _with_ids(scene: Scene, ids: dict[str, int]) -> Scene:
    twin = object.__new__(Scene)
    twin.mark, twin.tasks, twin.ids = scene.mark, scene.tasks, ids
    return twin


# --- sessions ---


@pytest.fixture
def cookie(companies):
    """Of acme's admin, signed in at acme's admin site."""
    ada, _ = companies["acme"]
    client = Client(headers={"host": "acme.localhost"})
    response = client.post("/admin/login/", {"username": ada.user.email, "password": PASSWORD})
    assert response.status_code == 302
    assert client.get("/admin/").status_code == 200
    return client.cookies["sessionid"].value


@pytest.mark.parametrize("host", ["globex.localhost", "localhost"])
def test_a_session_is_good_in_its_own_company_alone(companies, cookie, host):
    """Pages of the admin lead to the sign-in."""
    client = Client(headers={"host": host})
    client.cookies["sessionid"] = cookie
    urlconf = settings.ROOT_URLCONF if host != "localhost" else settings.PUBLIC_SCHEMA_URLCONF
    _, scene = companies["globex"]
    before = written()
    pages = [path for path, _ in patterns(urlconf) if path.startswith("/admin/")]
    assert len(pages) > 10
    for page in pages:
        path = page.replace("<path:object_id>", str(scene.ids["users"])).replace("<", "").replace(">", "")
        for method in ("GET", "POST"):
            response = client.generic(method, path)
            text = response.content.decode() + str(response.headers)
            assert not any(mark in text for mark in MARKS.values()), path
            assert response.status_code in (302, 403, 404, 405) or page in PAGES_FOR_ANYONE, (method, path)
    assert written() == before


PAGES_FOR_ANYONE = ("/admin/login/", "/admin/jsi18n/", "/admin/logout/")


@pytest.mark.parametrize("host", ["acme.localhost", "globex.localhost"])
def test_a_session_is_no_token(companies, cookie, host):
    """Not even in its own company: the API knows tokens alone, so no other site's page can use a person's session."""
    _, scene = companies["globex"]
    client = Client(headers={"host": host})
    client.cookies["sessionid"] = cookie
    before = written()
    for method, route in CLOSED:
        assert client.generic(method, scene.path(route)).status_code == 401, route
    assert written() == before


# --- a schema that is missing ---


def twin_in_public(person: Caller) -> None:
    """An operator with the same id, address, password and sign-in: all that a look-up in `public` would find."""
    assert person.user is not None
    with connection.cursor() as cursor:
        for table, key, value in (("users", "id", person.user.pk), ("token_families", "user_id", person.user.pk)):
            cursor.execute(f"INSERT INTO public.{table} SELECT * FROM globex.{table} WHERE {key} = %s", [value])
        cursor.execute("UPDATE public.users SET first_name = %s WHERE id = %s", [MARKS["public"], person.user.pk])


@pytest.mark.parametrize("missing", ["ALTER SCHEMA globex RENAME TO gone", "ALTER TABLE globex.users RENAME TO gone"])
def test_public_never_answers_for_a_company(companies, missing):
    """PostgreSQL looks into `public` for what a company's schema lacks."""
    person, scene = companies["globex"]
    names = bodies(person, scene)
    twin_in_public(person)
    with connection.cursor() as cursor:
        cursor.execute(missing)
    before = written()
    assert answers(person, scene, names, CLOSED) == all_of(CLOSED, 401, BAD_TOKEN)
    assert written() == before
    nobody = Caller(person.company)
    assert nobody.post("/api/login/", {"email": person.user.email, "password": PASSWORD}).status_code == 401
    client = Client(headers={"host": "globex.localhost"})
    response = client.post("/admin/login/", {"username": person.user.email, "password": PASSWORD})
    assert response.status_code == 200
    assert "sessionid" not in client.cookies
