"""POST /api/login/."""

import pytest
from django.db import connection
from django_tenants.utils import tenant_context

from core.models import History
from tests.people import PASSWORD, person
from users.models import TokenFamily, User

WRONG = {
    "type": "client_error",
    "errors": [{"code": "authentication_failed", "detail": "Wrong email address or password.", "attr": None}],
}


@pytest.fixture
def alice(acme):
    return person("workflow_creator", acme)


@pytest.fixture
def nobody(api):
    return api(None)


def login(caller, email="alice@acme.example", password=PASSWORD):
    return caller.post("/api/login/", {"email": email, "password": password})


def test_answers_with_tokens_and_the_person(nobody, alice):
    answer = login(nobody)
    body = answer.json()
    assert answer.status_code == 200
    assert set(body) == {"access", "refresh", "user"}
    assert body["user"] == {
        "id": alice.pk,
        "email": "alice@acme.example",
        "first_name": "Alice",
        "last_name": "",
        "system_roles": ["workflow_creator"],
        "company_roles": ["everyone"],
    }
    me = nobody.get("/api/me/", headers={"authorization": f"Bearer {body['access']}"})
    assert me.json()["email"] == "alice@acme.example"


def test_takes_the_address_in_any_case(nobody, alice):
    assert login(nobody, " Alice@ACME.example ").status_code == 200


def test_works_by_path(api, alice, acme):
    assert login(api(None, by="path")).status_code == 200
    assert (
        api(None).post(f"/api/tenants/{acme.pk}/login/", {"email": alice.email, "password": PASSWORD}).json()["access"]
    )


@pytest.mark.parametrize(
    "email, password",
    [
        ("alice@acme.example", PASSWORD + "x"),
        ("alice@acme.example", f" {PASSWORD}"),
        ("nobody@acme.example", PASSWORD),
        ("not an address", PASSWORD),
    ],
)
def test_one_answer_for_whatever_is_wrong(nobody, alice, email, password):
    answer = login(nobody, email, password)
    assert (answer.status_code, answer.json()) == (401, WRONG)
    with tenant_context(nobody.company):
        assert TokenFamily.objects.count() == 0
        assert User.objects.get(pk=alice.pk).last_login is None


def test_a_disabled_person_gets_it_too(nobody, alice, acme):
    with tenant_context(acme):
        User.objects.filter(pk=alice.pk).update(is_active=False)
    answer = login(nobody)
    assert (answer.status_code, answer.json()) == (401, WRONG)


def test_a_person_without_a_password_gets_it_too(nobody, alice, acme):
    with tenant_context(acme):
        alice.set_unusable_password()
        alice.save()
    assert login(nobody).json() == WRONG
    assert login(nobody, password=alice.password).json() == WRONG


def test_people_of_another_company_are_unknown(api, alice, globex):
    assert login(api(None, globex)).json() == WRONG


def test_operators_are_unknown(nobody):
    connection.set_schema_to_public()
    user = User(email="op@example.com")
    user.set_password(PASSWORD)
    user.save()
    assert login(nobody, "op@example.com").json() == WRONG


def test_not_on_the_public_host(public):
    assert login(public).status_code == 404


def test_a_suspended_company_lets_nobody_in(nobody, alice, acme):
    acme.is_active = False
    acme.save()
    answer = login(nobody)
    assert answer.status_code == 403
    assert answer.json()["errors"][0]["code"] == "company_suspended"


def test_the_eleventh_wrong_password_of_a_minute_is_refused(nobody, alice, settings):
    settings.THROTTLE_BAD_PASSWORDS = "10/day"
    assert [login(nobody, password="wrong").status_code for _ in range(11)] == [401] * 10 + [429]
    refused = login(nobody)
    assert refused.status_code == 429
    assert 1 <= int(refused.headers["Retry-After"]) <= 86_400


def test_right_passwords_and_other_addresses_do_not_count(nobody, alice, settings):
    settings.THROTTLE_BAD_PASSWORDS = "2/day"
    assert [login(nobody).status_code for _ in range(4)] == [200] * 4
    assert [login(nobody, f"x{i}@acme.example").status_code for i in range(4)] == [401] * 4


@pytest.mark.parametrize(
    "body, attr",
    [
        ({}, "email"),
        ({"email": "a@b.example"}, "password"),
        ({"email": 1, "password": "x"}, "email"),
        ({"email": "a@b.example", "password": ["x"]}, "password"),
        ({"email": "a@b.example", "password": "x" * 1025}, "password"),
        ([], None),
    ],
)
def test_a_malformed_body(nobody, body, attr):
    answer = nobody.post("/api/login/", body)
    assert answer.status_code == 400
    assert attr in [error["attr"] for error in answer.json()["errors"]]


def test_writes_no_history_and_remembers_when(nobody, alice, acme):
    with tenant_context(acme):
        before = History.objects.count()
        login(nobody)
        assert History.objects.count() == before
        assert User.objects.get(pk=alice.pk).last_login is not None


def test_a_schema_that_is_missing_is_no_way_in(nobody, alice, acme):
    """PostgreSQL would look the person up in `public`."""
    connection.set_schema_to_public()
    operator = User(email=alice.email)
    operator.set_password(PASSWORD)
    operator.save()
    with connection.cursor() as cursor:
        cursor.execute("ALTER SCHEMA acme RENAME TO elsewhere")
    assert login(nobody).json() == WRONG


def test_a_table_that_is_missing_is_no_way_in(nobody, alice, acme):
    connection.set_schema_to_public()
    operator = User(email=alice.email)
    operator.set_password(PASSWORD)
    operator.save()
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE acme.users RENAME TO elsewhere")
    assert login(nobody).json() == WRONG
