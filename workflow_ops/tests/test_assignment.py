"""Who gets a task that opens."""

import pytest

from users.models import CompanyRole, User
from workflow_ops.models import TaskInstance
from workflow_ops.tests.documents import TASKS, TICKETS, flow


@pytest.fixture
def team(api):
    """All workers, three of them, by id; the last is a buyer too."""
    people = [api("task_worker"), *(api(("task_worker", extra)) for extra in ("admin", "workflow_creator"))]
    people[-1].user.company_roles.add(CompanyRole.objects.create(name="buyer"))
    return [person.user.pk for person in people]


def holders(key="do"):
    tasks = TaskInstance.objects.filter(task__key=key).order_by("id")
    return [(task.status, task.assignee_id) for task in tasks]


@pytest.fixture
def opening(publish, uma):
    """`opening(policy, roles)` publishes a task with them and opens tickets: whom they go to."""

    def opening(policy, count=1, roles=(), by=uma):
        publish(flow("job", [("do", {"assignment_policy": policy, "assignee_roles": list(roles)})], []))
        for _ in range(count):
            assert by.post(TICKETS, {"ticket_definition": "job", "data": {}}).status_code == 201
        return holders()

    return opening


def test_claim_is_what_is_said_of_nothing_else(opening, team):
    assert opening("claim") == [("OPEN", None)]


def test_round_robin(opening, team, uma):
    assert [holder for _, holder in opening("round_robin", 5)] == [*team, *team[:2]]
    # Also after a new version, and without those who have left.
    User.objects.filter(pk=team[2]).update(is_active=False)
    assert [holder for _, holder in opening("round_robin", 2)][5:] == [team[0], team[1]]
    assert {status for status, _ in holders()} == {"IN_PROGRESS"}


def test_round_robin_among_those_who_may(opening, team):
    assert opening("round_robin", 2, ["buyer"]) == [("IN_PROGRESS", team[2])] * 2


@pytest.mark.parametrize("policy", ["round_robin", "shortest_queue"])
def test_nobody_there(opening, team, policy):
    assert opening(policy, 1, ["nobody has this"]) == [("OPEN", None)]


def test_shortest_queue(opening, team, api):
    assert [holder for _, holder in opening("shortest_queue", 4)] == [*team, team[0]]
    second = TaskInstance.objects.get(assignee=team[1])
    second_worker = api(("task_worker", "admin"))
    assert second_worker.post(f"{TASKS}{second.pk}/complete/", {"output": {}}).status_code == 200
    # team[1] has none now, team[2] one, team[0] two.
    assert [holder for _, holder in opening("shortest_queue", 3)][4:] == [team[1], team[1], team[2]]


@pytest.mark.parametrize("policy", ["round_robin", "shortest_queue"])
def test_tasks_that_open_together_go_to_different_people(publish, uma, team, policy):
    job = {"assignment_policy": policy}
    document = flow("jobs", [("a", job), ("b", job), ("c", job)], [(None, "a"), (None, "b"), (None, "c")])
    publish(document)
    uma.post(TICKETS, {"ticket_definition": "jobs", "data": {}})
    found = [holder for key in "abc" for _, holder in holders(key)]
    assert found == (team if policy == "shortest_queue" else [team[0]] * 3)


def test_requester(opening, uma, tom, team):
    """Who is no worker too."""
    assert opening("requester") == [("IN_PROGRESS", uma.user.pk)]
    assert uma.get(TASKS).json()["count"] == 1
    task = TaskInstance.objects.get().pk
    assert uma.post(f"{TASKS}{task}/complete/", {"output": {}}).json()["ticket"]["status"] == "COMPLETED"


def test_a_requester_who_has_left(publish, uma, will):
    links = [(None, "first"), ("first", "do"), ("do", None)]
    publish(flow("later", ["first", ("do", {"assignment_policy": "requester"})], links))
    task = uma.post(TICKETS, {"ticket_definition": "later", "data": {}}).json()["open_tasks"][0]["id"]
    User.objects.filter(pk=uma.user.pk).update(is_active=False)
    assert will.post(f"{TASKS}{task}/complete/", {"output": {}}).status_code == 200
    assert holders() == [("OPEN", None)]


@pytest.fixture
def chain(publish, uma):
    """The id of an open task; the next one is for who does it, if they are of `roles`."""

    def chain(roles=()):
        second = {"assignment_policy": "previous", "assignee_roles": list(roles)}
        links = [(None, "first"), ("first", "do"), ("do", None)]
        publish(flow("chain", ["first", ("do", second)], links))
        return uma.post(TICKETS, {"ticket_definition": "chain", "data": {}}).json()["open_tasks"][0]["id"]

    return chain


def test_previous(chain, will):
    assert will.post(f"{TASKS}{chain()}/complete/", {"output": {}}).status_code == 200
    assert holders() == [("IN_PROGRESS", will.user.pk)]


def test_previous_who_may_not_do_it(chain, will, tom):
    assert will.post(f"{TASKS}{chain(['buyer'])}/complete/", {"output": {}}).status_code == 200
    # A ticket admin who is no worker gets none either.
    assert tom.post(f"{TASKS}{chain()}/complete/", {"output": {}}).status_code == 200
    assert holders() == [("OPEN", None)] * 2


def test_previous_of_the_first_task_is_nobody(opening, will):
    assert opening("previous", by=will) == [("OPEN", None)]
