"""Whether work is left that nobody could do any more, when a person goes or loses a role."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any

from core.db import connection
from core.errors import Fault, Refused
from users.models import EVERYONE, SystemRole
from users.selectors import role_has_worker

Task = dict[str, Any]
# Apps with work for people add a function here, in their AppConfig.ready(): company roles that no active task worker
# has any more (`everyone`: there is no task worker left), those that one has → the tasks that are for the first and not
# for the second, as rows for people: workflow, workflow_title, version, task, title, roles.
needs: list[Callable[[Collection[str], Collection[str]], list[Task]]] = []
_NAMED = 5


def left_undone(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[Task]:
    """The tasks that nobody can do any more since a person is (`is_active system_roles company_roles`) as `after` says.

    To be called in the transaction that has written that: those who lose roles wait for each other here, so that of the
    last two who can do a task not both go unseen. A version that is published at the same moment is not looked at.
    """
    lost = _could_do(before) - _could_do(after)
    if not lost:
        return []
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('staffing'), hashtext(current_schema()))")
    able = {name for name, has_worker in role_has_worker().items() if has_worker}
    gone = lost - able
    return [task for find in needs for task in find(gone, able)] if gone else []


def refuse_left_undone(tasks: list[Task]) -> None:
    """409 with the tasks, if there are any."""
    if not tasks:
        return
    more = f" and {len(tasks) - _NAMED} more" if len(tasks) > _NAMED else ""
    detail = (
        f"Nobody could do these tasks any more: {'; '.join(in_words(tasks[:_NAMED]))}{more}. "
        "Let somebody else have what they ask for first, or force the change."
    )
    raise Refused([Fault("nobody_left", detail)], status=409, extra={"tasks": tasks})


def in_words(tasks: list[Task]) -> list[str]:
    """Each task as people call it, with whom it is for."""
    return [
        f"“{task['title']}” of {task['workflow_title']}, version {task['version']} "
        f"(for {' or '.join(task['roles']) or 'every task worker'})"
        for task in tasks
    ]


def _could_do(person: Mapping[str, Any]) -> frozenset[str]:
    """The company roles in which a person may do tasks: none for who is no active task worker."""
    if not person["is_active"] or SystemRole.TASK_WORKER not in person["system_roles"]:
        return frozenset()
    return frozenset({EVERYONE, *person["company_roles"]})
