"""Versions of a workflow over REST: lists, documents, differences, the way back, and that they never change."""

from pathlib import Path

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from core.models import History
from workflow_design.kernel.tests.each import each
from workflow_design.models import WorkflowDefinition, WorkflowVersion
from workflow_design.tests.documents import ACCESS, PURCHASE, TASKS, TICKETS, TRANSITIONS, UPLOAD, WORKFLOWS, errors

# Without transitions for what goes without saying: where it starts, and that ordering ends it.
SHORT = {
    **PURCHASE,
    "transitions": [
        {"from": "approve", "to": "order", "condition": {"===": [{"var": "approved"}, True]}},
        {"from": "approve", "to": None, "is_default": True},
    ],
}


pytestmark = pytest.mark.usefixtures("pk")


@pytest.fixture(scope="module")
def pk(cast):
    """A workflow with one version, made once for the file."""
    return cast["workflow_creator"].post(f"{UPLOAD}?publish=true", SHORT).json()["workflow"]["id"]


@pytest.fixture
def address(pk):
    return f"{WORKFLOWS}{pk}/"


@pytest.fixture
def approve(alice, address):
    """Address of the task "Approve"."""
    (row,) = [row for row in alice.get(f"{address}tasks/").json()["results"] if row["key"] == "approve"]
    return f"{TASKS}{row['id']}/"


@pytest.fixture
def two(alice, address, approve):
    """Two versions: in the second the task is called "Decide"."""
    alice.patch(approve, {"title": "Decide"})
    assert alice.post(f"{address}publish/", {"note": "Decide"}).json()["version"] == 2


def state(alice, address):
    row = alice.get(address).json()
    return row["version"], row["published_version"], row["has_changes"]


# --- reading ---


def test_list(alice, pk, address, two):
    answer = alice.get(f"{address}versions/").json()
    assert answer["count"] == 2
    for row in answer["results"]:
        assert {"id", "created_at", "updated_at"} <= row.keys()
        del row["id"], row["created_at"], row["updated_at"]
    same = {"company": "acme", "workflow": pk, "proved": True, "accept_unproved": False, "created_by": alice.user.pk}
    assert answer["results"] == [{**same, "version": 1, "note": ""}, {**same, "version": 2, "note": "Decide"}]
    for ordering in ("-id", "-version"):
        latest = alice.get(f"{address}versions/", {"ordering": ordering, "limit": 1}).json()
        assert [row["version"] for row in latest["results"]] == [2]


def test_one_with_its_document(alice, pk, address):
    row = alice.get(f"{address}versions/1/").json()
    assert {key: row[key] for key in ("company", "workflow", "version", "note", "proved", "accept_unproved")} == {
        "company": "acme",
        "workflow": pk,
        "version": 1,
        "note": "",
        "proved": True,
        "accept_unproved": False,
    }
    assert [problem["code"] for problem in row["problems"]] == ["unknown_role", "output_not_kept"]
    assert row["assumptions"] == alice.post(f"{address}validate/").json()["assumptions"] != []
    document = row["document"]
    assert list(document) == ["format", "workflow", "tasks", "transitions", "tickets"]
    # Whole, with what is default; starts and ends that nobody wrote come last.
    assert document["tasks"][0]["join"] == "exclusive"
    assert [(link["from"], link["to"]) for link in document["transitions"]] == [
        ("approve", "order"),
        ("approve", None),
        (None, "approve"),
        ("order", None),
    ]


@each("path", ["versions/2/", "versions/0/", "export/?version=2", "diff/?from=2", "diff/?to=2"])
def test_a_version_that_is_not_there(alice, address, path):
    assert alice.get(f"{address}{path}").status_code == 404


@each("path", ["versions/", "versions/1/", "export/?version=1", "diff/"])
def test_a_workflow_that_is_not_there(alice, path):
    assert alice.get(f"{WORKFLOWS}999999/{path}").status_code == 404


@each("query", ["from=x", "from=-1", "from=0", "from=draft", "to=x", "to=1.5", "to=99999999999"])
def test_numbers_of_another_form(alice, address, query):
    response = alice.get(f"{address}diff/?{query}")
    assert (response.status_code, errors(response)[0][0]) == (400, query.partition("=")[0])


@each("path", ["versions/", "versions/1/", "export/?version=1", "diff/"])
def test_who_reads(api, alice, address, path, globex):
    for role in ("admin", "ticket_admin"):
        assert api(role).get(f"{address}{path}").status_code == 200
    for role in ("user", "task_worker"):
        assert api(role).get(f"{address}{path}").status_code == 403
    assert api("workflow_creator", globex).get(f"{address}{path}").status_code == 404


def test_statements_do_not_grow(alice, address):
    used = []
    for count in (1, 10):
        for number in range(count):
            alice.patch(address, {"guidelines": f"{count} {number}"})
            assert alice.post(f"{address}publish/", {}).status_code == 201
        with CaptureQueriesContext(connection) as listed:
            alice.get(f"{address}versions/")
        with CaptureQueriesContext(connection) as compared:
            alice.get(f"{address}diff/?from=1")
        used.append((len(listed), len(compared)))
    assert used[0] == used[1]
    assert used[0][0] <= 3


def test_export(alice, address, two):
    before = alice.get(f"{address}export/").json()
    # What was written, not what it implies: uploaded, it is that version's working copy again.
    document = alice.get(f"{address}export/?version=1").json()
    assert document == {**before, "tasks": [{**before["tasks"][0], "title": "Approve"}, before["tasks"][1]]}
    assert document["transitions"] == SHORT["transitions"]
    assert alice.get(f"{address}export/?version=2").json() == before
    as_yaml = alice.get(f"{address}export/?version=1&as=yaml")
    assert as_yaml.headers["Content-Type"].startswith("application/yaml")
    alice.patch(address, {"guidelines": "Later"})
    assert (
        alice.post(UPLOAD, alice.get(f"{address}export/?version=2").json()).json()["workflow"]["has_changes"] is False
    )


# --- differences ---


def diff(alice, address, query=""):
    response = alice.get(f"{address}diff/{query}")
    assert response.status_code == 200, response.content
    return response.json()


def test_diff_of_two_versions(alice, address, two):
    assert diff(alice, address, "?from=1&to=2") == {
        "from": 1,
        "to": 2,
        "diff": [{"path": "/tasks/0/title", "change": "changed", "before": "Approve", "after": "Decide"}],
        "text": ['Task "Decide": title changed from "Approve" to "Decide".'],
    }
    assert diff(alice, address, "?from=2&to=1")["text"] == ['Task "Approve": title changed from "Decide" to "Approve".']


@pytest.mark.parametrize("query", ["", "?to=draft", "?from=1", "?from=1&to=draft"])
def test_diff_with_the_working_copy(alice, address, query):
    assert diff(alice, address, query) == {"from": 1, "to": None, "diff": [], "text": []}
    (link,) = [row for row in alice.get(f"{address}transitions/").json()["results"] if row["condition"]]
    alice.patch(f"{TRANSITIONS}{link['id']}/", {"condition": {">": [{"var": "amount"}, 1000]}})
    found = diff(alice, address, query)
    assert (found["from"], found["to"]) == (1, None)
    assert found["text"] == [
        'Transition from "Approve" to "Place order": condition changed from approved is true to amount > 1000.'
    ]


def test_the_sentences_of_the_documentation(alice, address, approve):
    (link,) = [row for row in alice.get(f"{address}transitions/").json()["results"] if row["condition"]]
    (ticket,) = alice.get(f"{address}tickets/").json()["results"]
    alice.patch(f"{TRANSITIONS}{link['id']}/", {"condition": {">": [{"var": "amount"}, 500]}})
    region = {"FieldName": "region", "FieldType": "string"}
    alice.patch(address, {"fields": [*SHORT["workflow"]["fields"], region]})
    assert alice.post(f"{address}publish/", {}).json()["version"] == 2
    alice.patch(approve, {"title": "Decide"})
    alice.patch(f"{TRANSITIONS}{link['id']}/", {"condition": {">=": [{"var": "amount"}, 1000]}})
    alice.patch(f"{TICKETS}{ticket['id']}/", {"fields": {"amount": None, "region": None}})
    lines = (Path(__file__).parents[2] / "docs" / "versions.md").read_text().splitlines()
    assert diff(alice, address)["text"] == [line.strip() for line in lines if line.startswith("    T")]


def test_diff_leaves_out_who_may_open_what(alice, pk, address):
    ticket = alice.get(f"{address}tickets/").json()["results"][0]["id"]
    alice.patch(f"{TICKETS}{ticket}/", {"company_role_access": []})
    assert diff(alice, address)["diff"] == []
    assert state(alice, address) == (1, 1, False)


def test_diff_before_the_first_version(alice):
    made = alice.post(UPLOAD, {**PURCHASE, "workflow": {**PURCHASE["workflow"], "key": "new"}, "tickets": []})
    found = diff(alice, f"{WORKFLOWS}{made.json()['workflow']['id']}/")
    assert (found["from"], found["to"]) == (None, None)
    assert {change["change"] for change in found["diff"]} == {"added"}
    assert found["text"][0] == 'Workflow "Purchase approval" added.'


# --- the way back ---


def restored(in_company, acme):
    with in_company(acme):
        return list(History.objects.filter(event="workflow.restored").values_list("detail", flat=True))


def test_restore(alice, address, approve, two, in_company, acme):
    before = alice.get(address)
    response = alice.post(f"{address}restore/", {"version": 1})
    assert response.status_code == 200
    assert (response.json()["version"], response.json()["has_changes"]) == (3, True)
    assert response.headers["ETag"] == alice.get(address).headers["ETag"] != before.headers["ETag"]
    assert alice.get(approve).json()["title"] == "Approve"  # the same row as before
    assert alice.get(f"{address}export/").json() == alice.get(f"{address}export/?version=1").json()
    brief = {"differences": 1, "diff": [{"path": "/tasks/0/title", "change": "changed"}]}
    assert restored(in_company, acme) == [{"version": 1, **brief}]
    assert alice.post(f"{address}publish/", {}).json()["version"] == 3
    assert diff(alice, address, "?from=1&to=3")["diff"] == []


def test_restore_what_is_published(alice, address, approve):
    alice.patch(approve, {"title": "Decide"})
    alice.patch(address, {"title": "Buying", "fields": []})
    assert state(alice, address) == (2, 1, True)
    assert alice.post(f"{address}restore/", {"version": 1}).json()["has_changes"] is False
    assert state(alice, address) == (1, 1, False)
    assert alice.post(f"{address}publish/", {}).status_code == 200


def test_restore_what_is_there_already(alice, address, in_company, acme):
    before = alice.get(address)
    response = alice.post(f"{address}restore/", {"version": 1})
    assert (response.status_code, response.json()) == (200, before.json())
    assert response.headers["ETag"] == before.headers["ETag"]
    assert restored(in_company, acme) == []


def test_restore_brings_back_what_was_deleted(alice, pk, address, two):
    for kind in ("tasks", "tickets"):
        for row in alice.get(f"{address}{kind}/").json()["results"]:
            assert alice.delete(f"/api/workflow/{kind}/{row['id']}/").status_code == 204
    alice.post(TASKS, {"workflow": pk, "key": "other", "title": "Other", "task_type": "FORM"})
    alice.post(f"{address}restore/", {"version": 2})
    assert state(alice, address) == (2, 2, False)
    assert {row["key"] for row in alice.get(f"{address}tasks/").json()["results"]} == {"approve", "order"}


def test_access_is_live(alice, pk, address):
    ticket = alice.get(f"{address}tickets/").json()["results"][0]["id"]
    alice.delete(ACCESS, {"ticket_definition": ticket, "role": "everyone"})
    alice.patch(f"{TICKETS}{ticket}/", {"title": "Other"})
    alice.post(f"{address}restore/", {"version": 1})
    row = alice.get(f"{TICKETS}{ticket}/").json()
    assert (row["title"], row["company_role_access"]) == ("Purchase request", [])
    # Of a ticket type that has gone meanwhile nobody knows any better than the version.
    alice.delete(f"{TICKETS}{ticket}/")
    alice.post(f"{address}restore/", {"version": 1})
    (row,) = alice.get(f"{address}tickets/").json()["results"]
    assert row["company_role_access"] == ["everyone"]


def test_restore_with_if_match(alice, address, approve, two):
    stale = alice.get(address).headers["ETag"]
    alice.patch(approve, {"title": "Judge"})
    response = alice.post(f"{address}restore/", {"version": 9}, headers={"if-match": stale})
    assert (response.status_code, errors(response)) == (412, [(None, "stale")])
    assert alice.get(approve).json()["title"] == "Judge"
    fresh = alice.get(address).headers["ETag"]
    assert alice.post(f"{address}restore/", {"version": 1}, headers={"if-match": fresh}).status_code == 200


@each("body", [{}, {"version": 2}, {"version": "1"}, {"version": True}, {"version": 10**12}])
def test_restore_what_is_no_version(alice, address, body):
    response = alice.post(f"{address}restore/", body)
    assert (response.status_code, errors(response)) == (400, [("version", "unknown_version")])


def test_a_version_of_another_workflow_is_none_of_this_one(alice, address, two):
    other = alice.post(f"{address}duplicate/", {"key": "other"}).json()["id"]
    response = alice.post(f"{WORKFLOWS}{other}/restore/", {"version": 1})
    assert (response.status_code, errors(response)) == (400, [("version", "unknown_version")])


@pytest.mark.parametrize("role", ["admin", "ticket_admin", "user", "task_worker"])
def test_only_creators_restore(api, alice, address, approve, two, role):
    assert api(role).post(f"{address}restore/", {"version": 1}).status_code == 403
    assert alice.get(approve).json()["title"] == "Decide"


def test_a_key_that_another_has_got_meanwhile(alice, address):
    alice.patch(address, {"key": "buying"})
    alice.post(WORKFLOWS, {"key": "purchase", "title": "Another"})
    before = alice.get(address)
    response = alice.post(f"{address}restore/", {"version": 1})
    assert (response.status_code, response.json()["errors"][0]["detail"]) == (409, "A workflow with this key exists.")
    assert (alice.get(address).json(), alice.get(address).headers["ETag"]) == (before.json(), before.headers["ETag"])


# --- they never change ---


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE workflow_versions SET note = 'x'",
        "UPDATE workflow_versions SET document = '{}'",
        "UPDATE workflow_versions SET note = note WHERE false",
        "DELETE FROM workflow_versions",
        "TRUNCATE workflow_versions CASCADE",
        "TRUNCATE workflow_definitions CASCADE",
        "SET LOCAL search_path TO public; DELETE FROM acme.workflow_versions",
    ],
)
def test_no_statement_changes_a_version(alice, address, in_company, acme, change):
    before = alice.get(f"{address}versions/1/").json()
    with in_company(acme):
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")  # what the transaction has still to check forbids TRUNCATE
        with (
            pytest.raises(IntegrityError, match="A published version never changes") as caught,
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute(change)
        diagnosis = caught.value.__cause__.diag
        assert (diagnosis.sqlstate, diagnosis.constraint_name) == ("23001", "version_immutable")
        version = WorkflowVersion.objects.get()
        for write in (version.save, version.delete, WorkflowVersion.objects.all().delete):
            with pytest.raises(IntegrityError, match="never changes"), transaction.atomic():
                write()
    assert alice.get(f"{address}versions/1/").json() == before


def test_a_number_is_given_once(alice, pk, in_company, acme):
    with in_company(acme):
        row = WorkflowVersion.objects.get()
        row.pk = None
        with pytest.raises(IntegrityError, match="version_number_unique"), transaction.atomic():
            row.save(force_insert=True)


def test_a_workflow_takes_its_versions_with_it(alice, address, two, in_company, acme):
    assert alice.delete(address).status_code == 204
    with in_company(acme):
        assert not WorkflowDefinition.objects.exists()
        assert not WorkflowVersion.objects.exists()
