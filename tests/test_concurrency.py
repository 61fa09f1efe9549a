"""Runs under races: over HTTP, against two server processes, many rounds each; every test prints what it counted.

RACE_ROUNDS is how many rounds (3 unless set, 50 in `make evidence`).
"""

from __future__ import annotations

import os
from collections import Counter
from dataclasses import dataclass
from typing import Any

import pytest
from django.db.models import Count
from django_tenants.utils import tenant_context

from core.models import History
from tenants.models import Company, Plan
from tests.parallel import Call, Volleys
from tests.people import person
from users import tokens
from users.models import CompanyRole, User
from workflow_ops.models import TaskInstance, Ticket, WorkflowInstance
from workflow_ops.tests.documents import TASKS, TICKETS, flow

ROUNDS = int(os.environ.get("RACE_ROUNDS", "3"))
PARALLEL = 50
PUBLISH = "/api/workflow/upload/?publish=true&prune=true"
pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

LINE = flow("line", ["a", "b"], [(None, "a"), ("a", "b"), ("b", None)])
ONE = flow("one", ["a"], [(None, "a"), ("a", None)])
JOIN = flow(
    "join",
    [("a", {"split": "parallel"}), "b", "c", ("d", {"join": "parallel"})],
    [(None, "a"), ("a", "b"), ("a", "c"), ("b", "d"), ("c", "d"), ("d", None)],
)
BUYING = flow("buying", [("a", {"assignee_roles": ["buyer"]})], [(None, "a"), ("a", None)])


def moving(number: int) -> dict[str, Any]:
    """A workflow of which every version says in all its parts which one it is."""
    fields = [{"FieldName": "v", "FieldType": "integer"}]
    tasks = [("first", {"title": f"First {number}"}), (f"step-{number}", {})]
    links = [(None, "first"), ("first", f"step-{number}"), (f"step-{number}", None)]
    made = flow("moving", tasks, links, fields=fields)
    return {**made, "tickets": [{"key": "moving", "title": "Moving", "fields": {"v": {"const": number}}}]}


@dataclass
class Arena:
    """Two servers, and a company's people with their tokens."""

    company: Company
    volleys: Volleys
    people: dict[str, User]

    def call(self, who: str, method: str, path: str, body: Any = None, **headers: str) -> Call:
        """A call of a person's, to be sent."""
        return Call(self.tokens[who], method, path, body, headers)

    def __post_init__(self) -> None:
        with tenant_context(self.company):
            self.tokens = {who: tokens.start_family(user)["access"] for who, user in self.people.items()}

    def ask(self, who: str, method: str, path: str, body: Any = None, *, status: int = 200) -> Any:
        """One call alone."""
        (answer,) = self.volleys.send(self.call(who, method, path, body))
        assert answer.status == status, answer.body
        return answer.json()

    def publish(self, document: dict[str, Any]) -> None:
        (answer,) = self.volleys.send(self.call("alice", "POST", PUBLISH, document))
        assert answer.status in (200, 201), answer.body

    def opening(self, key: str, **headers: str) -> Call:
        """The call that opens a ticket."""
        return self.call("uma", "POST", TICKETS, {"ticket_definition": key, "data": {}}, **headers)

    def open(self, key: str, count: int = 1) -> list[dict[str, Any]]:
        """So many new tickets."""
        answers = self.volleys.send(*[self.opening(key)] * count)
        assert {answer.status for answer in answers} == {201}, answers[0].body
        return [answer.json() for answer in answers]

    def completing(self, task: dict[str, Any], who: str = "will") -> Call:
        """The call that completes a task."""
        return self.call(who, "POST", f"{TASKS}{task['id']}/complete/", {"output": {}})


@pytest.fixture(scope="module")
def running(shared_servers):
    """(servers, acme, globex)."""
    acme, globex = (Company.objects.get(slug=slug) for slug in ("acme", "globex"))
    # A plan that is limited before a server has read it.
    Company.objects.filter(pk=globex.pk).update(plan="GROWTH")
    return shared_servers(2, THROTTLE_COMPANY=""), acme, globex


def _people(company: Company) -> dict[str, User]:
    found = {
        "alice": person("workflow_creator", company),
        "uma": person("user", company),
        "will": person("task_worker", company),
        "wanda": person(("user", "task_worker"), company),
        "walt": person(("ticket_admin", "task_worker"), company),
    }
    return {**found, "ada": person("admin", company)}


@pytest.fixture
def acme_arena(running):
    servers, acme, _ = running
    with Volleys(servers, "acme.localhost") as volleys:
        yield Arena(acme, volleys, _people(acme))


@pytest.fixture
def globex_arena(running):
    servers, _, globex = running
    with Volleys(servers, "globex.localhost") as volleys:
        yield Arena(globex, volleys, _people(globex))


@pytest.fixture
def told(capsys):
    """Print past pytest."""

    def tell(text: str) -> None:
        with capsys.disabled():
            print(f"\n  {text}", end=" ")

    return tell


def tasks_of(tickets: list[int]) -> dict[tuple[tuple[str, str], ...], int]:
    """What (task, status) lists the tickets have, and how many of them each."""
    rows = TaskInstance.objects.filter(instance__ticket__in=tickets).order_by("number")
    found: dict[int, list[tuple[str, str]]] = {pk: [] for pk in tickets}
    for ticket, key, status in rows.values_list("instance__ticket", "task__key", "status"):
        found[ticket].append((key, status))
    return dict(Counter(tuple(sorted(tasks)) for tasks in found.values()))


def events_of(tickets: list[int], event: str) -> set[int]:
    """How often the history of a ticket has this event."""
    rows = History.objects.filter(subject_type="ticket", subject_id__in=tickets, event=event)
    counted = dict(rows.order_by().values_list("subject_id").annotate(Count("id")))
    return {counted.get(pk, 0) for pk in tickets}


def test_one_of_fifty_completes_a_task(acme_arena, told):
    arena, tickets, winners = acme_arena, [], Counter()
    arena.publish(LINE)
    workers = ("will", "wanda", "walt")
    for _ in range(ROUNDS):
        (ticket,) = arena.open("line")
        (task,) = ticket["open_tasks"]
        answers = arena.volleys.send(*(arena.completing(task, workers[n % 3]) for n in range(PARALLEL)))
        assert sorted(answer.status for answer in answers) == [200] + [409] * (PARALLEL - 1)
        place = [answer.status for answer in answers].index(200)
        winners[place % 2] += 1
        assert [opened["task_key"] for opened in answers[place].json()["opened_tasks"]] == ["b"]
        tickets.append(ticket["id"])
    with tenant_context(arena.company):
        assert tasks_of(tickets) == {(("a", "COMPLETED"), ("b", "OPEN")): ROUNDS}
        assert events_of(tickets, "task.completed") == {1}
        assert set(WorkflowInstance.objects.filter(ticket__in=tickets).values_list("tasks_executed")) == {(1,)}
    told(
        f"{ROUNDS} rounds of {PARALLEL} completes: {ROUNDS} × 200, {ROUNDS * (PARALLEL - 1)} × 409,"
        f" {ROUNDS} successors; won by each server: {winners[0]}, {winners[1]}"
    )


def test_the_last_two_branches_open_the_join_once(acme_arena, told):
    arena, tickets, openers = acme_arena, [], Counter()
    arena.publish(JOIN)
    for round_ in range(ROUNDS):
        (ticket,) = arena.open("join")
        (first,) = ticket["open_tasks"]
        (split,) = arena.volleys.send(arena.completing(first))
        last_two = split.json()["opened_tasks"]
        answers = arena.volleys.send(*(arena.completing(task) for task in last_two[:: 1 if round_ % 2 else -1]))
        assert [answer.status for answer in answers] == [200, 200]
        opened = [[task["task_key"] for task in answer.json()["opened_tasks"]] for answer in answers]
        assert sorted(opened) == [[], ["d"]]
        openers[opened.index(["d"])] += 1
        tickets.append(ticket["id"])
    with tenant_context(arena.company):
        done = (("a", "COMPLETED"), ("b", "COMPLETED"), ("c", "COMPLETED"), ("d", "OPEN"))
        assert tasks_of(tickets) == {done: ROUNDS}
    told(f"{ROUNDS} rounds of two last branches: {ROUNDS} joins opened; by each server: {openers[0]}, {openers[1]}")


def test_fifty_creates_with_one_key_make_one_ticket(acme_arena, told):
    arena = acme_arena
    arena.publish(ONE)
    with tenant_context(arena.company):
        before = Ticket.objects.count()
    made = set()
    for round_ in range(ROUNDS):
        key = {"Idempotency-Key": f"round {round_}"}
        answers = arena.volleys.send(*[arena.opening("one", **key)] * PARALLEL)
        assert {answer.status for answer in answers} == {201}
        assert len({answer.body for answer in answers}) == 1
        made.add(answers[0].json()["id"])
        other = arena.call("uma", "POST", TICKETS, {"ticket_definition": "one", "data": {}, "subject": "x"}, **key)
        assert [answer.status for answer in arena.volleys.send(other, arena.opening("one", **key))] == [409, 201]
    with tenant_context(arena.company):
        assert Ticket.objects.count() - before == len(made) == ROUNDS
        assert tasks_of(sorted(made)) == {(("a", "OPEN"),): ROUNDS}
        assert events_of(sorted(made), "ticket.opened") == {1}
    told(f"{ROUNDS} rounds of {PARALLEL} creates with one key: {ROUNDS} tickets, {ROUNDS * PARALLEL} same answers")


def test_a_monthly_limit_is_met_exactly(globex_arena, told):
    arena, allowed = globex_arena, 0
    arena.publish(ONE)
    for round_ in range(ROUNDS):
        left = 1 + round_ % 7
        allowed += left
        Plan.objects.filter(pk="GROWTH").update(max_executions_per_month=allowed)
        answers = arena.volleys.send(*[arena.opening("one")] * PARALLEL)
        assert sorted(answer.status for answer in answers) == [201] * left + [403] * (PARALLEL - left)
        codes = {answer.json()["errors"][0]["code"] for answer in answers if answer.status == 403}
        assert codes == {"quota_exceeded"}
        with tenant_context(arena.company):
            assert WorkflowInstance.objects.count() == Ticket.objects.count() == allowed
    told(f"{ROUNDS} rounds of {PARALLEL} creates under a limit: {allowed} allowed, {allowed} made")


def test_either_cancel_or_complete(acme_arena, told):
    arena, tickets, outcomes = acme_arena, [], Counter()
    arena.publish(ONE)
    for round_ in range(ROUNDS):
        (ticket,) = arena.open("one")
        (task,) = ticket["open_tasks"]
        cancel = arena.call("uma", "POST", f"{TICKETS}{ticket['id']}/cancel/")
        # Cancelling looks the ticket up first: so that it wins at times, reads go to the servers before completing.
        read = arena.call("uma", "GET", f"{TICKETS}{ticket['id']}/")
        cancelled, *_, completed = arena.volleys.send(cancel, *[read] * (2 * (round_ % 8)), arena.completing(task))
        assert {cancelled.status, completed.status} == {200, 409}
        end = "CANCELLED" if cancelled.status == 200 else "COMPLETED"
        assert arena.ask("uma", "GET", f"{TICKETS}{ticket['id']}/")["status"] == end
        outcomes[end] += 1
        tickets.append(ticket["id"])
    expected = {(("a", end),): count for end, count in outcomes.items()}
    with tenant_context(arena.company):
        assert tasks_of(tickets) == expected
        ends = Counter(WorkflowInstance.objects.filter(ticket__in=tickets).values_list("status", flat=True))
        assert ends == outcomes
        ended = History.objects.filter(subject_id__in=tickets, event__in=["ticket.cancelled", "task.completed"])
        assert ended.count() == ROUNDS
    told(
        f"{ROUNDS} rounds of cancel against complete: {outcomes['CANCELLED']} cancelled,"
        f" {outcomes['COMPLETED']} completed"
    )


def test_a_ticket_opened_during_publishing_is_of_one_version(acme_arena, told):
    arena, versions, between = acme_arena, Counter(), 0
    arena.publish(moving(1))
    for number in range(2, ROUNDS + 2):
        publish = arena.call("alice", "POST", PUBLISH, moving(number))
        calls = [arena.opening("moving")] * 8
        place = number % 8
        answers = arena.volleys.send(*calls[:place], publish, *calls[place:])
        published = answers.pop(place)
        assert (published.status, published.json()["version"]) == (200, number), published.body
        assert {answer.status for answer in answers} == {201}, answers[0].body
        found = [answer.json() for answer in answers]
        for ticket in found:
            version = ticket["workflow_version"]
            assert version in (number - 1, number)
            assert ticket["data"] == {"v": version}
            assert [task["title"] for task in ticket["open_tasks"]] == [f"First {version}"]
            versions[version] += 1
        between += len({ticket["workflow_version"] for ticket in found}) == 2
        steps = arena.volleys.send(*(arena.completing(ticket["open_tasks"][0]) for ticket in found))
        for ticket, step in zip(found, steps, strict=True):
            opened = [task["task_key"] for task in step.json()["opened_tasks"]]
            assert opened == [f"step-{ticket['workflow_version']}"]
    assert versions.total() == ROUNDS * 8
    told(f"{ROUNDS} publishes against {ROUNDS * 8} creates: all of one version; rounds with both: {between}")


def test_without_the_role_the_next_claim_is_refused(acme_arena, told):
    arena, claimed = acme_arena, Counter()
    with tenant_context(arena.company):
        CompanyRole.objects.get_or_create(name="buyer")
        wanda = arena.people["wanda"].pk
    arena.publish(BUYING)
    address = f"/api/users/{wanda}/"
    whole = {"system_roles": ["user", "task_worker"], "company_roles": ["buyer"]}
    for round_ in range(ROUNDS):
        arena.ask("ada", "PATCH", address, whole)
        tasks = [ticket["open_tasks"][0] for ticket in arena.open("buying", 12)]
        claims = [arena.call("wanda", "POST", f"{TASKS}{task['id']}/claim/") for task in tasks]
        less = {"company_roles": []} if round_ % 2 else {"system_roles": ["user"]}
        first, *early, last = claims
        assert [answer.status for answer in arena.volleys.send(first)] == [200]
        # By force, for nobody else is a buyer.
        removed, *meanwhile = arena.volleys.send(arena.call("ada", "PATCH", f"{address}?force=true", less), *early)
        assert removed.status == 200, removed.body
        assert {answer.status for answer in meanwhile} <= {200, 403}
        for answer in meanwhile:
            claimed[answer.status] += 1
        # On both servers.
        assert [answer.status for answer in arena.volleys.send(last, last)] == [403, 403]
        with tenant_context(arena.company):
            assert TaskInstance.objects.get(pk=tasks[-1]["id"]).status == "OPEN"
    told(
        f"{ROUNDS} roles removed: the next claims on both servers all 403; of {claimed.total()} claims meanwhile"
        f" {claimed[200]} were let through"
    )
