"""A company whose schema, or the table of whose people, is not there: never does `public` answer in its place."""

import os
import re

import pytest
from django.contrib.auth.hashers import make_password
from django.db import connection
from django.test import Client

from tests.people import PASSWORD
from tests.routes import COMPANY_CALLS
from tests.turns import in_turn
from users.models import SystemRole, User

# In how many ways a call is sent: by host, by path (one in turn unless set, both in `make evidence`).
ODD_VALUES = int(os.environ.get("ODD_VALUES", "1"))
OPERATOR = "operator0@platform.example"


def execute(statement):
    with connection.cursor() as cursor:
        cursor.execute(statement)


@pytest.fixture(
    params=["DROP SCHEMA acme CASCADE", "ALTER SCHEMA acme RENAME TO lost", "DROP TABLE acme.users CASCADE"]
)
def broken(request, api):
    """Signed-in people of acme, from before the accident; operators exist, with every role, under the same ids."""
    callers = [api(tuple(SystemRole.values)), api(tuple(SystemRole.values), by="path")]
    connection.set_schema_to_public()
    for number in range(5):
        User.objects.create(
            id=callers[0].user.pk + number,
            email=f"operator{number}@platform.example",
            password=make_password(PASSWORD),
            system_roles=SystemRole.values,
        )
    # The worst case: even the sign-ins of acme's people are known in public.
    execute("INSERT INTO public.token_families SELECT * FROM acme.token_families")
    execute("SET CONSTRAINTS ALL IMMEDIATE")
    execute(request.param)
    return callers


def sign_in(host, email, password=PASSWORD):
    return Client().post(
        "/api/login/",
        {"email": email, "password": password},
        content_type="application/json",
        headers={"host": host},
    )


def test_operators_do_not_get_in(broken, globex):
    unknown = sign_in("globex.localhost", "nobody@globex.example")
    assert unknown.status_code == 401
    for email in (OPERATOR, broken[0].user.email, "nobody@acme.example"):
        answer = sign_in("acme.localhost", email)
        assert (answer.status_code, answer.json()) == (401, unknown.json())


def test_no_call_answers_from_public(broken):
    signed_in = 0
    for place, (method, route) in enumerate(sorted(COMPANY_CALLS)):
        if not route.startswith("/api/") or route.endswith(("/schema/", "/docs/", "/redoc/", "/api/")):
            continue
        path = re.sub("<[a-z_]+>", str(broken[0].user.pk), route)
        for caller in in_turn(broken, place, ODD_VALUES):
            answer = caller.call(method, path, {} if method in ("POST", "PUT", "PATCH") else None)
            assert b"platform.example" not in answer.content, (method, path)
            # A callback asks for no person, but for a task: there is none.
            expected = (404,) if "/callbacks/" in route else (400, 401, 204, 405)
            assert answer.status_code in expected, (method, path, answer.status_code)
            signed_in += answer.status_code == 401
    assert signed_in > 50
    connection.set_schema_to_public()
    assert User.objects.count() == 5
    assert User.objects.get(email=OPERATOR).last_login is None


def test_other_companies_go_on(broken, api, globex):
    assert api("admin", globex).get("/api/me/").status_code == 200
