"""One step of a run: compute, write. Every change of where a run stands goes through `advance`, under the run's lock,
or through `advance_seen`, which writes only where nothing has changed since it looked.

The kernel computes what follows from an event; here it is written: the run, its tasks, incidents and history, in one
statement.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from django.db import transaction

from core.db import fetch_all
from core.errors import conflict
from core.sending import Rows, Statement, sent
from users.models import User
from workflow_design.kernel.engine import Event, EventRefused, Incident, Opened, Step, step
from workflow_ops.services import actions, follow_up
from workflow_ops.services.changes import Changes
from workflow_ops.services.follow_up import Written
from workflow_ops.services.notes import Note
from workflow_ops.services.running import Run, Seen, Work

# What is asked when a step is done, of the run's id and numbers of tasks.
Shown = Callable[[int, Sequence[int]], Statement]
# Computed tasks follow one another within one transaction: a loop of them ends here, in an incident.
MAX_COMPUTED = 200


def advance(
    run: Run,
    event: Event,
    *,
    user: User | None,
    note: Note,
    work: Work | None = None,
    output: dict[str, Any] | None = None,
    outcome: actions.Outcome | None = None,
) -> Written:
    """Play `event`, write what follows, remember it in the history.

    `work` is the task that the event is of: it ends, with `output`, unless an incident stops it; `outcome` tells an
    incident why. Tasks that only compute are played in the same transaction, and what follows is set going in it. 409
    when the event can't happen any more. The caller holds the run's lock.
    """
    written = play(run, event, user=user, note=note, work=work, output=output, outcome=outcome).write()
    follow_up.follow(written)
    return written


def advance_seen(
    seen: Seen,
    event: Event,
    *,
    user: User | None,
    note: Note,
    output: dict[str, Any] | None,
    shown: Shown | None = None,
) -> Rows | None:
    """What `advance` does for a task that nobody has locked, mostly in one round trip and no transaction besides; the
    rows of what `shown` asks afterwards.

    None, and nothing is written, where the task or its run has changed since it was seen, and where new tasks go to
    people by whose turn it is: that is asked under the run's lock.
    """
    changes = play(seen.run, event, user=user, note=note, work=seen.work, output=output)
    if changes.take_turns:
        return None
    asked = [] if shown is None else [shown(seen.run.id, [seen.work.number, *changes.to_do])]
    if changes.stand_alone and not seen.announced:
        with sent(changes.statement(seen), *asked) as wait:
            written, *found = wait()
        return [row for rows in found for row in rows] if written else None
    with transaction.atomic():
        written = fetch_all(*changes.statement(seen))
        if written:
            follow_up.follow(changes.written(written))
    return [row for ask in asked for row in fetch_all(*ask)] if written else None


def play(
    run: Run,
    event: Event,
    *,
    user: User | None,
    note: Note,
    work: Work | None = None,
    output: dict[str, Any] | None = None,
    outcome: actions.Outcome | None = None,
) -> Changes:
    """What `advance` writes, computed and not written: nothing here asks the database."""
    try:
        done = step(run.version.graph, run.marking, run.data, event, run.ticket)
    except EventRefused as refused:
        raise conflict(refused.message, code=refused.code) from None
    changes = Changes(run, user, event, note)
    if outcome is not None:
        done = _explained(done, outcome)
    changes.take(done, outcome.trace if outcome else "")
    waiting = list(done.opened)
    if work is not None and changes.finish(work, output):
        waiting.append(Opened(work.number, done.marking.open[work.number], work.key, {}))
    computed = 0
    while waiting:
        opened = waiting.pop(0)
        if run.version.tasks[opened.key]["action"] != "compute":
            continue
        computed += 1
        if computed > MAX_COMPUTED:
            done = _runaway(done, opened)
            changes.take(done)
            continue
        result = actions.compute(run.version, opened, done.data, run.ticket)
        done = _explained(step(run.version.graph, done.marking, done.data, result.event, run.ticket), result)
        changes.take(done, result.trace, computed=opened.key)
        changes.settle(opened.number, result.event)
        waiting += done.opened
    return changes


def _explained(done: Step, result: actions.Outcome) -> Step:
    """The step with the cause of a failure in its incident."""
    incidents = tuple(
        incident._replace(kind=result.kind, message=f"{incident.message} {result.cause}")
        if incident.kind == "ACTION"
        else incident
        for incident in done.incidents
    )
    return replace(done, incidents=incidents)


def _runaway(done: Step, opened: Opened) -> Step:
    """A step that stops a task which would be one computed too many."""
    message = f"More than {MAX_COMPUTED} tasks that compute followed one another: {opened.key} was not begun."
    marking = replace(done.marking, stopped={**done.marking.stopped, opened.number: "error"}, status="ERROR")
    incident = Incident("ACTION", "runaway", message, opened.number, opened.key)
    return Step(marking, done.data, incidents=(incident,))
