"""POST /api/workflow/workflows/{id}/publish/, and upload with `publish=true`."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from core.models import History
from workflow_design.kernel.document import normalize
from workflow_design.kernel.tests.each import each
from workflow_design.models import WorkflowDefinition, WorkflowVersion
from workflow_design.services import checks
from workflow_design.tests.documents import (
    PURCHASE,
    TICKETS,
    UPLOAD,
    WORKFLOWS,
    errors,
    long_document,
    too_much_to_read,
)

pytestmark = pytest.mark.usefixtures("cast")

# An output that no condition could compare like this: an error that doesn't keep it from being stored.
BROKEN = {
    **PURCHASE,
    "transitions": [
        {"from": None, "to": "approve"},
        {"from": "approve", "to": "order", "condition": {"===": [{"var": "aproved"}, True]}},
        {"from": "approve", "to": None, "is_default": True},
        {"from": "order", "to": None},
    ],
}


@pytest.fixture
def pk(purchase):
    return purchase["workflow"]["id"]


@pytest.fixture
def address(pk):
    return f"{WORKFLOWS}{pk}/"


def state(alice, address):
    row = alice.get(address).json()
    return row["status"], row["version"], row["published_version"], row["has_changes"]


def published_events(in_company, acme):
    with in_company(acme):
        rows = History.objects.filter(event="workflow.published").order_by("id")
        return list(rows.values_list("subject", "actor", "detail"))


def versions(in_company, acme):
    with in_company(acme):
        return list(WorkflowVersion.objects.order_by("id").values_list("workflow_id", "number"))


def test_the_first_version(alice, pk, address, in_company, acme):
    assert state(alice, address) == ("DRAFT", 1, None, True)
    before = alice.get(address).headers["ETag"]
    problems = alice.post(f"{address}validate/").json()["problems"]
    assert [problem["code"] for problem in problems] == ["unknown_role", "output_not_kept"]
    response = alice.post(f"{address}publish/", {"note": "The first one"})
    assert response.status_code == 201
    assert response.json() == {"version": 1, "problems": problems, "proved": True}
    assert state(alice, address) == ("ACTIVE", 1, 1, False)
    # Publishing writes nothing into the bundle.
    assert alice.get(address).headers["ETag"] == before
    detail = {"version": 1, "note": "The first one", "proved": True, "accept_unproved": False, "problems": 2}
    assert published_events(in_company, acme) == [("Purchase approval", "alice@acme.example", detail)]
    with in_company(acme):
        version = WorkflowVersion.objects.get()
        workflow = WorkflowDefinition.objects.get(pk=pk)
        assert (version.workflow_id, version.number, version.note) == (pk, 1, "The first one")
        assert (version.proved, version.accept_unproved, version.problems) == (True, False, problems)
        assert version.created_by_id == alice.user.pk
        assert bytes(version.content_hash) == bytes(workflow.bundle_hash) == bytes(workflow.published_hash)


def test_nothing_new_is_the_same_version(alice, address, in_company, acme):
    first = alice.post(f"{address}publish/", {})
    again = alice.post(f"{address}publish/", {"note": "Again", "accept_unproved": True})
    assert (first.status_code, again.status_code) == (201, 200)
    assert again.json() == first.json()
    assert len(published_events(in_company, acme)) == 1
    assert len(versions(in_company, acme)) == 1


def test_every_change_makes_the_next_version(alice, pk, address, in_company, acme):
    for number in (1, 2, 3):
        alice.patch(address, {"guidelines": f"Version {number}"})
        assert alice.post(f"{address}publish/", {}).json()["version"] == number
        assert state(alice, address) == ("ACTIVE", number, number, False)
    assert versions(in_company, acme) == [(pk, 1), (pk, 2), (pk, 3)]
    task = alice.get(f"{address}tasks/").json()["results"][0]
    assert task["version"] == 3
    # Who may open it is live, and nothing that could be published.
    ticket = alice.get(f"{address}tickets/").json()["results"][0]["id"]
    alice.patch(f"{TICKETS}{ticket}/", {"company_role_access": []})
    assert alice.post(f"{address}publish/", {}).status_code == 200


def test_an_error_is_refused_with_every_problem(alice, in_company, acme):
    address = f"{WORKFLOWS}{alice.post(UPLOAD, BROKEN).json()['workflow']['id']}/"
    expected = alice.post(f"{address}validate/").json()["problems"]
    assert {problem["severity"] for problem in expected} == {"error", "warning"}
    before = alice.get(address)
    response = alice.post(f"{address}publish/", {"accept_unproved": True})
    assert response.status_code == 422
    (error,) = [problem for problem in expected if problem["severity"] == "error"]
    assert error["path"] == "/transitions/1/condition/===/0/var"
    assert response.json() == {
        "type": "client_error",
        "errors": [
            {"code": error["code"], "detail": error["message"], "attr": "transitions.1.condition.===.0.var"},
        ],
        "problems": expected,
    }
    after = alice.get(address)
    assert (after.json(), after.headers["ETag"]) == (before.json(), before.headers["ETag"])
    assert (versions(in_company, acme), published_events(in_company, acme)) == ([], [])


def test_a_refused_change_leaves_the_last_version_in_force(alice, address):
    alice.post(f"{address}publish/", {})
    alice.post(UPLOAD, BROKEN)
    assert alice.post(f"{address}publish/", {}).status_code == 422
    assert state(alice, address) == ("ACTIVE", 2, 1, True)


def parity():
    """No whole number's remainder lies between the two conditions, which nobody finds out."""
    remainder = {"%": [{"var": "amount"}, 2]}
    fields = [{"FieldName": "amount", "FieldType": "integer", "Required": True}]
    return {
        **PURCHASE,
        "workflow": {**PURCHASE["workflow"], "fields": fields},
        "transitions": [
            {"from": None, "to": "approve"},
            {"from": "approve", "to": "order", "condition": {"<": [remainder, 1]}},
            {"from": "approve", "to": None, "condition": {">": [remainder, 0]}},
            {"from": "order", "to": None},
        ],
    }


def test_what_is_unproved_has_to_be_accepted(alice, in_company, acme):
    uploaded = alice.post(UPLOAD, parity()).json()
    assert uploaded["proved"] is False
    address = f"{WORKFLOWS}{uploaded['workflow']['id']}/"
    response = alice.post(f"{address}publish/", {})
    assert response.status_code == 422
    assert errors(response) == [(None, "unproved")]
    unproved = {problem["code"] for problem in response.json()["problems"] if problem["severity"] == "unproved"}
    assert unproved == {"decision_unproved"}
    assert (versions(in_company, acme), state(alice, address)[0]) == ([], "DRAFT")
    response = alice.post(f"{address}publish/", {"accept_unproved": True})
    assert (response.status_code, response.json()["proved"]) == (201, False)
    with in_company(acme):
        assert WorkflowVersion.objects.get().accept_unproved is True
    assert published_events(in_company, acme)[0][2]["accept_unproved"] is True


def test_an_upload_of_what_is_unproved_has_to_accept_it_too(alice, in_company, acme):
    response = alice.post(f"{UPLOAD}?publish=true", parity())
    assert (response.status_code, errors(response)) == (422, [(None, "unproved")])
    with in_company(acme):
        assert not WorkflowDefinition.objects.exists()
    answer = alice.post(f"{UPLOAD}?publish=true&accept_unproved=true", parity()).json()
    assert (answer["published_version"], answer["proved"]) == (1, False)


def test_a_gap_is_refused_with_the_ticket_that_falls_into_it(alice, in_company, acme):
    document = {**PURCHASE, "transitions": [link for link in PURCHASE["transitions"] if "is_default" not in link]}
    address = f"{WORKFLOWS}{alice.post(UPLOAD, document).json()['workflow']['id']}/"
    response = alice.post(f"{address}publish/", {"accept_unproved": True})
    assert response.status_code == 422
    (gap,) = [problem for problem in response.json()["problems"] if problem["severity"] == "error"]
    assert (gap["code"], gap["task"], gap["counterexample"]["approved"]) == ("gap", "approve", False)
    assert versions(in_company, acme) == []


def test_what_was_checked_counts_for_that_content_alone(in_company, acme):
    broken = {**PURCHASE, "transitions": [link for link in PURCHASE["transitions"] if "is_default" not in link]}
    good, bad = normalize(PURCHASE).after, normalize(broken).after
    with in_company(acme):
        assert checks.report(good, checks.examine(good)).proved is True
        # Somebody has written to it between the checks and the lock.
        assert checks.report(bad, checks.examine(good)).proved is False
        assert checks.report(good, checks.examine(bad)).proved is True


def test_no_unproved_is_lost_among_many_warnings(in_company, acme):
    document = too_much_to_read()
    keys = [task["key"] for task in document["tasks"]]
    constant = {"condition": {"===": [1, 1]}, "priority": 9}
    skips = [
        {"from": key, "to": to, **constant} for place, key in enumerate(keys) for to in keys[place + 2 : place + 10]
    ]
    document["transitions"] = [*skips, *document["transitions"]]
    with in_company(acme):
        found = checks.report(normalize(document).after)
    # It alone keeps the definition from being proved.
    assert [problem.code for problem in found.problems if problem.severity != "warning"] == ["not_all_checked"]
    assert (len(found.problems), found.proved) == (501, False)


def test_if_match(alice, address):
    stale = alice.get(address).headers["ETag"]
    alice.patch(address, {"guidelines": "Hurry."})
    response = alice.post(f"{address}publish/", {"note": 5}, headers={"if-match": stale})
    assert (response.status_code, errors(response)) == (412, [(None, "stale")])
    assert state(alice, address) == ("DRAFT", 1, None, True)
    fresh = alice.get(address).headers["ETag"]
    assert alice.post(f"{address}publish/", {}, headers={"if-match": fresh}).status_code == 201


@each(
    "body, attr",
    [
        ({"note": 5}, "note"),
        ({"note": None}, "note"),
        ({"note": "x" * 20_001}, "note"),
        ({"accept_unproved": "true"}, "accept_unproved"),
        ({"accept_unproved": 1}, "accept_unproved"),
        ([], None),
    ],
)
def test_bodies_of_another_shape(alice, address, body, attr, in_company, acme):
    response = alice.post(f"{address}publish/", body)
    assert response.status_code == 400
    assert [found for found, _ in errors(response)] == [attr]
    assert versions(in_company, acme) == []


def test_without_a_body(alice, address):
    assert alice.post(f"{address}publish/").status_code == 201


@pytest.mark.parametrize("role", ["admin", "ticket_admin", "user", "task_worker"])
def test_only_creators_publish(api, alice, address, role, in_company, acme):
    assert api(role).post(f"{address}publish/", {}).status_code == 403
    assert state(alice, address) == ("DRAFT", 1, None, True)
    assert versions(in_company, acme) == []


def test_another_companys_workflow_is_not_there(api, alice, address, globex):
    assert api("workflow_creator", globex).post(f"{address}publish/", {}).status_code == 404
    assert state(alice, address)[0] == "DRAFT"


def test_status_is_changed_by_its_actions_alone(alice, address):
    alice.post(f"{address}publish/", {})
    for action, status in (("deactivate", "DEPRECATED"), ("archive", "ARCHIVED"), ("activate", "ACTIVE")):
        assert alice.post(f"{address}{action}/").json()["status"] == status
        if action != "activate":
            # A new version doesn't bring back what has been taken out of use.
            alice.patch(address, {"guidelines": action})
            assert alice.post(f"{address}publish/", {}).status_code == 201
            assert alice.get(address).json()["status"] == status
    assert state(alice, address) == ("ACTIVE", 3, 3, False)


def test_archived_before_its_first_version(alice, address):
    alice.post(f"{address}archive/")
    assert alice.post(f"{address}publish/", {}).status_code == 201
    assert state(alice, address) == ("ARCHIVED", 1, 1, False)


def test_a_copy_begins_without_versions(alice, address):
    alice.post(f"{address}publish/", {})
    copy = alice.post(f"{address}duplicate/", {"key": "copy"}).json()
    assert (copy["status"], copy["version"], copy["published_version"]) == ("DRAFT", 1, None)


def test_statements_do_not_grow_with_the_workflow(alice):
    used = []
    for size in (5, 100):
        made = alice.post(UPLOAD, long_document(size, size)).json()["workflow"]["id"]
        with CaptureQueriesContext(connection) as captured:
            assert alice.post(f"{WORKFLOWS}{made}/publish/", {}).status_code == 201
        used.append(len(captured))
    assert used[0] == used[1]


# --- with an upload ---


def test_upload_and_publish(alice, in_company, acme):
    response = alice.post(f"{UPLOAD}?publish=true", PURCHASE)
    answer = response.json()
    assert response.status_code == 201
    assert (answer["created"], answer["version"], answer["published_version"]) == (True, 1, 1)
    assert (answer["workflow"]["status"], answer["workflow"]["has_changes"]) == ("ACTIVE", False)
    again = alice.post(f"{UPLOAD}?publish=true", PURCHASE)
    assert (again.status_code, again.json()["changed"], again.json()["published_version"]) == (200, False, 1)
    changed = {**PURCHASE, "workflow": {**PURCHASE["workflow"], "title": "Buying"}}
    assert alice.post(f"{UPLOAD}?publish=true", changed).json()["published_version"] == 2
    assert versions(in_company, acme) == [(answer["workflow"]["id"], 1), (answer["workflow"]["id"], 2)]


def test_upload_what_is_there_and_publish_it(alice, pk):
    answer = alice.post(f"{UPLOAD}?publish=true", PURCHASE).json()
    assert (answer["changed"], answer["published_version"], answer["workflow"]["status"]) == (False, 1, "ACTIVE")


@pytest.mark.parametrize("dry_run", ["", "&dry_run=true"])
def test_nothing_is_stored_of_what_cannot_be_published(alice, in_company, acme, dry_run):
    response = alice.post(f"{UPLOAD}?publish=true{dry_run}", {"surprise": 1, **BROKEN})
    assert response.status_code == 422
    assert errors(response) == [("transitions.1.condition.===.0.var", "unknown_variable")]
    assert {"unknown_key", "unknown_role", "unknown_variable"} <= {p["code"] for p in response.json()["problems"]}
    with in_company(acme):
        assert not WorkflowDefinition.objects.exists()
        assert not History.objects.filter(subject_type="workflow").exists()


def test_a_refused_upload_leaves_the_working_copy(alice, pk, address):
    before = alice.get(address)
    assert alice.post(f"{UPLOAD}?publish=true", BROKEN).status_code == 422
    assert (alice.get(address).json(), alice.get(address).headers["ETag"]) == (before.json(), before.headers["ETag"])
    export = alice.get(f"{address}export/").json()
    assert export["transitions"][1]["condition"] == {"===": [{"var": "approved"}, True]}


def test_a_dry_run_tells_what_publishing_would_do(alice, in_company, acme):
    response = alice.post(f"{UPLOAD}?publish=true&dry_run=true", PURCHASE)
    answer = response.json()
    assert (response.status_code, answer["published_version"], answer["workflow"]["status"]) == (200, 1, "ACTIVE")
    with in_company(acme):
        assert not WorkflowDefinition.objects.exists()
        assert not WorkflowVersion.objects.exists()
