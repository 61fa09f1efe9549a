"""Calls of actions, by worker processes: claim, commit, call, record.

An attempt is written before its call and belongs to one worker until its lease is over. What comes from a worker whose
attempt somebody else has ended by then, or whose task is done, changes nothing: it is late.
"""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from core.db import connection
from core.errors import Refused
from core.sealing import SealBroken
from users.selectors import domain_of
from workflow_ops import jobs
from workflow_ops.models import UNDONE, ActionAttempt, AttemptStatus, InstanceStatus, TaskInstance, TaskStatus
from workflow_ops.services import actions, attempts, callbacks, follow_up
from workflow_ops.services.actions import Outcome
from workflow_ops.services.attempts import RECORDED, Call, Claimed, Reply, most_attempts, wait_seconds
from workflow_ops.services.changes import Changes
from workflow_ops.services.notes import Note
from workflow_ops.services.running import Run, Work, lock_task
from workflow_ops.services.stepping import advance, play

# Of one call, whatever `timeout_seconds` says: an ASYNC_ACTION has days for its callback, but not for being heard.
DEFAULT_CALL_SECONDS = 30
MAX_CALL_SECONDS = 300


def action_go_on(*, task_id: int, generation: int) -> None:
    """Make the call that an action needs now, or use what has been answered; nothing where it needs none.

    To be called outside of any transaction. Raises Later while another worker is at it, or before a retry is due.
    """
    claimed = action_claim(task_id=task_id, generation=generation)
    if claimed is not None:
        reply = attempts.send(claimed.call)
        attempts.in_time(lambda: action_record(claimed, reply))


@transaction.atomic
def action_claim(*, task_id: int, generation: int) -> Claimed | None:
    """The next attempt, written and RUNNING; None when there is nothing to call. Raises Later."""
    try:
        run, work = lock_task(task_id, None)
    except Refused:  # it is gone
        return None
    task = run.version.tasks[work.key]
    if work.generation == generation and run.status != InstanceStatus.ON_HOLD and actions.is_called(task):
        claimed = _claim_first(run, work, task)
        if claimed is not None:
            return claimed
    past = list(ActionAttempt.objects.filter(task_instance=task_id, generation=generation).order_by("number"))
    last = past[-1] if past else None
    if last is not None and last.status == AttemptStatus.RUNNING:
        _abandon(run, work, last)
    if work.generation != generation or work.status not in UNDONE or not actions.is_called(task):
        return None
    if run.status == InstanceStatus.ON_HOLD or _is_answered(run, work, last):
        return None
    if last is not None and last.retry_at is not None:
        attempts.wait_until(last.retry_at)
    if len(past) >= most_attempts(task):
        _end(run, work, actions.failed(work.number, "The worker that made the last call was lost."), past[-1])
        return None
    return _claim(run, work, task, past)


@transaction.atomic
def action_record(claimed: Claimed, reply: Reply) -> None:
    """Write what the call came to, and let its task go on; what is late changes nothing else."""
    try:
        run, work = lock_task(claimed.owner, None)
    except Refused:
        return
    if _succeed(run, work, claimed, reply):
        return
    attempt = ActionAttempt.objects.get(pk=claimed.attempt)
    if attempt.status in RECORDED:  # the connection broke when that was committed
        return
    if attempt.status != AttemptStatus.RUNNING or work.generation != attempt.generation or work.status not in UNDONE:
        attempts.end(attempt, AttemptStatus.LATE, reply)
        _note(run, work, "action.late", attempt).record(None)
    elif run.status == InstanceStatus.ON_HOLD:
        attempt.kept = reply._asdict()
        attempts.end(attempt, AttemptStatus.KEPT, reply)
        _to_pending(work)
        _note(run, work, "action.kept", attempt).record(None)
    else:
        _settle(run, work, attempt, reply)


@transaction.atomic
def action_lost(*, task_id: int, generation: int) -> None:
    """End an action whose job has failed for good, for a reason that only the server's log knows.

    Not one that has been called and waits for its callback, or for the job of its next attempt.
    """
    run, work = lock_task(task_id, None)
    last = ActionAttempt.objects.filter(task_instance=task_id, generation=generation).order_by("number").last()
    now = timezone.now()
    if last is not None and last.status == AttemptStatus.RUNNING:
        attempts.abandon(last)
    if work.generation != generation or work.status not in UNDONE or run.status == InstanceStatus.ON_HOLD:
        return
    if last is not None and (last.status == AttemptStatus.SUCCEEDED or (last.retry_at or now) > now):
        return
    _end(run, work, actions.failed(work.number, "It could not be called: the server's log says why."), None)


def idempotency_key(task_id: int, generation: int) -> str:
    """The same for all attempts of a generation, and nobody else's: no other company's either."""
    return str(uuid.uuid5(connection.tenant.uuid, f"task {task_id} generation {generation}"))


def _abandon(run: Run, work: Work, attempt: ActionAttempt) -> None:
    """Take an attempt from its worker; Later while its lease is running."""
    if work.generation == attempt.generation and work.status in UNDONE:
        attempts.wait_until(attempt.lease_until)
    attempts.abandon(attempt)


def _is_answered(run: Run, work: Work, last: ActionAttempt | None) -> bool:
    """Whether no call is needed: use what was kept, or wait for the callback."""
    if last is None:
        return False
    if last.status == AttemptStatus.KEPT:
        _settle(run, work, last, Reply(**last.kept))
        return True
    if actions.waits_for_callback(run.version.tasks[work.key]) and (kept := callbacks.take_kept(work)) is not None:
        _use_callback(run, work, last, kept)
        return True
    return last.status == AttemptStatus.SUCCEEDED


def _claim_first(run: Run, work: Work, task: dict[str, Any]) -> Claimed | None:
    """The usual beginning, in one statement; None where there was an attempt before, or something fails."""
    if work.status != TaskStatus.PENDING:
        return None
    try:
        call = first_call(run, work)
    except actions.CannotSend:
        return None
    attempt = attempts.begin_first([(work.id, work.generation, call)]).get(work.id)
    return None if attempt is None else Claimed(attempt, work.id, work.generation, 1, call)


def _claim(run: Run, work: Work, task: dict[str, Any], past: list[ActionAttempt]) -> Claimed | None:
    try:
        # What is sent again under the same key must be the same.
        if past:
            assert past[0].body is not None
            call = _made(work, task, past[0].body, len(past) + 1)
        else:
            call = first_call(run, work)
    except actions.CannotSend as cannot:
        _end(run, work, cannot.outcome, None)
        return None
    attempt = attempts.begin(past, work.generation, call, task_instance_id=work.id)
    TaskInstance.objects.filter(pk=work.id).update(status=TaskStatus.IN_PROGRESS, updated_at=attempt.started_at)
    return Claimed(attempt.pk, work.id, work.generation, attempt.number, call)


def _made(work: Work, task: dict[str, Any], text: str, number: int) -> Call:
    """The call of attempt `number`. Raises CannotSend."""
    seconds = min(task["timeout_seconds"] or DEFAULT_CALL_SECONDS, MAX_CALL_SECONDS)
    extra = _callback_headers(work) if actions.waits_for_callback(task) else {}
    headers = {**attempts.headers(idempotency_key(work.id, work.generation), number), **extra}
    secrets = [extra[callbacks.SECRET_HEADER]] if extra else []
    return Call("POST", task["action_url"], headers, secrets, text.encode(), float(seconds))


def first_call(run: Run, work: Work) -> Call:
    """The call of a generation's first attempt. Raises CannotSend."""
    task = run.version.tasks[work.key]
    given = None
    if task["input_transform"] is None:
        given = TaskInstance.objects.values_list("input", flat=True).get(pk=work.id)
    seen = {**run.data, "_ticket": run.ticket}
    return _made(work, task, actions.body_of(run.version, work.number, work.key, given, seen).decode(), 1)


def _callback_headers(work: Work) -> dict[str, str]:
    """Where the other side calls back, and the secret that it signs with."""
    scheme = "https" if settings.USE_HTTPS else "http"
    port = f":{settings.PUBLIC_PORT}" if settings.PUBLIC_PORT else ""
    try:
        secret = callbacks.newest_secret(work.id, work.generation)
    except SealBroken:
        cause = "The company's signing secret can't be opened: make a new one."
        raise actions.CannotSend(actions.failed(work.number, cause)) from None
    return {
        callbacks.ADDRESS_HEADER: f"{scheme}://{domain_of(connection.tenant)}{port}/api/callbacks/{work.id}/",
        callbacks.SECRET_HEADER: secret,
    }


def success(run: Run, work: Work, claimed: Claimed, reply: Reply) -> Outcome | None:
    """The usual end: what an answer comes to that completes its task, where the attempt is still its worker's; None
    for any other."""
    due = work.generation == claimed.generation and work.status in UNDONE and run.status != InstanceStatus.ON_HOLD
    if not due or reply.answer is None or reply.failure or actions.waits_for_callback(run.version.tasks[work.key]):
        return None
    outcome = actions.answered(run.version, work.number, work.key, reply.answer, run.data, run.ticket)
    return outcome if outcome.event.name == "completed" else None


def _succeed(run: Run, work: Work, claimed: Claimed, reply: Reply) -> bool:
    """False, and nothing written, where it is not the usual end."""
    outcome = success(run, work, claimed, reply)
    if outcome is None or not attempts.succeed([(claimed.attempt, reply)]):
        return False
    follow_up.follow(completed(run, work, claimed, reply, outcome).write())
    return True


def completed(run: Run, work: Work, claimed: Claimed, reply: Reply, outcome: Outcome) -> Changes:
    """What follows when the task of an attempt that succeeds is completed; nothing is written yet."""
    attempt = ActionAttempt(generation=claimed.generation, number=claimed.number, outcome=reply.outcome)
    note = _note(run, work, "task.completed", attempt)
    return play(run, outcome.event, user=None, note=note, work=work, output=outcome.event.output)


def _settle(run: Run, work: Work, attempt: ActionAttempt, reply: Reply) -> None:
    """What follows from a reply. A callback says more than the call's own answer, whatever that was."""
    task = run.version.tasks[work.key]
    waits = actions.waits_for_callback(task)
    status = AttemptStatus.FAILED if reply.failure else AttemptStatus.SUCCEEDED
    attempt.kept = None
    if waits and (kept := callbacks.take_kept(work)) is not None:
        attempts.end(attempt, status, reply)
        _use_callback(run, work, attempt, kept)
    elif not reply.failure and waits:
        attempts.end(attempt, status, reply)
        _to_pending(work)
        _note(run, work, "action.accepted", attempt).record(None)
    elif not reply.failure:
        assert reply.answer is not None
        outcome = actions.answered(run.version, work.number, work.key, reply.answer, run.data, run.ticket)
        if outcome.event.name == "failed":
            status, reply = AttemptStatus.FAILED, reply._replace(failure=outcome.cause)
        attempts.end(attempt, status, reply)
        _end(run, work, outcome, attempt)
    elif reply.retryable and attempt.number < most_attempts(task):
        attempt.retry_at = timezone.now() + timedelta(seconds=wait_seconds(task, attempt.number, reply))
        attempts.end(attempt, status, reply)
        _to_pending(work)
        jobs.call.enqueue(at=attempt.retry_at, task=work.id, generation=work.generation)
        _note(run, work, "action.failed", attempt).record(None)
    else:
        attempts.end(attempt, status, reply)
        timeout = reply.timed_out and "timeout" in run.version.graph.tasks[run.marking.open[work.number]].exits
        ends = actions.timed_out if timeout else actions.failed
        _end(run, work, ends(work.number, reply.failure), attempt)


def _use_callback(run: Run, work: Work, attempt: ActionAttempt, content: dict[str, Any]) -> None:
    _end(run, work, actions.answered(run.version, work.number, work.key, content, run.data, run.ticket), attempt)


def _end(run: Run, work: Work, outcome: Outcome, attempt: ActionAttempt | None) -> None:
    """The task ends, or an incident stops it."""
    note = _note(run, work, f"task.{outcome.event.name}", attempt)
    advance(run, outcome.event, user=None, note=note, work=work, output=outcome.event.output, outcome=outcome)


def _to_pending(work: Work) -> None:
    TaskInstance.objects.filter(pk=work.id).update(status=TaskStatus.PENDING, updated_at=timezone.now())


def _note(run: Run, work: Work, event: str, attempt: ActionAttempt | None) -> Note:
    detail: dict[str, Any] = {"task": work.key, "id": work.id}
    if event.startswith("action."):
        detail["task_status"] = work.status if event == "action.late" else TaskStatus.PENDING
    if attempt is not None:
        detail["attempt"] = {"generation": attempt.generation, "number": attempt.number, "outcome": attempt.outcome}
        if attempt.error:
            detail["error"] = attempt.error
    return Note(run, event, **detail)
