"""What a run does when it is COMPLETED: one call, or a run of another workflow. docs/actions.md tells of it.

Nothing waits for an end action: its run is closed whatever comes of it. An incident says where it failed.
"""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

import orjson
from django.db import transaction
from django.utils import timezone

from core.db import connection
from core.errors import Refused
from users.models import User
from workflow_design.kernel.engine import RUN, Event
from workflow_design.kernel.language import EvaluationError, compile_template
from workflow_ops import jobs
from workflow_ops.models import (
    ActionAttempt,
    AttemptStatus,
    EndAction,
    EndStatus,
    Incident,
    IncidentKind,
    Webhook,
)
from workflow_ops.services import attempts, webhooks
from workflow_ops.services.actions import MAX_TRACE
from workflow_ops.services.attempts import RECORDED, Call, Claimed, Reply
from workflow_ops.services.calls import DEFAULT_CALL_SECONDS
from workflow_ops.services.children import CannotStart, start_run, told_of
from workflow_ops.services.follow_up import Written
from workflow_ops.services.notes import Note
from workflow_ops.services.running import Parent, Run, lock

CODE = "end_action"
"""Of its incidents."""
# It is tried as often as an action that doesn't say how often.
_MOST_ATTEMPTS = int(attempts.POLICY["max_attempts"])


def end_action_go_on(*, run_id: int, generation: int) -> None:
    """Do what the end of a run leads to, where it isn't done yet.

    To be called outside of any transaction. Raises Later while another worker is at it, or before a retry is due.
    """
    claimed = end_action_claim(run_id=run_id, generation=generation)
    if claimed is not None:
        reply = attempts.send(claimed.call)
        attempts.in_time(lambda: end_action_record(claimed, reply))


@transaction.atomic
def end_action_claim(*, run_id: int, generation: int) -> Claimed | None:
    """The next attempt, written and RUNNING; None when there is nothing to call. Raises Later."""
    found = _locked(run_id)
    if found is None:
        return None
    run, end = found
    past = list(end.attempts.filter(generation=generation).order_by("number"))
    last = past[-1] if past else None
    wanted = end.generation == generation and end.status == EndStatus.PENDING
    if last is not None and last.status == AttemptStatus.RUNNING:
        if wanted:
            attempts.wait_until(last.lease_until)
        attempts.abandon(last)
    if not wanted:
        return None
    if last is not None and last.retry_at is not None:
        attempts.wait_until(last.retry_at)
    try:
        if run.version.bundle["workflow"]["end_action_type"] == "workflow":
            _start(run, end)
            return None
        if len(past) >= _MOST_ATTEMPTS:
            raise CannotStart("The worker that made the last call was lost.")
        return _claim(run, end, past)
    except CannotStart as cannot:
        _stop(run, end, cannot.cause, cannot.trace)
        return None


@transaction.atomic
def end_action_record(claimed: Claimed, reply: Reply) -> None:
    """Write what the call came to; what is late changes nothing else."""
    found = _locked(claimed.owner)
    if found is None:
        return
    run, end = found
    attempt = ActionAttempt.objects.get(pk=claimed.attempt)
    if attempt.status in RECORDED:  # the connection broke when that was committed
        return
    status = AttemptStatus.FAILED if reply.failure else AttemptStatus.SUCCEEDED
    if attempt.status != AttemptStatus.RUNNING or end.generation != attempt.generation or end.status != "PENDING":
        attempts.end(attempt, AttemptStatus.LATE, reply)
        _note(run, "end_action.late", attempt)
    elif not reply.failure:
        attempts.end(attempt, status, reply)
        _set(end, EndStatus.COMPLETED)
        _note(run, "end_action.completed", attempt)
    elif reply.retryable and attempt.number < _MOST_ATTEMPTS:
        wait = attempts.wait_seconds({"retry_policy": None}, attempt.number, reply)
        attempt.retry_at = timezone.now() + timedelta(seconds=wait)
        attempts.end(attempt, status, reply)
        jobs.end.enqueue(at=attempt.retry_at, run=run.id, generation=end.generation)
        _note(run, "end_action.failed", attempt)
    else:
        attempts.end(attempt, status, reply)
        _stop(run, end, reply.failure, "")


@transaction.atomic
def end_action_lost(*, run_id: int, generation: int) -> None:
    """Say that an end action's job has failed for good, for a reason that only the server's log knows.

    Not of one that waits for the job of its next attempt.
    """
    found = _locked(run_id)
    if found is None or found[1].status != EndStatus.PENDING or found[1].generation != generation:
        return
    last = found[1].attempts.filter(generation=generation).order_by("number").last()
    if last is not None and last.status == AttemptStatus.RUNNING:
        attempts.abandon(last)
    if last is None or last.retry_at is None or last.retry_at <= timezone.now():
        _stop(*found, "It could not be done: the server's log says why.", "")


def repair(run: Run, event: Event, user: User, note: Note) -> None:
    """Do it again from its beginning (`retried`), or let it be (`skipped`). The caller has locked the run."""
    end = EndAction.objects.get(instance=run.id)
    if event.name == "skipped":
        _set(end, EndStatus.SKIPPED)
    else:
        end.generation += 1
        _set(end, EndStatus.PENDING)
        jobs.end.enqueue(run=run.id, generation=end.generation)
    note.record(user)


def _locked(run_id: int) -> tuple[Run, EndAction] | None:
    try:
        run = lock(run_id)
    except Refused:  # it is gone
        return None
    return run, EndAction.objects.get(instance=run_id)


def _start(run: Run, end: EndAction) -> None:
    action = run.version.bundle["workflow"]["end_action"]
    data = None if action["data"] is None else _rendered(run, action["data"])
    child = start_run(run, Parent(run.id, None, end.generation), action["workflow"], {} if data is None else data)
    _set(end, EndStatus.COMPLETED)
    Note(run, "end_action.completed", child=told_of(child, action["workflow"])).record(None)


def _claim(run: Run, end: EndAction, past: list[ActionAttempt]) -> Claimed:
    action = run.version.bundle["workflow"]["end_action"]
    # What is sent again under the same key must be the same.
    text = past[0].body if past else _body(run, action)
    assert text is not None
    key = str(uuid.uuid5(connection.tenant.uuid, f"end of run {run.id} generation {end.generation}"))
    headers = attempts.headers(key, len(past) + 1)
    if not text:
        del headers["Content-Type"]
    call = Call(action["method"], action["url"], headers, [], text.encode(), float(DEFAULT_CALL_SECONDS))
    attempt = attempts.begin(past, end.generation, call, end_action_id=end.pk)
    return Claimed(attempt.pk, run.id, end.generation, attempt.number, call)


def _body(run: Run, action: dict[str, Any]) -> str:
    return "" if action["body"] is None else orjson.dumps(_rendered(run, action["body"])).decode()


def _rendered(run: Run, template: Any) -> Any:
    """Over the run's data at its end, and `_ticket`; no task is at work."""
    try:
        return compile_template(template).render({**run.data, "_ticket": run.ticket})
    except EvaluationError as error:
        trace = f"{error.code} in {orjson.dumps(template).decode()}"
        raise CannotStart(f"What to send can't be made: {error.message}", trace[:MAX_TRACE]) from None


def _stop(run: Run, end: EndAction, cause: str, trace: str) -> None:
    """An incident of the run, which stays COMPLETED."""
    _set(end, EndStatus.ERROR)
    message = f"The run is completed, but not its end action. {cause}"
    incident = Incident.objects.create(
        kind=IncidentKind.ACTION, instance_id=run.id, number=RUN, code=CODE, message=message, trace=trace[:MAX_TRACE]
    )
    Note(run, "end_action.stopped", steps=[{"incidents": [{"code": CODE, "message": message}]}]).record(None)
    wanted = Webhook.objects.filter(is_active=True).values_list("pk", "events")
    told = Written(
        run=run,
        event=Event("failed"),
        user=None,
        status=run.status,
        data=run.data,
        work=None,
        work_status=None,
        opened=(),
        again=None,
        cancelled=(),
        incidents=((incident.pk, RUN),),
        wanted=tuple((pk, frozenset(events)) for pk, events in wanted),
    )
    webhooks.announce(told)


def _set(end: EndAction, status: EndStatus) -> None:
    end.status, end.updated_at = status, timezone.now()
    end.save(update_fields=["status", "generation", "updated_at"])


def _note(run: Run, event: str, attempt: ActionAttempt) -> None:
    about: dict[str, Any] = {"generation": attempt.generation, "number": attempt.number, "outcome": attempt.outcome}
    error = {"error": attempt.error} if attempt.error else {}
    Note(run, event, attempt=about, **error).record(None)
