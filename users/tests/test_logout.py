"""POST /api/logout/."""

import pytest
from django_tenants.utils import tenant_context

from tests.people import PASSWORD, Caller, person
from users.models import TokenFamily
from users.tests.test_authentication import INVALID, me
from users.tests.test_refresh import refresh

pytestmark = pytest.mark.usefixtures("cast")


@pytest.fixture
def nobody(api):
    return api(None)


@pytest.fixture
def sign_in(nobody):
    def signed_in(role, company):
        user = person(role, company)
        answer = nobody if company is nobody.company else Caller(company)
        return answer.post("/api/login/", {"email": user.email, "password": PASSWORD}).json()

    return signed_in


def logout(caller, access, token):
    return caller.post("/api/logout/", {"refresh": token}, headers={"authorization": f"Bearer {access}"})


def test_ends_the_family(nobody, sign_in, acme):
    here, there = sign_in("user", acme), sign_in("user", acme)
    assert me(nobody, here["access"]).status_code == 200
    answer = logout(nobody, here["access"], here["refresh"])
    assert (answer.status_code, answer.content) == (204, b"")
    assert me(nobody, here["access"]).json() == INVALID
    assert refresh(nobody, here["refresh"]).json() == INVALID
    assert me(nobody, there["access"]).status_code == 200
    assert refresh(nobody, there["refresh"]).status_code == 200


def test_ends_another_of_ones_own_sign_ins(nobody, sign_in, acme):
    here, there = sign_in("user", acme), sign_in("user", acme)
    assert logout(nobody, here["access"], there["refresh"]).status_code == 204
    assert me(nobody, there["access"]).json() == INVALID
    assert me(nobody, here["access"]).status_code == 200


def test_a_used_refresh_token_ends_its_family_too(nobody, sign_in, acme):
    here = sign_in("user", acme)
    new = refresh(nobody, here["refresh"]).json()
    assert logout(nobody, new["access"], here["refresh"]).status_code == 204
    assert me(nobody, new["access"]).json() == INVALID


def test_not_with_anothers_token(nobody, sign_in, acme, globex):
    uma, will, foreign = sign_in("user", acme), sign_in("task_worker", acme), sign_in("user", globex)
    for token in (will["refresh"], foreign["refresh"], uma["access"], "x"):
        answer = logout(nobody, uma["access"], token)
        assert answer.status_code == 400
        assert answer.json() == {
            "type": "validation_error",
            "errors": [{"code": "invalid", "detail": "This is not a refresh token of yours.", "attr": "refresh"}],
        }
    with tenant_context(acme):
        assert not TokenFamily.objects.filter(revoked_at__isnull=False).exists()
    assert refresh(nobody, will["refresh"]).status_code == 200


def test_only_signed_in(nobody, sign_in, acme):
    here = sign_in("user", acme)
    assert nobody.post("/api/logout/", {"refresh": here["refresh"]}).status_code == 401
    assert refresh(nobody, here["refresh"]).status_code == 200


def test_needs_the_token(nobody, sign_in, acme):
    here = sign_in("user", acme)
    answer = nobody.post("/api/logout/", {}, headers={"authorization": f"Bearer {here['access']}"})
    assert (answer.status_code, answer.json()["errors"][0]["attr"]) == (400, "refresh")
