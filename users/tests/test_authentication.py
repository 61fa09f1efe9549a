"""What a token is good for, and until when."""

import base64
import json
import time
from datetime import timedelta
from types import SimpleNamespace

import jwt
import pytest
from django.conf import settings as django_settings
from django.db import connection
from django_tenants.utils import tenant_context

from core.models import Actor
from tests.people import CAST
from users import authentication
from users.models import TokenFamily, User
from users.services.people import person_update
from users.tokens import start_family

pytestmark = pytest.mark.usefixtures("cast")

INVALID = {
    "type": "client_error",
    "errors": [{"code": "token_not_valid", "detail": "The token is invalid or expired.", "attr": None}],
}
MISSING = {
    "type": "client_error",
    "errors": [{"code": "not_authenticated", "detail": "Authentication credentials were not provided.", "attr": None}],
}


@pytest.fixture
def ada(api):
    return api("admin")


def claims(token):
    return jwt.decode(token, options={"verify_signature": False})


def signed(key=django_settings.SECRET_KEY, algorithm="HS256", **values):
    return jwt.encode(values, key, algorithm=algorithm)


def me(caller, token):
    return caller.get("/api/me/", headers={"authorization": f"Bearer {token}"})


def test_a_token_names_its_company_and_family(ada, acme):
    found = claims(ada.access)
    assert found["tid"] == str(acme.uuid)
    assert found["sub"] == str(ada.user.pk)
    assert found["token_type"] == "access"
    assert found["exp"] - found["iat"] == 15 * 60
    with tenant_context(acme):
        assert TokenFamily.objects.get(pk=found["fam"]).user_id == ada.user.pk


@pytest.mark.parametrize("header", ["", "Basic YTpi", "Token abc"])
def test_no_token(api, header):
    answer = api(None).get("/api/me/", headers={"authorization": header} if header else {})
    assert (answer.status_code, answer.json()) == (401, MISSING)
    assert answer.headers["WWW-Authenticate"] == 'Bearer realm="api"'


@pytest.mark.parametrize("header", ["Bearer", "Bearer a b", "Bearer x", "Bearer ....", "bearer \u00e9"])
def test_no_token_at_all(api, header):
    answer = api(None).get("/api/me/", headers={"authorization": header})
    assert (answer.status_code, answer.json()) == (401, INVALID)


def test_the_scheme_may_be_written_small(api, ada):
    assert api(None).get("/api/me/", headers={"authorization": f"bearer {ada.access}"}).status_code == 200


@pytest.mark.parametrize(
    "change",
    [
        {"tid": "00000000-0000-4000-8000-000000000000"},
        {"tid": None},
        {"fam": "00000000-0000-4000-8000-000000000000"},
        {"fam": "x"},
        {"fam": 7},
        {"sub": "x"},
        {"sub": "999999999999999999999999999"},
        {"sub": None},
        {"token_type": "refresh"},
        {"exp": 1},
        {"exp": None},
    ],
    ids=str,
)
def test_signed_but_wrong(api, ada, change):
    values = {key: value for key, value in {**claims(ada.access), **change}.items() if value is not None}
    answer = me(api(None), signed(**values))
    assert (answer.status_code, answer.json()) == (401, INVALID)


def test_forged(api, ada):
    values = claims(ada.access)
    head, body, tail = ada.access.split(".")
    none = base64.urlsafe_b64encode(json.dumps({"alg": "none", "typ": "JWT"}).encode()).rstrip(b"=").decode()
    other_key = signed(key="x" * 32, **values)
    other_algorithm = signed(algorithm="HS512", key=django_settings.SECRET_KEY * 2, **values)
    changed = f"{head}.{body}.{tail[:-4]}{'AAAA' if tail[-4:] != 'AAAA' else 'BBBB'}"
    for token in (f"{none}.{body}.", other_key, other_algorithm, changed):
        assert me(api(None), token).json() == INVALID


def test_expired(api, ada):
    values = claims(ada.access)
    assert me(api(None), signed(**{**values, "exp": int(time.time()) - 1})).json() == INVALID


def test_not_in_another_company(api, ada, globex):
    """The same ids are in both companies."""
    with tenant_context(globex):
        other = User.objects.create(pk=ada.user.pk, email="ada@globex.example")
        pair = start_family(other)
    assert me(api(None, globex), pair["access"]).status_code == 200
    assert me(api(None, globex), ada.access).json() == INVALID
    assert me(api(None, globex, by="path"), ada.access).json() == INVALID
    assert me(ada, pair["access"]).json() == INVALID


def test_not_with_another_companys_family(api, ada, globex):
    """Even signed by us with this company's uuid."""
    other = api("admin", globex)
    assert me(ada, signed(**{**claims(other.access), "tid": claims(ada.access)["tid"]})).json() == INVALID


def test_a_family_of_somebody_else(api, ada):
    values = {**claims(ada.access), "sub": str(api("user").user.pk)}
    assert me(ada, signed(**values)).json() == INVALID


def test_the_path_says_whose_company_it_is(api, ada, globex):
    """On globex's host, the path names acme: path beats host."""
    by_path = api(None, globex).call(
        "GET", "/api/tenants/acme/me/", headers={"authorization": f"Bearer {ada.access}", "host": "globex.localhost"}
    )
    assert by_path.json()["email"] == "ada@acme.example"


def test_a_disabled_person(ada, api, acme):
    uma = api("user")
    assert uma.get("/api/me/").status_code == 200
    ada.patch(f"/api/users/{uma.user.pk}/", {"is_active": False})
    assert uma.get("/api/me/").json() == INVALID
    ada.patch(f"/api/users/{uma.user.pk}/", {"is_active": True})
    assert uma.get("/api/me/").json() == INVALID, "what was ended stays ended"


def test_a_removed_role(ada, api):
    second = api(("admin", "user"))
    assert second.get("/api/users/").status_code == 200
    ada.patch(f"/api/users/{second.user.pk}/", {"system_roles": ["user"]})
    assert second.get("/api/users/").status_code == 403
    assert second.get("/api/me/").status_code == 200


def test_a_suspended_company(ada, acme):
    acme.is_active = False
    acme.save()
    answer = ada.get("/api/me/")
    assert answer.status_code == 403
    assert answer.json()["errors"] == [
        {"code": "company_suspended", "detail": "This company is suspended.", "attr": None}
    ]
    acme.is_active = True
    acme.save()
    assert ada.get("/api/me/").status_code == 200


def test_a_schema_that_is_missing(ada, acme):
    """The look-up would go on in `public`, where the same person and family may stand."""
    with tenant_context(acme):
        family = TokenFamily.objects.get(user=ada.user)
    connection.set_schema_to_public()
    operator = User.objects.create(pk=ada.user.pk, email="op@example.com")
    TokenFamily.objects.create(pk=family.pk, user=operator, expires_at=family.expires_at)
    with connection.cursor() as cursor:
        cursor.execute("ALTER SCHEMA acme RENAME TO elsewhere")
    assert ada.get("/api/me/").json() == INVALID


def test_a_table_that_is_missing(ada, acme):
    connection.set_schema_to_public()
    User.objects.create(pk=ada.user.pk, email="op@example.com")
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE acme.token_families RENAME TO elsewhere")
    assert ada.get("/api/me/").json() == INVALID


def test_two_statements_whatever_the_number_of_rows(ada, acme, django_assert_num_queries):
    ada.get("/api/users/")
    with django_assert_num_queries(2):
        assert ada.get("/api/users/").json()["count"] == len(CAST)
    with tenant_context(acme):
        User.objects.bulk_create(User(email=f"p{i}@acme.example") for i in range(60))
    with django_assert_num_queries(2):
        assert len(ada.get("/api/users/").json()["results"]) == 50


def test_the_person_has_all_their_fields(ada, acme):
    """What authentication does not read is read when it is asked for."""
    with tenant_context(acme):
        person_update(actor=Actor(), pk=ada.user.pk, last_name="Lovelace")
    answer = ada.get("/api/me/").json()
    assert (answer["first_name"], answer["last_name"]) == ("Ada", "Lovelace")


def test_a_token_that_was_good_ends_with_its_time(ada, monkeypatch):
    assert me(ada, ada.access).status_code == 200
    later = time.time() + timedelta(minutes=15, seconds=1).total_seconds()
    monkeypatch.setattr(authentication, "time", SimpleNamespace(time=lambda: later))
    answer = me(ada, ada.access)
    assert (answer.status_code, answer.json()) == (401, INVALID)


def test_a_token_that_was_good_is_none_in_another_company(ada, api, globex):
    assert me(ada, ada.access).status_code == 200
    answer = me(api("admin", globex), ada.access)
    assert (answer.status_code, answer.json()) == (401, INVALID)
