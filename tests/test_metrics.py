"""`/metrics`: for this machine and whoever has the token; the queue, what became of jobs, and request times."""

import re

import pytest
from django.test import Client
from prometheus_client.parser import text_string_to_metric_families

from core.db import connection
from tenants import counters
from tenants.jobs import company_job, registry
from tests.jobs import run_jobs

OUTSIDE = "203.0.113.7"
TOKEN = "a token for tests"


def get(host="localhost", path="/metrics", address="127.0.0.1", **headers):
    return Client(REMOTE_ADDR=address).get(path, headers={"host": host, **headers})


def samples(response, name=""):
    """Those whose name begins with `name`: reading them all takes long where many calls were made before."""
    assert response.status_code == 200
    lines = response.content.decode().splitlines(keepends=True)
    wanted = "".join(line for line in lines if line.removeprefix("# HELP ").removeprefix("# TYPE ").startswith(name))
    return {
        (sample.name, *(value for _, value in sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(wanted)
        for sample in family.samples
    }


@pytest.fixture
def job(acme):
    """A company's job that does nothing, for this test."""
    yield company_job(name="test.nothing", queue="tests", retries=0)(lambda fail=False: 1 / (not fail))
    del registry["test.nothing"]


@pytest.mark.parametrize("host", ["localhost", "acme.localhost", "10.0.0.7:8000"])
def test_from_this_machine(db, host):
    answer = get(host)
    assert answer["Content-Type"].startswith("text/plain; version=")
    assert samples(answer)["ticketflower_database_up",] == 1
    assert samples(get(host, address="::1"), "ticketflower_workers")["ticketflower_workers",] == 0


@pytest.mark.parametrize(
    "address, headers",
    [
        (OUTSIDE, {}),
        ("", {}),
        ("10.0.0.7", {}),
        (OUTSIDE, {"x-forwarded-for": "127.0.0.1"}),
        ("127.0.0.1", {"x-forwarded-for": OUTSIDE}),
        ("127.0.0.1", {"x-real-ip": OUTSIDE}),
        ("127.0.0.1", {"forwarded": f"for={OUTSIDE}"}),
        (OUTSIDE, {"authorization": "Bearer "}),
        (OUTSIDE, {"authorization": "Bearer None"}),
    ],
)
def test_for_others_there_is_nothing(db, address, headers):
    unknown = get(path="/nothing-here", address=address)
    answer = get(address=address, **headers)
    assert (answer.status_code, answer.content) == (404, unknown.content)


def test_with_the_token(db, settings):
    settings.METRICS_TOKEN = TOKEN
    assert get(address=OUTSIDE, authorization=f"Bearer {TOKEN}").status_code == 200
    assert get(address=OUTSIDE, authorization=f"Bearer {TOKEN}x").status_code == 404
    assert get(address=OUTSIDE, authorization="Bearer tökén").status_code == 404
    assert get(address=OUTSIDE).status_code == 404


def test_only_read(db):
    assert Client().post("/metrics", headers={"host": "localhost"}).status_code == 404


def test_the_queue(job, acme, in_company):
    before = samples(get(), "ticketflower_jobs").get(("ticketflower_jobs_total", "test.nothing", "done"), 0)
    with in_company(acme):
        job.enqueue()
        job.enqueue(fail=True)
        job.enqueue()
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE procrastinate_jobs SET scheduled_at = now() - interval '90 seconds' WHERE id ="
            " (SELECT min(id) FROM procrastinate_jobs)"
        )
        cursor.execute(
            "UPDATE procrastinate_jobs SET scheduled_at = now() + interval '1 hour' WHERE id ="
            " (SELECT max(id) FROM procrastinate_jobs)"
        )
    found = samples(get(), "ticketflower_queue")
    assert found["ticketflower_queue_jobs", "tests", "due"] == 2
    assert found["ticketflower_queue_jobs", "tests", "later"] == 1
    assert found["ticketflower_queue_oldest_seconds", "tests"] == 90
    assert len(run_jobs(errors="keep")) == 2
    answer = get()
    found = samples(answer, "ticketflower_queue")
    assert ("ticketflower_queue_jobs", "tests", "due") not in found
    assert found["ticketflower_queue_jobs", "tests", "failed"] == 1
    found = samples(answer, "ticketflower_jobs")
    assert found["ticketflower_jobs_total", "test.nothing", "done"] == before + 1
    assert found["ticketflower_jobs_total", "test.nothing", "failed"] >= 1


def test_counters_add_up(db):
    for _ in range(2):
        counters.count("calls_for_a_test", outcome="ok")
        counters.count("calls_for_a_test", by=3, outcome="timeout")
        counters.flush()
    counters.flush()
    found = samples(get(), "ticketflower_calls")
    assert found["ticketflower_calls_for_a_test_total", "ok"] == 2
    assert found["ticketflower_calls_for_a_test_total", "timeout"] == 6


def test_request_times(acme):
    key = "ticketflower_request_seconds_count"
    before = samples(get(), key)
    Client().get("/api/tickets/123456/", headers={"host": "acme.localhost"})
    Client().get("/api/tenants/acme/tickets/123456/", headers={"host": "localhost"})
    Client().generic("BREW", "/nothing-here", headers={"host": "acme.localhost"})
    found = samples(get(), key)
    assert (
        found[key, "GET", "/api/tickets/<id>/", "4xx"] == before.get((key, "GET", "/api/tickets/<id>/", "4xx"), 0) + 2
    )
    assert found[key, "other", "none", "4xx"] == before.get((key, "other", "none", "4xx"), 0) + 1
    text = get().content.decode()
    assert "123456" not in text
    assert not re.search("acme", text)


def test_without_a_database(own_database):
    connection.close()
    before = connection.settings_dict["PORT"]
    connection.settings_dict["PORT"] = "1"
    try:
        answer = get()
    finally:
        connection.close()
        connection.settings_dict["PORT"] = before
    assert samples(answer, "ticketflower_database") == {("ticketflower_database_up",): 0}
    assert samples(answer, "ticketflower_workers") == {}
