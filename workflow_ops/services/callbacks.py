"""What the other side of an ASYNC_ACTION sends when it is done."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import transaction

from core.db import connection, fetch_row
from core.errors import Fault, Refused, conflict, invalid, not_found
from core.json_input import BadJSON, loads
from tenants.models import Company
from workflow_design import versions
from workflow_ops import jobs
from workflow_ops.models import (
    UNDONE,
    ActionAttempt,
    AttemptStatus,
    Callback,
    CallbackStatus,
    InstanceStatus,
    TaskInstance,
)
from workflow_ops.services import actions, signing
from workflow_ops.services.notes import Note
from workflow_ops.services.running import Run, Work, lock_task
from workflow_ops.services.stepping import advance

ADDRESS_HEADER = "TicketFlower-Callback-Url"
SECRET_HEADER = "TicketFlower-Callback-Secret"  # noqa: S105 # a header's name
MAX_BYTES = 1024 * 1024
MAX_DELIVERY = 255
# Of one generation: those after the first serve nothing but the record.
MOST_DELIVERIES = 50
# How many generations back a secret is known again, to tell what is late from what is forged.
_GENERATIONS = 20


def newest_secret(task_id: int, generation: int) -> str:
    """What callbacks of this call are signed with. Raises SealBroken."""
    return _secret(signing.signing_key(), task_id, generation)


def take_kept(work: Work) -> dict[str, Any] | None:
    """The callback that came too early, used now: its content. Others that were kept are late. The run is locked."""
    kept = Callback.objects.filter(task_instance=work.id, generation=work.generation, status=CallbackStatus.KEPT)
    first = kept.order_by("pk").first()
    if first is None:
        return None
    kept.exclude(pk=first.pk).update(status=CallbackStatus.LATE)
    Callback.objects.filter(pk=first.pk).update(status=CallbackStatus.USED)
    content: dict[str, Any] = first.content
    return content


def callback_receive(*, task_id: int, headers: Mapping[str, str], body: bytes) -> None:
    """Take what a callback brings; it completes its task, now or when the call's own answer is there.

    404 for what waits for no callback, 413, 401 for a bad signature or time, 415, 400 for what is no JSON, 409 (with an
    entry in the history) when the task is done or was begun anew. A delivery that was taken already changes nothing.
    """
    current = _generation(task_id)
    # Before it is hashed with one secret after another, for whoever sends it.
    if len(body) > MAX_BYTES:
        raise Refused([Fault("too_large", "A callback has at most 1 MB.")], status=413)
    delivery, generation = _verified(task_id, current, headers, body)
    content = _content(headers, body)
    if not _receive(task_id, generation, delivery, content):
        raise conflict("This task is done: the callback comes too late.", code="task_closed")


def _generation(task_id: int) -> int:
    # Asked first, and together with entering the schema: where it is missing, PostgreSQL would look in `public`.
    if fetch_row("SELECT current_schema()", []) != (connection.schema_name,):
        raise not_found()
    columns = ("generation", "task__key", "instance__version_id")
    found = TaskInstance.objects.filter(pk=task_id).values_list(*columns).first()
    if found is None:
        raise not_found()
    generation, key, version = found
    if not actions.waits_for_callback(versions.compiled(version).tasks[key]):
        raise not_found()
    return int(generation)


def _verified(task_id: int, current: int, headers: Mapping[str, str], body: bytes) -> tuple[str, int]:
    """(id of the delivery, generation whose secret signed it)."""
    delivery, timestamp = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
    signatures = headers.get("webhook-signature", "")
    if 0 < len(delivery) <= MAX_DELIVERY and delivery.isprintable() and signing.is_timely(timestamp):
        keys = signing.valid_keys()
        for generation in range(current, max(0, current - _GENERATIONS), -1):
            secrets = [_secret(key, task_id, generation) for key in keys]
            if signing.is_signed(secrets, delivery, timestamp, body, signatures):
                return delivery, generation
    raise Refused([Fault("bad_signature", "The signature is not valid, or more than five minutes old.")], status=401)


def _secret(key: bytes, task_id: int, generation: int) -> str:
    return signing.derived(key, "callback", connection.tenant.uuid, task_id, generation)


def _content(headers: Mapping[str, str], body: bytes) -> dict[str, Any]:
    """What an output_transform sees of a callback."""
    kind = headers.get("content-type", "").partition(";")[0].strip().lower()
    if body and kind not in ("", "application/json") and not kind.endswith("+json"):
        raise Refused([Fault("unsupported_media_type", "A callback is JSON.")], status=415)
    try:
        found = loads(body) if body else None
    except BadJSON as bad:
        raise invalid(bad.detail, code=bad.code) from None
    told = {name: headers[name] for name in ("content-type", "webhook-id", "webhook-timestamp") if name in headers}
    return {"body": found, "status": 200, "headers": told}


@transaction.atomic
def _receive(task_id: int, generation: int, delivery: str, content: dict[str, Any]) -> bool:
    """Whether it was taken, now or before; what comes too late is remembered once."""
    run, work = lock_task(task_id, None)
    rows = Callback.objects.filter(task_instance=task_id).values_list("delivery", "status", "generation")
    before = next((status for known, status, _ in rows if known == delivery), None)
    if before is not None:
        return before != CallbackStatus.LATE
    if sum(of == generation for _, _, of in rows) >= MOST_DELIVERIES:
        raise conflict("This task has had too many callbacks.", code="too_many_callbacks")
    late = generation != work.generation or work.status not in UNDONE
    suspended = not late and _is_suspended()
    early = suspended or run.status == InstanceStatus.ON_HOLD or _is_called(work)
    status = CallbackStatus.LATE if late else CallbackStatus.KEPT if early else CallbackStatus.USED
    # What nobody will use is not stored, only that it came.
    second = early and any(known == CallbackStatus.KEPT and of == generation for _, known, of in rows)
    Callback.objects.create(
        task_instance_id=task_id,
        generation=generation,
        delivery=delivery,
        status=status,
        content={} if late or second else content,
    )
    about = {"task": work.key, "id": work.id, "delivery": delivery}
    if status != CallbackStatus.USED:
        event = "callback.late" if late else "callback.kept"
        Note(run, event, **about, task_status=work.status).record(None)
        if suspended:
            # No job of the company runs until it is back: this one goes on then.
            jobs.call.enqueue(task=task_id, generation=generation)
        return not late
    _use(run, work, content, about)
    return True


def _is_suspended() -> bool:
    return not Company.objects.filter(pk=connection.tenant.pk, is_active=True).exists()


def _is_called(work: Work) -> bool:
    """Whether the call's own answer is still to come, or is kept until the run is resumed."""
    unsettled = (AttemptStatus.RUNNING, AttemptStatus.KEPT)
    attempts = ActionAttempt.objects.filter(task_instance=work.id, generation=work.generation, status__in=unsettled)
    return attempts.exists()


def _use(run: Run, work: Work, content: dict[str, Any], about: dict[str, Any]) -> None:
    outcome = actions.answered(run.version, work.number, work.key, content, run.data, run.ticket)
    note = Note(run, f"task.{outcome.event.name}", **about)
    advance(run, outcome.event, user=None, note=note, work=work, output=outcome.event.output, outcome=outcome)
