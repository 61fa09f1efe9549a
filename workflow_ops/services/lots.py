"""Calls of several actions of a company together: claimed in one transaction, made at the same time, and recorded as
they are answered, as many as there are by then in one transaction.

Here is only the usual: a first attempt, an answer that completes its task. Everything else, and whatever fails, is left
to be done singly, in `calls`.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from queue import Empty, SimpleQueue

from django.db import transaction

from core.crew import Crew
from tenants.lots import Lot
from tenants.queue import Fetched
from workflow_ops.models import InstanceStatus, TaskStatus
from workflow_ops.services import actions, attempts, follow_up
from workflow_ops.services.attempts import Call, Claimed, Reply
from workflow_ops.services.calls import action_record, completed, first_call, success
from workflow_ops.services.changes import Changes
from workflow_ops.services.running import Run, Work, lock_free_tasks

log = logging.getLogger(__name__)

# An answer waits so long for others to be recorded with.
GATHER_SECONDS = 0.005
_crew = Crew("call")


@dataclass(frozen=True, slots=True)
class _Called:
    """One of a lot's calls."""

    job: Fetched
    run: int
    claimed: Claimed


@dataclass(frozen=True, slots=True)
class _Answered:
    """And what it came to. No reply: making the call broke, which is a fault of ours."""

    called: _Called
    reply: Reply | None


def actions_go_on(lot: Lot) -> None:
    """Make the calls that a lot's actions need. Outside of any transaction."""
    calls = _claim(lot)
    taken = {called.job.id for called in calls}
    for job in lot.left:
        if job.id not in taken:
            lot.singly(job)
    answers: SimpleQueue[_Answered] = SimpleQueue()
    for called in calls:
        _crew.do(partial(_call, called, answers))
    left = len(calls)
    while left:
        found = _gather(answers, left)
        left -= len(found)
        lot.called(len(found))
        _record(lot, found)


@transaction.atomic
def _claim(lot: Lot) -> list[_Called]:
    """The first attempts, written and RUNNING."""
    jobs = {(job.args["task"], job.args["generation"]): job for job in lot.jobs}
    usual: dict[int, tuple[Run, Work, Call]] = {}
    for run, work in lock_free_tasks([task for task, _ in jobs]):
        if (work.id, work.generation) in jobs and _is_usual(run, work):
            with suppress(actions.CannotSend):
                usual[work.id] = run, work, first_call(run, work)
    begun = attempts.begin_first([(work.id, work.generation, call) for _, work, call in usual.values()])
    calls = []
    for task, attempt in begun.items():
        run, work, call = usual[task]
        claimed = Claimed(attempt, task, work.generation, 1, call)
        calls.append(_Called(jobs[task, work.generation], run.id, claimed))
    return calls


def _is_usual(run: Run, work: Work) -> bool:
    task = run.version.tasks[work.key]
    called = actions.is_called(task) and not actions.waits_for_callback(task)
    return called and work.status == TaskStatus.PENDING and run.status != InstanceStatus.ON_HOLD


def _call(called: _Called, answers: SimpleQueue[_Answered]) -> None:
    reply = None
    try:
        reply = attempts.send(called.claimed.call)
    except Exception:
        log.exception("A call broke.")
    finally:  # whoever waits for it must hear of it
        answers.put(_Answered(called, reply))


def _gather(answers: SimpleQueue[_Answered], most: int) -> list[_Answered]:
    """The next answer, and those that come soon after it."""
    found = [answers.get()]
    until = time.monotonic() + GATHER_SECONDS
    with suppress(Empty):
        while len(found) < most:
            found.append(answers.get(timeout=max(0, until - time.monotonic())))
    return found


def _record(lot: Lot, answers: Sequence[_Answered]) -> None:
    """Write what calls came to. A run's second one sees what the first has led to, in another transaction."""
    while answers:
        first = {answered.called.run: answered for answered in reversed(answers)}
        answers = [answered for answered in answers if first[answered.called.run] is not answered]
        done = _recorded_in_time(lot, list(first.values()))
        lot.end([answered.called.job for answered in done])
        for answered in first.values():
            if answered in done:
                continue
            if answered.reply is None:
                lot.singly(answered.called.job)
                continue
            record = partial(action_record, answered.called.claimed, answered.reply)
            lot.singly(answered.called.job, partial(attempts.in_time, record))


def _recorded_in_time(lot: Lot, answers: list[_Answered]) -> list[_Answered]:
    """Those that have been recorded, none where something fails."""
    try:
        return attempts.in_time(lambda: _recorded(lot, answers))
    except Exception as error:  # whose fault it is shows when each is recorded by itself
        log.warning("What was called together is recorded singly: %s", error, exc_info=error)
        return []


@transaction.atomic
def _recorded(lot: Lot, answers: list[_Answered]) -> list[_Answered]:
    of_task = {answered.called.claimed.owner: answered for answered in answers}
    usual = []
    for run, work in lock_free_tasks(list(of_task)):
        answered = of_task[work.id]
        changes = _changes(run, work, answered)
        if changes is not None:
            usual.append((answered, changes))
    if not usual:
        return []
    replies = [(one.called.claimed.attempt, one.reply) for one, _ in usual if one.reply is not None]
    ended = attempts.succeed(replies)
    done = []
    for answered, changes in usual:
        if answered.called.claimed.attempt in ended:
            follow_up.follow(changes.write())
            done.append(answered)
    if done:
        lot.take_off([answered.called.job for answered in done])
    return done


def _changes(run: Run, work: Work, answered: _Answered) -> Changes | None:
    """What an answer leads to; None where that is not for a lot: it doesn't complete its task, fails, or gives tasks to
    people by whose turn it is, which the next one changes."""
    claimed, reply = answered.called.claimed, answered.reply
    if reply is None:
        return None
    try:
        outcome = success(run, work, claimed, reply)
        changes = None if outcome is None else completed(run, work, claimed, reply, outcome)
    except Exception as error:  # noqa: BLE001 # the others have nothing to do with it
        log.info("An answer is recorded singly: %s", error)
        return None
    return None if changes is None or changes.take_turns else changes
