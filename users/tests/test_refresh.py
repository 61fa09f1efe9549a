"""POST /api/token/refresh/ and the families of tokens."""

from datetime import timedelta

import jwt
import pytest
from django.utils import timezone
from django_tenants.utils import tenant_context

from core.models import History
from tests.parallel import at_once
from tests.people import PASSWORD, Caller, person
from users.models import RefreshToken, TokenFamily
from users.tests.test_authentication import INVALID, claims, me


@pytest.fixture
def nobody(api):
    return api(None)


@pytest.fixture
def pair(nobody, acme):
    person("user", acme)
    body = nobody.post("/api/login/", {"email": "uma@acme.example", "password": PASSWORD}).json()
    return {"access": body["access"], "refresh": body["refresh"]}


def refresh(caller, token):
    return caller.post("/api/token/refresh/", {"refresh": token})


def age(acme, **values):
    """Let time go by for the tokens that were used."""
    with tenant_context(acme):
        RefreshToken.objects.filter(rotated_at__isnull=False).update(rotated_at=timezone.now() - timedelta(**values))


def test_gives_a_new_pair_of_the_same_family(nobody, pair, acme):
    answer = refresh(nobody, pair["refresh"])
    assert answer.status_code == 200
    new = answer.json()
    assert set(new) == {"access", "refresh"}
    assert claims(new["refresh"])["fam"] == claims(pair["refresh"])["fam"] == claims(new["access"])["fam"]
    assert claims(new["refresh"])["jti"] != claims(pair["refresh"])["jti"]
    assert me(nobody, new["access"]).status_code == 200
    assert refresh(nobody, new["refresh"]).status_code == 200
    with tenant_context(acme):
        family = TokenFamily.objects.get()
        assert RefreshToken.objects.count() == 3
        assert family.expires_at == RefreshToken.objects.order_by("expires_at").last().expires_at


def test_used_again_at_once_is_refused_and_no_more(nobody, pair, acme):
    new = refresh(nobody, pair["refresh"]).json()
    age(acme, seconds=9)
    again = refresh(nobody, pair["refresh"])
    assert (again.status_code, again.json()) == (401, INVALID)
    assert me(nobody, new["access"]).status_code == 200
    assert refresh(nobody, new["refresh"]).status_code == 200


def test_used_again_later_ends_the_whole_family(nobody, pair, acme):
    new = refresh(nobody, pair["refresh"]).json()
    other = nobody.post("/api/login/", {"email": "uma@acme.example", "password": PASSWORD}).json()
    age(acme, seconds=11)
    again = refresh(nobody, pair["refresh"])
    assert (again.status_code, again.json()) == (401, INVALID)
    assert me(nobody, new["access"]).json() == INVALID
    assert me(nobody, pair["access"]).json() == INVALID
    assert refresh(nobody, new["refresh"]).json() == INVALID
    assert me(nobody, other["access"]).status_code == 200, "another sign-in of the same person goes on"
    with tenant_context(acme):
        event = History.objects.get(event="user.sign_in_revoked")
        assert (event.subject, event.actor) == ("uma@acme.example", "system")


def test_not_an_access_token(nobody, pair):
    assert refresh(nobody, pair["access"]).json() == INVALID
    assert me(nobody, pair["refresh"]).json() == INVALID


@pytest.mark.parametrize("token", ["", "x", "a.b.c"])
def test_not_a_token(nobody, pair, token):
    assert refresh(nobody, token).status_code == (400 if not token else 401)


def test_another_companys(api, pair, globex, acme):
    answer = refresh(api(None, globex), pair["refresh"])
    assert (answer.status_code, answer.json()) == (401, INVALID)
    assert refresh(api(None, acme), pair["refresh"]).status_code == 200


def test_expired(nobody, pair, settings):
    old = {**claims(pair["refresh"]), "exp": 1}
    assert refresh(nobody, jwt.encode(old, settings.SECRET_KEY, algorithm="HS256")).json() == INVALID


def test_a_disabled_persons(nobody, pair, acme, api):
    uma = person("user", acme)
    api("admin").patch(f"/api/users/{uma.pk}/", {"is_active": False})
    assert refresh(nobody, pair["refresh"]).json() == INVALID


def test_a_suspended_companys(nobody, pair, acme):
    acme.is_active = False
    acme.save()
    assert refresh(nobody, pair["refresh"]).status_code == 403


def test_signing_in_removes_the_persons_expired_rows(nobody, pair, acme):
    with tenant_context(acme):
        past = timezone.now() - timedelta(seconds=1)
        RefreshToken.objects.update(expires_at=past)
        TokenFamily.objects.update(expires_at=past)
        other = person("task_worker", acme)
        TokenFamily.objects.create(user=other, expires_at=past)
    nobody.post("/api/login/", {"email": "uma@acme.example", "password": PASSWORD})
    with tenant_context(acme):
        assert RefreshToken.objects.count() == 1
        assert [family.user_id for family in TokenFamily.objects.order_by("expires_at")] == [
            other.pk,
            person("user", acme).pk,
        ]


@pytest.mark.usefixtures("own_database")
def test_of_twenty_at_once_one_wins(api, acme):
    old = api("user").refresh
    answers = at_once(20, lambda number: refresh(Caller(acme), old))
    assert sorted(answer.status_code for answer in answers) == [200] + [401] * 19
    won = next(answer for answer in answers if answer.status_code == 200).json()
    assert refresh(api(None), won["refresh"]).status_code == 200
    with tenant_context(acme):
        assert RefreshToken.objects.count() == 3
        assert TokenFamily.objects.get().revoked_at is None
