"""A company always keeps one active admin."""

import pytest
from django_tenants.utils import tenant_context

from core.models import History
from tests.parallel import at_once
from users.models import User

pytestmark = pytest.mark.usefixtures("cast")

REFUSAL = [
    {
        "code": "last_admin",
        "detail": "This is the last active admin: make somebody else an admin first.",
        "attr": None,
    }
]


@pytest.fixture
def ada(api):
    return api("admin")


@pytest.mark.parametrize("change", [{"is_active": False}, {"system_roles": []}, {"system_roles": ["user"]}], ids=str)
def test_the_last_one_stays(ada, acme, change):
    with tenant_context(acme):
        User.objects.create(email="off@acme.example", system_roles=["admin"], is_active=False)
        before = History.objects.count()
    answer = ada.patch(f"/api/users/{ada.user.pk}/", change)
    assert (answer.status_code, answer.json()["errors"]) == (409, REFUSAL)
    with tenant_context(acme):
        user = User.objects.get(pk=ada.user.pk)
        assert (user.is_active, user.system_roles) == (True, ["admin"])
        assert History.objects.count() == before
    assert ada.get("/api/me/").status_code == 200


def test_the_last_one_may_change_otherwise(ada):
    answer = ada.put(f"/api/users/{ada.user.pk}/", {"email": "a@acme.example", "system_roles": ["user", "admin"]})
    assert answer.status_code == 200
    assert answer.json()["system_roles"] == ["admin", "user"]


def test_one_of_two_may_go(ada, api, acme):
    second = api(("admin", "user"))
    assert ada.patch(f"/api/users/{ada.user.pk}/", {"system_roles": []}).status_code == 200
    assert ada.get("/api/users/").status_code == 403
    assert second.patch(f"/api/users/{second.user.pk}/", {"is_active": False}).status_code == 409


def test_an_admin_of_another_company_does_not_count(ada, api, globex):
    api("admin", globex)
    assert ada.patch(f"/api/users/{ada.user.pk}/", {"is_active": False}).status_code == 409


@pytest.mark.usefixtures("own_database")
def test_eight_admins_who_all_step_back_at_once_leave_one(api, acme):
    roles = ["user", "ticket_admin", "task_worker", "workflow_creator"]
    admins = [api(("admin", *roles[:n])) for n in range(5)] + [api(("admin", *roles[n:])) for n in range(1, 4)]
    assert len({admin.user.pk for admin in admins}) == 8

    def step_back(number):
        change = {"system_roles": []} if number % 3 else {"is_active": False}
        return admins[number].patch(f"/api/users/{admins[number].user.pk}/", change)

    assert sorted(answer.status_code for answer in at_once(8, step_back)) == [200] * 7 + [409]
    with tenant_context(acme):
        assert User.objects.filter(is_active=True, system_roles__contains=["admin"]).count() == 1
