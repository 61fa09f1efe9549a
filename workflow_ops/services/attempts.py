"""Attempts: written before the call, ended by what it came to; whether there is another one, and when."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any, NamedTuple, TypeVar

from django.db import OperationalError, transaction
from django.utils import timezone

from core import backoff, http_client
from core.db import connection, fetch_all
from core.errors import is_away
from core.fields import dump_json
from core.http_client import Answer, CallFailed
from core.json_input import BadJSON, loads
from core.redaction import redact_url, summary
from tenants import counters
from tenants.jobs import Later
from workflow_ops.models import ActionAttempt, AttemptStatus

# What an action has that sets no retry_policy (docs/documents.md).
POLICY = {"max_attempts": 5, "initial_seconds": 1, "max_seconds": 300, "multiplier": 2}
RETRIED = frozenset({408, 429})
# How long after the end of its call a worker may take to record it.
LEASE_MARGIN_SECONDS = 15
# Between two tries to write into a database that is away.
AWAY_SECONDS = 0.5
# What only the worker that made an attempt writes of it.
RECORDED = (AttemptStatus.SUCCEEDED, AttemptStatus.FAILED, AttemptStatus.KEPT, AttemptStatus.LATE)
Recorded = TypeVar("Recorded")


class Reply(NamedTuple):
    """What a call came to; it can be kept as JSON.

    `answer` is what an output_transform sees (`body`, `status`, `headers`), None where there is none. `failure` says
    why it failed, empty when it did not; `retryable`, `retry_after` (seconds) and `timed_out` are told of failures.
    """

    outcome: str
    answer: dict[str, Any] | None
    failure: str
    retryable: bool
    retry_after: float | None
    timed_out: bool
    duration_ms: int
    response: dict[str, Any] | None


class Call(NamedTuple):
    """What is sent, and for how many seconds it may take; `secrets` are those that no record of it shows."""

    method: str
    url: str
    headers: dict[str, str]
    secrets: list[str]
    body: bytes
    seconds: float


@dataclass(frozen=True, slots=True)
class Claimed:
    """A call that is this worker's to make. `owner` is the id of the task, or of the run that has ended."""

    attempt: int
    owner: int
    generation: int
    number: int
    call: Call


def headers(key: str, number: int) -> dict[str, str]:
    """Of every call: the same `key` for all attempts of a generation."""
    return {
        "Content-Type": "application/json",
        "Accept": "application/json",
        "User-Agent": "TicketFlower",
        "Idempotency-Key": key,
        "X-Request-ID": f"{key}-{number}",
    }


# Most attempts are the first, and most of those succeed: these two have statements of their own, which are prepared,
# for one of them or several.
_FIRST = """
WITH given AS MATERIALIZED (
    SELECT * FROM json_to_recordset(%(calls)s::json)
        AS x (task bigint, generation int, request json, body text, seconds float8)
), begun AS (
    INSERT INTO action_attempts (task_instance_id, generation, number, status, outcome, error, request, body,
                                 started_at, lease_until)
    SELECT task, generation, 1, 'RUNNING', '', '', request, body,
        statement_timestamp(), statement_timestamp() + seconds * interval '1 second'
    FROM given
    WHERE NOT EXISTS (
        SELECT FROM action_attempts past
        WHERE past.task_instance_id = given.task AND past.generation = given.generation)
    ORDER BY task
    RETURNING id, task_instance_id
), called AS (
    UPDATE task_instances SET status = 'IN_PROGRESS', updated_at = statement_timestamp()
    FROM begun WHERE task_instances.id = begun.task_instance_id
)
SELECT task_instance_id, id FROM begun
"""
_SUCCEED = """
UPDATE action_attempts SET status = 'SUCCEEDED', outcome = x.outcome, response = x.response,
    duration_ms = x.duration_ms, ended_at = statement_timestamp()
FROM json_to_recordset(%(replies)s::json) AS x (id bigint, outcome text, response json, duration_ms int)
WHERE action_attempts.id = x.id AND status = 'RUNNING' RETURNING action_attempts.id
"""


def begin_first(calls: Sequence[tuple[int, int, Call]]) -> dict[int, int]:
    """The first attempts of (task, generation), RUNNING, and their tasks IN_PROGRESS: each task's attempt. Nothing is
    written for one that has an attempt already. The caller holds the runs' locks."""
    given = [
        {
            "task": task,
            "generation": generation,
            "request": _sent(call),
            "body": call.body.decode(),
            "seconds": call.seconds + LEASE_MARGIN_SECONDS,
        }
        for task, generation, call in calls
    ]
    return dict(fetch_all(_FIRST, {"calls": dump_json(given)}))


def succeed(replies: Sequence[tuple[int, Reply]]) -> set[int]:
    """End attempts that succeeded: which. Nothing is written of those that somebody else has ended."""
    given = [
        {"id": pk, "outcome": reply.outcome, "response": reply.response, "duration_ms": reply.duration_ms}
        for pk, reply in replies
    ]
    ended = {pk for (pk,) in fetch_all(_SUCCEED, {"replies": dump_json(given)})}
    for _ in ended:
        _count(AttemptStatus.SUCCEEDED)
    return ended


def _sent(call: Call) -> dict[str, Any]:
    """What is kept of a call."""
    sent = {"method": call.method, "url": redact_url(call.url)}
    return {**sent, **summary(call.headers, call.body, secrets=call.secrets)}


def begin(past: list[ActionAttempt], generation: int, call: Call, **owner: int) -> ActionAttempt:
    """The attempt after those of its generation, RUNNING; `owner` is the id of whose call it is."""
    now = timezone.now()
    return ActionAttempt.objects.create(
        generation=generation,
        number=len(past) + 1,
        request=_sent(call),
        body=None if past else call.body.decode(),
        started_at=now,
        lease_until=now + timedelta(seconds=call.seconds + LEASE_MARGIN_SECONDS),
        **owner,
    )


def end(attempt: ActionAttempt, status: AttemptStatus, reply: Reply) -> None:
    """Write what an attempt came to."""
    attempt.status, attempt.outcome, attempt.error = status, reply.outcome, reply.failure
    attempt.response, attempt.duration_ms = reply.response, reply.duration_ms
    attempt.ended_at = attempt.ended_at or timezone.now()
    attempt.save(
        update_fields=[
            *("status", "outcome", "error", "response", "kept", "duration_ms", "ended_at", "retry_at"),
        ]
    )
    if status != AttemptStatus.KEPT:  # it is ended once more when the run goes on
        _count(status)


def abandon(attempt: ActionAttempt) -> None:
    """Write an attempt off: its worker is lost."""
    attempt.status, attempt.outcome, attempt.ended_at = AttemptStatus.ABANDONED, "lost", timezone.now()
    attempt.error = "The worker that made this call was lost."
    attempt.save(update_fields=["status", "outcome", "error", "ended_at"])
    _count(AttemptStatus.ABANDONED)


def _count(status: AttemptStatus) -> None:
    transaction.on_commit(lambda: counters.count("action_attempts", outcome=status.lower()))


def wait_until(moment: datetime) -> None:
    """Raise Later before that."""
    left = (moment - timezone.now()).total_seconds()
    if left > 0:
        raise Later(left)


def send(call: Call) -> Reply:
    """Make the call; never fails. No transaction may be open."""
    try:
        answer = http_client.send(
            call.method, call.url, headers=call.headers, body=call.body or None, seconds=call.seconds
        )
    except CallFailed as failed:
        return reply_to_failure(failed)
    return reply_to(answer, call.secrets)


def in_time(record: Callable[[], Recorded]) -> Recorded:
    """Record what was answered, and wait for a database that is away: others may call again only after the lease."""
    until = time.monotonic() + LEASE_MARGIN_SECONDS
    while True:
        try:
            return record()
        except OperationalError as error:
            if not is_away(error) or time.monotonic() > until:
                raise
            # The next statement opens another one, which may find the database again.
            connection.close()
            time.sleep(AWAY_SECONDS)


def reply_to(answer: Answer, secrets: list[str]) -> Reply:
    """Of an answer in HTTP: 2xx is a success; 5xx, 408 and 429 may go better later."""
    found = {"body": content(answer.body, answer.headers), "status": answer.status, "headers": answer.headers}
    good = 200 <= answer.status < 300
    return Reply(
        outcome=f"http_{answer.status}",
        answer=found,
        failure="" if good else f"The answer was {answer.status}.",
        retryable=not good and (answer.status >= 500 or answer.status in RETRIED),
        retry_after=None if good else _retry_after(answer.headers.get("retry-after", "")),
        timed_out=False,
        duration_ms=answer.duration_ms,
        response={"status": answer.status, **summary(answer.headers, answer.body, secrets=secrets)},
    )


def reply_to_failure(failed: CallFailed) -> Reply:
    """Of a call without an answer. What blocked it is told to nobody who may name addresses."""
    code = "unreachable" if failed.code == "timeout" else failed.code
    timed_out = failed.code == "timeout"
    return Reply(code, None, failed.message, failed.retryable, None, timed_out, failed.duration_ms, None)


def content(body: bytes, headers: dict[str, str]) -> Any:
    """A body as templates see it: JSON where it is that, else text; null when there is none."""
    if not body:
        return None
    kind = headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind == "application/json" or kind.endswith("+json") or not kind:
        try:
            return loads(body)
        except BadJSON:
            pass
    return body.decode("utf-8", errors="replace").replace("\0", "\ufffd")


def most_attempts(task: dict[str, Any]) -> int:
    """How often a task is tried before it has failed."""
    return int((task["retry_policy"] or POLICY)["max_attempts"])


def wait_seconds(task: dict[str, Any], number: int, reply: Reply) -> float:
    """From the end of attempt `number` to the next: as its policy says; not before the other side wants it, and never
    more than `max_seconds`.
    """
    policy = task["retry_policy"] or POLICY
    most = float(policy["max_seconds"])
    wait = backoff.seconds(number, first=policy["initial_seconds"], factor=float(policy["multiplier"]), most=most)
    return min(max(wait, reply.retry_after or 0), most)


def _retry_after(text: str) -> float | None:
    """Seconds that `Retry-After` asks for, as a number or a date; None when it says nothing that can be understood."""
    text = text.strip()
    if text.isascii() and text.isdecimal():
        return float(text[:9])
    try:
        at: datetime = parsedate_to_datetime(text)
    except ValueError:
        return None
    if at.tzinfo is None:
        return None
    seconds = (at - timezone.now()) / timedelta(seconds=1)
    return max(0.0, seconds) if math.isfinite(seconds) else None
