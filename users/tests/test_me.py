"""/api/me/ and /api/me/password/."""

import pytest
from django_tenants.utils import tenant_context

from core.models import History
from tests.people import PASSWORD
from users.models import TokenFamily, User
from users.tests.test_authentication import INVALID
from users.tests.test_login import login

NEW = "an entirely other sentence 8"


@pytest.fixture
def uma(api):
    return api("user")


def test_who_i_am(uma, acme):
    answer = uma.get("/api/me/").json()
    assert answer.pop("created_at").endswith("+00:00")
    assert answer.pop("updated_at").endswith("+00:00")
    assert answer == {
        "id": uma.user.pk,
        "email": "uma@acme.example",
        "first_name": "Uma",
        "last_name": "",
        "system_roles": ["user"],
        "company_roles": ["everyone"],
        "is_active": True,
        "company": "acme",
        "created_by": None,
    }


def test_my_names_are_mine_to_change(uma, acme):
    answer = uma.patch("/api/me/", {"last_name": "Thurman <b>"})
    assert answer.status_code == 200
    assert (answer.json()["first_name"], answer.json()["last_name"]) == ("Uma", "Thurman <b>")
    with tenant_context(acme):
        event = History.objects.get(event="user.changed")
        assert (event.actor_id, event.subject_id) == (uma.user.pk, uma.user.pk)
        assert event.detail == {"last_name": {"before": "", "after": "Thurman <b>"}}


def test_nothing_else_is(uma, acme):
    answer = uma.patch(
        "/api/me/",
        {"email": "x@x.example", "system_roles": ["admin"], "company_roles": ["buyer"], "is_active": False, "id": 1},
    )
    assert answer.status_code == 200
    with tenant_context(acme):
        user = User.objects.get(pk=uma.user.pk)
        assert (user.email, user.system_roles, user.is_active) == ("uma@acme.example", ["user"], True)
        assert not History.objects.filter(event="user.changed").exists()


@pytest.mark.parametrize("value", [1, None, [], "x" * 101])
def test_a_name_is_a_text(uma, value):
    answer = uma.patch("/api/me/", {"first_name": value})
    assert (answer.status_code, answer.json()["errors"][0]["attr"]) == (400, "first_name")


def test_there_is_no_put_and_no_delete(uma):
    assert uma.put("/api/me/", {}).status_code == 405
    assert uma.delete("/api/me/").status_code == 405


def change(caller, old=PASSWORD, new=NEW):
    return caller.post("/api/me/password/", {"old_password": old, "new_password": new})


def test_a_new_password_ends_every_sign_in(uma, api, acme):
    elsewhere, will = api("user"), api("task_worker")
    answer = change(uma)
    assert (answer.status_code, answer.content) == (204, b"")
    assert uma.get("/api/me/").json() == INVALID
    assert elsewhere.get("/api/me/").json() == INVALID
    assert will.get("/api/me/").status_code == 200
    assert login(uma, "uma@acme.example").status_code == 401
    assert login(uma, "uma@acme.example", NEW).status_code == 200
    with tenant_context(acme):
        event = History.objects.get(event="user.password_set")
        assert (event.actor, event.subject, event.detail) == ("uma@acme.example", "uma@acme.example", {"by": "person"})


@pytest.mark.parametrize(
    "old, new, attr, code",
    [
        ("wrong", NEW, "old_password", "wrong_password"),
        (PASSWORD, "short1!", "new_password", "password_too_short"),
        (PASSWORD, "password123", "new_password", "password_too_common"),
        (PASSWORD, "9875346120", "new_password", "password_entirely_numeric"),
        (PASSWORD, "uma@acme.example", "new_password", "password_too_similar"),
    ],
)
def test_refused(uma, acme, old, new, attr, code):
    answer = change(uma, old, new)
    assert answer.status_code == 400
    assert (attr, code) in [(error["attr"], error["code"]) for error in answer.json()["errors"]]
    assert uma.get("/api/me/").status_code == 200
    assert login(uma, "uma@acme.example").status_code == 200
    with tenant_context(acme):
        assert not History.objects.filter(event="user.password_set").exists()


def test_wrong_old_passwords_count_as_wrong_ones_at_login(uma, settings):
    settings.THROTTLE_BAD_PASSWORDS = "3/day"
    assert [change(uma, old="wrong").status_code for _ in range(4)] == [400, 400, 400, 429]
    assert login(uma, "uma@acme.example").status_code == 429
    assert change(uma).status_code == 429


def test_families_are_revoked_not_deleted(uma, acme):
    change(uma)
    with tenant_context(acme):
        assert TokenFamily.objects.get().revoked_at is not None
