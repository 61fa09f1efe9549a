"""GET /api/ticket-types/: what I may open."""

from users.models import CompanyRole
from workflow_design.tests.documents import ACCESS, UPLOAD, WORKFLOWS
from workflow_design.tests.documents import TICKETS as DEFINITIONS
from workflow_ops.tests.documents import DESK, TYPES, errors, flow, statements


def keys(person):
    return [row["key"] for row in person.get(TYPES).json()["results"]]


def test_a_type_with_its_form(desk, alice, uma):
    (row,) = uma.get(TYPES).json()["results"]
    definition = alice.get(f"{DEFINITIONS}{row['id']}/").json()
    schema = row.pop("form")
    assert row == {
        "id": definition["id"],
        "company": "acme",
        "key": "desk",
        "title": "Ask for help",
        "description": "Whatever it is.",
        "workflow": desk,
        "workflow_version": 1,
        "constants": {"origin": "web"},
        "edit_layout": "topic",
        "display_layout": "",
        **{name: row[name] for name in ("created_by", "created_at", "updated_at")},
    }
    assert row["created_by"] == alice.user.pk
    assert schema["type"] == "object"
    assert schema["required"] == ["topic"]
    assert list(schema["properties"]) == ["topic", "urgent"]
    assert schema["properties"]["urgent"]["default"] is False


def test_what_is_edited_is_not_shown_until_it_is_published(desk, alice, uma, publish):
    changed = {**DESK, "tickets": [{**DESK["tickets"][0], "title": "Ask"}, {"key": "more", "title": "More"}]}
    assert alice.post(UPLOAD, changed).status_code == 200
    assert [row["title"] for row in uma.get(TYPES).json()["results"]] == ["Ask for help"]
    publish(changed)
    rows = uma.get(TYPES).json()["results"]
    assert [(row["title"], row["workflow_version"]) for row in rows] == [("Ask", 2), ("More", 2)]


def test_drafts_and_what_takes_no_new_tickets_are_not_there(desk, alice, uma):
    assert alice.post(UPLOAD, flow("draft", ["a"], [])).status_code == 201
    assert keys(uma) == ["desk"]
    assert alice.post(f"{WORKFLOWS}{desk}/deactivate/").status_code == 200
    assert keys(uma) == []
    assert alice.post(f"{WORKFLOWS}{desk}/activate/").status_code == 200
    assert keys(uma) == ["desk"]
    assert alice.post(f"{WORKFLOWS}{desk}/archive/").status_code == 200
    assert keys(uma) == []


def test_by_company_role_from_the_next_request_on(desk, alice, uma, tom, api):
    row = uma.get(TYPES).json()["results"][0]
    role = CompanyRole.objects.create(name="asker")
    grant = {"ticket_definition": row["id"], "role": "asker"}
    assert alice.post(ACCESS, grant).status_code in (200, 201)
    everyone = {"ticket_definition": row["id"], "role": "everyone"}
    assert alice.delete(ACCESS, everyone).status_code == 204
    # No system role opens it.
    assert [keys(person) for person in (uma, tom, alice, api("admin"))] == [[], [], [], []]
    uma.user.company_roles.add(role)
    assert keys(uma) == ["desk"]
    uma.user.company_roles.remove(role)
    assert keys(uma) == []


def test_pages_and_order(desk, publish, uma):
    for key in ("b", "a", "c"):
        publish(flow(key, ["t"], []))
    assert keys(uma) == ["desk", "b", "a", "c"]
    page = uma.get(TYPES, {"ordering": "key", "limit": 1, "offset": 1}).json()
    assert ([row["key"] for row in page["results"]], page["count"]) == (["b"], 4)
    assert "offset=2" in page["next"]
    assert "offset=0" in page["previous"]
    assert errors(uma.get(TYPES, {"ordering": "fields"})) == [("ordering", "invalid")]


def test_as_many_statements_for_one_as_for_many(desk, publish, uma):
    for more in ([], [flow(f"w{number}", ["t"], []) for number in range(11)]):
        for document in more:
            publish(document)
        assert len(keys(uma)) == 1 + len(more)
        # Who calls, their company roles, the ticket types; the versions are kept.
        assert len(statements(lambda: uma.get(TYPES))) == 3
