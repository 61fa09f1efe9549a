"""/api/workflow/access/: who may open what."""

import pytest

from core.models import History
from users.models import CompanyRole
from workflow_design.kernel.tests.each import each
from workflow_design.tests.documents import ACCESS, TICKETS, errors

pytestmark = pytest.mark.usefixtures("cast")


@pytest.fixture
def ticket(purchase):
    return purchase["tickets"][0]["id"]


@pytest.fixture
def buyer(acme, in_company):
    with in_company(acme):
        return CompanyRole.objects.create(name="buyer")


def roles(alice, ticket):
    return alice.get(f"{TICKETS}{ticket}/").json()["company_role_access"]


def test_grant_and_revoke(alice, ticket, buyer):
    response = alice.post(ACCESS, {"ticket_definition": ticket, "role": "buyer"})
    assert response.status_code == 201
    assert (response.json()["role"], response.json()["ticket_definition"]) == ("buyer", ticket)
    assert alice.post(ACCESS, {"ticket_definition": ticket, "role": "buyer"}).status_code == 200
    assert roles(alice, ticket) == ["buyer", "everyone"]
    assert alice.delete(ACCESS, {"ticket_definition": ticket, "role": "everyone"}).status_code == 204
    assert roles(alice, ticket) == ["buyer"]
    assert alice.delete(ACCESS, {"ticket_definition": ticket, "role": "buyer"}).status_code == 204
    assert roles(alice, ticket) == []
    assert alice.delete(ACCESS, {"ticket_definition": ticket, "role": "buyer"}).status_code == 404


def test_the_list_and_its_filters(alice, ticket, purchase, buyer):
    alice.post(ACCESS, {"ticket_definition": ticket, "role": "buyer"})
    rows = alice.get(ACCESS, {"ordering": "role"}).json()["results"]
    assert [(row["role"], row["workflow"]) for row in rows] == [
        ("buyer", purchase["workflow"]["id"]),
        ("everyone", purchase["workflow"]["id"]),
    ]
    assert len({row["id"] for row in rows}) == 2
    for query, count in (
        ({"role": "buyer"}, 1),
        ({"role": "nobody"}, 0),
        ({"ticket_definition": ticket}, 2),
        ({"ticket_definition": ticket + 1}, 0),
        ({"workflow": purchase["workflow"]["id"]}, 2),
    ):
        assert alice.get(ACCESS, query).json()["count"] == count, query
    assert alice.get(ACCESS, {"workflow": "x"}).status_code == 400


@each(
    "body, expected",
    [
        ({}, ("ticket_definition", "unknown_ticket_definition")),
        ({"ticket_definition": 999_999, "role": "everyone"}, ("ticket_definition", "unknown_ticket_definition")),
        ({"ticket_definition": "1", "role": "everyone"}, ("ticket_definition", "unknown_ticket_definition")),
        ({"role": "nobody"}, ("role", "unknown_role")),
        ({"role": 5}, ("role", "unknown_role")),
        ({"role": None}, ("role", "unknown_role")),
    ],
)
def test_unknown_roles_and_ticket_types(alice, ticket, body, expected):
    if body and "ticket_definition" not in body:
        body = {"ticket_definition": ticket, **body}
    response = alice.post(ACCESS, body)
    assert (response.status_code, errors(response)) == (400, [expected])
    assert roles(alice, ticket) == ["everyone"]


def test_a_refused_grant_leaves_no_trace(api, ticket, acme, in_company):
    assert api("ticket_admin").post(ACCESS, {"ticket_definition": ticket, "role": "everyone"}).status_code == 403
    with in_company(acme):
        assert not History.objects.filter(event="ticket_definition.access_changed").exists()
