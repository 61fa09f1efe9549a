"""Whatever a system outside answers, the task goes on or ends, and people can look at what came."""

import pytest

from tests.jobs import run_jobs
from workflow_ops.models import ActionAttempt
from workflow_ops.tests.documents import TASKS
from workflow_ops.tests.outside import Said
from workflow_ops.tests.test_actions import ONCE, attempts, document, run, task

BODIES = [
    b'{"id": "\\ud800"}',
    b'{"id": "a\\u0000b"}',
    b'{"id": ' + b"9" * 3000 + b"}",
    b'{"id": 12345678901234567890123}',
    b'{"id": 1e999}',
    b'{"id": "x", "id": "y"}',
    b"[" * 3000,
    b'{"a":' * 90 + b"1" + b"}" * 90,
    b"\xff\xfe\x00",
    b'{"id": "\xed\xa0\x80"}',
    b"x" * 1_100_000,
]
LONG_DATE = "Mon, 99 Foo 99999999999999999999 99:99:99 +99999999999999999999"


@pytest.fixture(scope="module", autouse=True)
def _published(file_publish, neighbour):
    """Of the answer one takes nothing, one all of it; one waits no longer than seven seconds for the next attempt."""
    order = {"type": "object", "properties": {"order": {}}}
    body = {"order": {"$": {"var": "body"}}}
    file_publish(document("anything", neighbour.url, output_transform={"order": "x"}, **ONCE))
    file_publish(document("all-of-it", neighbour.url, output_transform=body, output_schema=order))
    file_publish(document("patient", neighbour.url, retry_policy={"max_seconds": 7}))


@pytest.mark.parametrize("body", BODIES, ids=range(len(BODIES)))
@pytest.mark.parametrize("status", [200, 503])
def test_bodies(start, outside, tom, body, status):
    outside.says(Said(status, body, {"Retry-After": LONG_DATE, "X-Odd": "\xfc\x7f"}))
    start("anything")
    run_jobs()
    (end,) = attempts()
    if len(body) > 1_000_000:
        assert (run().status, end) == ("ERROR", (1, 1, "FAILED", "too_large"))
    elif status == 200:
        assert (run().status, end) == ("COMPLETED", (1, 1, "SUCCEEDED", "http_200"))
    else:
        assert (run().status, end) == ("ERROR", (1, 1, "FAILED", "http_503"))
    assert tom.get(f"{TASKS}{task().pk}/attempts/").json()["count"] == 1


@pytest.mark.parametrize("body", BODIES[:-1], ids=range(len(BODIES) - 1))
def test_what_goes_through_to_the_data(start, outside, tom, body):
    """A value that can't be stored becomes text, or an incident."""
    outside.says(Said(200, body))
    start("all-of-it")
    run_jobs()
    assert run().status in ("COMPLETED", "ERROR")
    (end,) = attempts()
    assert end[2] == ("SUCCEEDED" if run().status == "COMPLETED" else "FAILED")
    assert tom.get(f"{TASKS}{task().pk}/").status_code == 200
    assert tom.get(f"/api/tickets/{run().ticket.pk}/").status_code == 200


AFTER = [
    *("", "-5", "1.5", "soon", "9" * 400, LONG_DATE, "\xb2", "Fri, 31 Dec 9999 23:59:59 GMT"),
    *("Thu, 01 Jan 1970 00:00:00 GMT", "Thu, 01 Jan 1970 00:00:00 -0000", "Thu, 01 Jan 0001 00:00:00 +2359"),
]


@pytest.mark.parametrize("text", AFTER)
def test_retry_after(start, outside, text):
    outside.says(Said(503, headers={"Retry-After": text}))
    start("patient")
    run_jobs()
    row = ActionAttempt.objects.get()
    assert 0 < (row.retry_at - row.ended_at).total_seconds() < 7.5
