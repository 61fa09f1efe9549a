"""Lists of definitions: paging, search, ordering, filters, and what they cost."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from workflow_design.kernel.tests.each import each
from workflow_design.tests.documents import ACCESS, PURCHASE, TASKS, TICKETS, TRANSITIONS, UPLOAD, WORKFLOWS, errors

LISTS = [WORKFLOWS, TASKS, TRANSITIONS, TICKETS, ACCESS]


pytestmark = pytest.mark.usefixtures("three")


@pytest.fixture(scope="module")
def three(cast):
    """Three workflows, oldest first, made once for the file."""
    return [
        cast["workflow_creator"].post(WORKFLOWS, {"title": title, "description": text}).json()
        for title, text in (
            ("Beta test", "about holidays"),
            ("Alpha test", "about purchases"),
            ("Gamma", "a test of refunds"),
        )
    ]


def titles(response):
    assert response.status_code == 200, response.content
    return [row["title"] for row in response.json()["results"]]


def test_paging(alice, three):
    first = alice.get(WORKFLOWS, {"limit": 2, "ordering": "title"}).json()
    assert (first["count"], first["previous"]) == (3, None)
    assert first["next"] == "http://acme.localhost/api/workflow/workflows/?ordering=title&limit=2&offset=2"
    last = alice.get(WORKFLOWS, {"limit": 2, "offset": 2, "ordering": "title"}).json()
    assert [row["title"] for row in last["results"]] == ["Gamma"]
    assert last["next"] is None
    assert last["previous"].endswith("?ordering=title&limit=2&offset=0")
    beyond = alice.get(WORKFLOWS, {"offset": 50}).json()
    assert (beyond["count"], beyond["results"]) == (3, [])


def test_links_keep_the_way_the_company_is_addressed(api, three):
    by_path = api("workflow_creator", by="path").get(WORKFLOWS, {"limit": 1}).json()
    assert by_path["next"].endswith("/api/tenants/acme/workflow/workflows/?limit=1&offset=1")


@each(
    "query",
    [
        {"limit": 0},
        {"limit": 201},
        {"limit": "x"},
        {"limit": -1},
        {"offset": -1},
        {"offset": "1e3"},
        {"offset": 10**12},
        {"ordering": "password"},
        {"ordering": "title,"},
        {"ordering": "created_by__password"},
        {"status": "SLEEPING"},
    ],
)
def test_wrong_parameters(alice, three, query):
    response = alice.get(WORKFLOWS, query)
    assert response.status_code == 400
    assert errors(response)[0][0] == next(iter(query))


def test_ordering(alice, three):
    assert titles(alice.get(WORKFLOWS)) == ["Beta test", "Alpha test", "Gamma"]
    assert titles(alice.get(WORKFLOWS, {"ordering": "title"})) == ["Alpha test", "Beta test", "Gamma"]
    assert titles(alice.get(WORKFLOWS, {"ordering": "-title"})) == ["Gamma", "Beta test", "Alpha test"]
    assert titles(alice.get(WORKFLOWS, {"ordering": "status,-id"})) == ["Gamma", "Alpha test", "Beta test"]


@each(
    "text, found",
    [
        ("alpha", ["Alpha test"]),
        ("TEST", ["Beta test", "Alpha test", "Gamma"]),
        ("test alp", ["Alpha test"]),
        ("refund", ["Gamma"]),
        ("beta-test", ["Beta test"]),
        ("nothing", []),
        ("!!!", []),
        ("te:* | a & !b", ["Beta test"]),
        ("'; drop table users --", []),
    ],
)
def test_search(alice, three, text, found):
    assert titles(alice.get(WORKFLOWS, {"search": text})) == found


def test_search_of_tasks_and_ticket_types(alice, purchase):
    assert titles(alice.get(TASKS, {"search": "place"})) == ["Place order"]
    assert titles(alice.get(TICKETS, {"search": "purchase req"})) == ["Purchase request"]
    assert alice.get(TRANSITIONS, {"search": "x"}).status_code == 400


def test_filters(alice, three, purchase):
    pk = purchase["workflow"]["id"]
    assert titles(alice.get(WORKFLOWS, {"key": "gamma"})) == ["Gamma"]
    assert len(titles(alice.get(WORKFLOWS, {"status": "DRAFT"}))) == 4
    assert titles(alice.get(WORKFLOWS, {"status": "ACTIVE"})) == []
    assert titles(alice.get(TASKS, {"task_type": "SYNC_ACTION"})) == ["Place order"]
    assert titles(alice.get(TASKS, {"workflow": three[0]["id"]})) == []
    assert alice.get(TRANSITIONS, {"workflow": pk}).json()["count"] == 4
    assert titles(alice.get(TICKETS, {"workflow": pk, "role": "everyone"})) == ["Purchase request"]
    assert titles(alice.get(TICKETS, {"role": "buyer"})) == []
    for wrong in ("x", "1.5", "-1", str(2**63)):
        assert alice.get(TASKS, {"workflow": wrong}).status_code == 400


def test_a_list_costs_the_same_for_one_row_and_fifty(alice):
    used: dict[str, set[int]] = {}
    alice.get(WORKFLOWS)  # the company is looked up once
    alice.post(UPLOAD, PURCHASE)
    for number in range(2):
        for address in LISTS:
            with CaptureQueriesContext(connection) as captured:
                assert alice.get(address).status_code == 200
            used.setdefault(address, set()).add(len(captured))
        for extra in range(25):
            alice.post(UPLOAD, named(f"w{number}-{extra}"))
    with CaptureQueriesContext(connection) as captured:
        assert len(alice.get(WORKFLOWS).json()["results"]) == 50
    # The company's look-up is cached; what is left: search_path, who calls, the page.
    assert len(captured) <= 3, [query["sql"][:90] for query in captured]
    for address, numbers in used.items():
        assert len(numbers) == 1, address


def named(key):
    """The purchase document under another key."""
    return {
        **PURCHASE,
        "workflow": {**PURCHASE["workflow"], "key": key},
        "tickets": [{**PURCHASE["tickets"][0], "key": key}],
    }
