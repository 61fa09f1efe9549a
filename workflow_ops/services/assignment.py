"""Who may do a task, and who gets one that opens."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from typing import Any

import orjson

from core.db import connection
from users.models import EVERYONE, SystemRole, User
from users.selectors import company_role_names
from workflow_design.models import AssignmentPolicy
from workflow_ops.models import TaskStatus
from workflow_ops.services.running import Run


def is_candidate(user: User, held: Collection[str], roles: list[str]) -> bool:
    """Whether a person with the company roles `held` may claim a task that is for `roles`."""
    if not user.has_role(SystemRole.TASK_WORKER):
        return False
    return not roles or EVERYONE in roles or not set(roles).isdisjoint(held)


def assign(run: Run, rows: list[dict[str, Any]], previous: int | None) -> list[dict[str, Any]]:
    """Give each new task to whom its policy says; without anybody to give it to it stays open for its candidates.

    `previous` is who did the task before it. Answers whose turn it was: `{key, person}` for every task that goes round.
    """
    requester = run.ticket["created_by"] if run.ticket else run.created_by
    named = {AssignmentPolicy.REQUESTER: requester, AssignmentPolicy.PREVIOUS: previous}
    people: dict[str, tuple[User, Collection[str]] | None] = {}
    for row in rows:
        policy = row["policy"]
        if policy not in named:
            continue
        if policy not in people:
            people[policy] = _active(named[policy])
        # A requester may have a task that is for others; who did the one before must be able to do this one too.
        if (found := people[policy]) and (policy == AssignmentPolicy.REQUESTER or is_candidate(*found, row["roles"])):
            _give(row, found[0].pk)
    chosen = [row for row in rows if row["policy"] in (AssignmentPolicy.SHORTEST_QUEUE, AssignmentPolicy.ROUND_ROBIN)]
    return _choose(run, chosen) if chosen else []


def _active(pk: int | None) -> tuple[User, Collection[str]] | None:
    """Who it is, with their company roles; None for nobody, and for those who have left."""
    person = User.objects.filter(pk=pk, is_active=True).first() if pk is not None else None
    return (person, company_role_names(person)) if person else None


def _give(row: dict[str, Any], person: int) -> None:
    row["assignee"], row["status"] = person, TaskStatus.IN_PROGRESS


# For each task the first candidates, as many as there are tasks: those with the fewest undone tasks, or those after
# whose turn it was last.
_CANDIDATES = """
SELECT x.place, candidate.id, candidate.undone
FROM json_to_recordset(%(tasks)s::json) AS x (place int, key text, roles text[], policy text)
LEFT JOIN task_turns turn ON turn.workflow_id = %(workflow)s AND turn.task_key = x.key
CROSS JOIN LATERAL (
    SELECT person.id, queue.undone,
        row_number() OVER (ORDER BY queue.undone, person.id <= coalesce(turn.person_id, 0), person.id) AS rank
    FROM users person
    CROSS JOIN LATERAL (
        SELECT count(*) AS undone FROM task_instances w
        WHERE x.policy = 'shortest_queue' AND w.assignee_id = person.id
            AND w.status IN ('OPEN', 'IN_PROGRESS', 'PENDING')
    ) queue
    WHERE person.is_active AND 'task_worker' = ANY(person.system_roles)
        AND (x.roles = '{}' OR 'everyone' = ANY(x.roles) OR EXISTS (
            SELECT FROM user_company_roles held JOIN company_roles role ON role.id = held.companyrole_id
            WHERE held.user_id = person.id AND role.name = ANY(x.roles)))
    ORDER BY rank LIMIT %(most)s
) candidate
ORDER BY x.place, candidate.rank
"""


def _choose(run: Run, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    tasks = [
        {"place": place, **{name: row[name] for name in ("key", "roles", "policy")}} for place, row in enumerate(rows)
    ]
    candidates: list[list[tuple[int, int]]] = [[] for _ in rows]
    with connection.cursor() as cursor:
        # Two that choose at once would not see each other's choice: one waits here. It asks only then.
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('assignment'), hashtext(current_schema()))")
        cursor.execute(
            _CANDIDATES,
            {"tasks": orjson.dumps(tasks).decode(), "workflow": run.version.workflow_id, "most": len(rows)},
        )
        for place, person, undone in cursor.fetchall():
            candidates[place].append((person, undone))
    turns: dict[str, int] = {}
    given: Counter[int] = Counter()
    rounds: Counter[str] = Counter()
    for row, able in zip(rows, candidates, strict=True):
        if not able:
            continue
        if row["policy"] == AssignmentPolicy.SHORTEST_QUEUE:
            person = min(able, key=lambda one: (one[1] + given[one[0]], one[0]))[0]
        else:
            person = able[rounds[row["key"]] % len(able)][0]
            rounds[row["key"]] += 1
            turns[row["key"]] = person
        given[person] += 1
        _give(row, person)
    return [{"key": key, "person": person} for key, person in turns.items()]
