"""Nobody who alone can do a task of a live version goes unnoticed."""

import pytest
from django_tenants.utils import tenant_context

from core.models import History
from tests.people import person
from users.models import CompanyRole, User
from users.tests.pages import admin_browser, text_of
from workflow_design.models import WorkflowDefinition
from workflow_design.tests.documents import UPLOAD, WORKFLOWS
from workflow_ops.tests.documents import TICKETS, flow

BUY = flow(
    "buy",
    [("approve", {"assignee_roles": ["buyer", "boss"]}), "note"],
    [(None, "approve"), ("approve", "note"), ("note", None)],
)
CHANGES = {
    "deactivated": {"is_active": False},
    "no task worker": {"system_roles": ["user"]},
    "without the role": {"company_roles": []},
}


@pytest.fixture
def ada(api):
    return api("admin")


@pytest.fixture(scope="module", autouse=True)
def buyer(cast):
    """Will is the buyer; nobody is the boss."""
    will = cast["task_worker"]
    with tenant_context(will.company):
        CompanyRole.objects.create(name="boss")
        made = CompanyRole.objects.create(name="buyer")
        will.user.company_roles.add(made)
    return made


@pytest.fixture(scope="module", autouse=True)
def other(cast):
    """A task worker without company roles."""
    return person(("task_worker", "user"), cast["task_worker"].company)


@pytest.fixture
def live(buyer, other, publish):
    """The id of a workflow that is published and has a task for the buyer."""
    return publish(BUY)


def address(user, query=""):
    return f"/api/users/{user.pk}/{query}"


def state(user):
    found = User.objects.get(pk=user.pk)
    return found.is_active, found.system_roles, [role.name for role in found.company_roles.all()]


def row(workflow, version=1, **more):
    return {
        "workflow": workflow,
        "workflow_title": "Buy",
        "version": version,
        "task": "approve",
        "title": "Approve",
        "roles": ["buyer", "boss"],
        **more,
    }


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_the_last_one_stays(ada, will, live, change):
    before = (state(will.user), History.objects.count())
    answer = ada.patch(address(will.user), change)
    assert answer.status_code == 409
    assert answer.json() == {
        "type": "client_error",
        "errors": [
            {
                "code": "nobody_left",
                "detail": "Nobody could do these tasks any more: “Approve” of Buy, version 1 (for buyer or boss). "
                "Let somebody else have what they ask for first, or force the change.",
                "attr": None,
            }
        ],
        "tasks": [row(live)],
    }
    assert (state(will.user), History.objects.count()) == before
    assert will.get("/api/me/").status_code == 200


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_by_force(ada, will, live, change):
    answer = ada.patch(address(will.user, "?force=true"), change)
    assert answer.status_code == 200
    event = History.objects.filter(event="user.changed").latest("id")
    assert (event.actor_id, event.subject_id) == (ada.user.pk, will.user.pk)
    assert event.detail["left_undone"] == ["“Approve” of Buy, version 1 (for buyer or boss)"]
    assert event.detail.keys() == {*change, "left_undone"}


def test_force_is_true_or_false(ada, will, live):
    assert ada.patch(address(will.user, "?force=yes"), {"is_active": False}).status_code == 400
    assert ada.patch(address(will.user, "?force=false"), {"is_active": False}).status_code == 409


def test_put_too(ada, will, live):
    assert ada.put(address(will.user), {"email": "will@acme.example"}).status_code == 409
    assert ada.put(address(will.user, "?force=true"), {"email": "will@acme.example"}).status_code == 200


def test_one_of_two_may_go(ada, will, other, live, buyer):
    other.company_roles.add(CompanyRole.objects.get(name="boss"))
    assert ada.patch(address(will.user), {"is_active": False}).status_code == 200
    assert "left_undone" not in History.objects.filter(event="user.changed").latest("id").detail
    assert ada.patch(address(other), {"company_roles": []}).status_code == 409


@pytest.mark.parametrize("off", [{"is_active": False}, {"system_roles": ["user"]}], ids=str)
def test_who_does_no_tasks_is_no_other(ada, will, other, live, buyer, off):
    other.company_roles.add(buyer)
    User.objects.filter(pk=other.pk).update(**off)
    assert ada.patch(address(will.user), {"is_active": False}).status_code == 409


def test_somebody_of_another_company_is_no_other(ada, api, will, live, globex):
    there = api("task_worker", globex)
    with tenant_context(globex):
        there.user.company_roles.add(CompanyRole.objects.create(name="buyer"))
        assert User.objects.filter(company_roles__name="buyer").count() == 1
    assert ada.patch(address(will.user), {"is_active": False}).status_code == 409
    assert api("admin", globex).patch(address(there.user), {"is_active": False}).status_code == 200


def test_the_last_task_worker_of_all(ada, will, other, live):
    assert ada.patch(address(other), {"is_active": False}).status_code == 200
    answer = ada.patch(address(will.user), {"system_roles": []})
    assert answer.json()["tasks"] == [row(live), row(live, task="note", title="Note", roles=[])]
    assert "“Note” of Buy, version 1 (for every task worker)" in answer.json()["errors"][0]["detail"]
    assert ada.patch(address(will.user), {"company_roles": []}).json()["tasks"] == [row(live)]


def test_what_takes_nothing_that_tasks_need(ada, will, live):
    names = ({"first_name": "W"}, {"system_roles": ["task_worker", "user"]}, {"company_roles": ["boss", "buyer"]})
    for change in (*names, {"company_roles": ["boss"]}):
        assert ada.patch(address(will.user), change).status_code == 200


def test_what_the_requester_or_a_worker_process_does_needs_nobody(ada, will, buyer, other, publish):
    requester = {"assignee_roles": ["buyer"], "assignment_policy": "requester"}
    call = {"task_type": "SYNC_ACTION", "action_url": "https://shop.example/", "assignee_roles": ["buyer"]}
    links = [(None, "sign"), ("sign", "call"), ("call", None)]
    publish(flow("sign", [("sign", requester), ("call", call)], links))
    assert ada.patch(address(will.user), {"is_active": False}).status_code == 200


# --- which versions are live ---


def test_a_draft_is_not(ada, alice, will, buyer, other):
    assert alice.post(UPLOAD, BUY).status_code == 201
    assert ada.patch(address(will.user), {"is_active": False}).status_code == 200


def test_a_deactivated_workflow_is_as_long_as_it_has_open_runs(ada, alice, uma, tom, will, live):
    ticket = uma.post(TICKETS, {"ticket_definition": "buy", "data": {}}).json()["id"]
    assert alice.post(f"{WORKFLOWS}{live}/deactivate/").status_code == 200
    assert ada.patch(address(will.user), {"is_active": False}).json()["tasks"] == [row(live)]
    assert tom.post(f"{TICKETS}{ticket}/hold/").status_code == 200
    assert ada.patch(address(will.user), {"is_active": False}).status_code == 409
    assert uma.post(f"{TICKETS}{ticket}/cancel/").status_code == 200
    assert ada.patch(address(will.user), {"is_active": False}).status_code == 200


def test_an_older_version_is_as_long_as_it_has_open_runs(ada, uma, will, live, publish):
    ticket = uma.post(TICKETS, {"ticket_definition": "buy", "data": {}}).json()["id"]
    assert publish({**BUY, "tasks": [{**BUY["tasks"][0], "assignee_roles": []}, BUY["tasks"][1]]}) == live
    assert WorkflowDefinition.objects.get(pk=live).published_version == 2
    assert ada.patch(address(will.user), {"is_active": False}).json()["tasks"] == [row(live)]
    assert uma.post(f"{TICKETS}{ticket}/cancel/").status_code == 200
    assert ada.patch(address(will.user), {"is_active": False}).status_code == 200


def test_a_role_that_only_a_live_version_names_stays(ada, will, live, alice, uma, publish):
    """The working copy names it no more; when the older version's last run has ended, it may go."""
    ticket = uma.post(TICKETS, {"ticket_definition": "buy", "data": {}}).json()["id"]
    boss = f"/api/company-roles/{CompanyRole.objects.get(name='boss').pk}/"
    assert ada.delete(boss).json()["errors"][0]["detail"].endswith("it is used by task Approve.")
    publish({**BUY, "tasks": [{**BUY["tasks"][0], "assignee_roles": []}, BUY["tasks"][1]]})
    for refused in (ada.delete(boss), ada.patch(boss, {"name": "chief"})):
        assert (refused.status_code, refused.json()["errors"][0]["code"]) == (409, "in_use")
        assert refused.json()["errors"][0]["detail"].endswith("it is used by task Approve of Buy, version 1.")
    assert uma.post(f"{TICKETS}{ticket}/cancel/").status_code == 200
    assert ada.delete(boss).status_code == 204


# --- the company's admin site ---


def test_the_admin_site_tells_and_may_force(acme, will, live):
    browser = admin_browser(acme)
    page = f"/admin/users/user/{will.user.pk}/change/"
    assert "Do it all the same" not in text_of(browser.get(page))
    form = {"email": will.user.email, "first_name": "Will", "system_roles": ["task_worker"], "company_roles": []}
    told = browser.send(page, form)
    assert told.status_code == 200
    assert "Nobody could do these tasks any more: “Approve” of Buy, version 1" in text_of(told)
    assert "Do it all the same" in text_of(told)
    with tenant_context(acme):
        assert state(will.user) == (True, ["task_worker"], ["buyer"])
    assert browser.send(page, {**form, "force": "on"}).status_code == 302
    with tenant_context(acme):
        assert state(will.user) == (False, ["task_worker"], [])
        assert "left_undone" in History.objects.filter(event="user.changed").latest("id").detail
