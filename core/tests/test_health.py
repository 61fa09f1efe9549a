"""Alive and ready."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test import Client


@pytest.mark.parametrize("host", ["localhost", "acme.localhost", "10.0.0.7:8000"])
def test_health(host):
    answer = Client().get("/health/", headers={"host": host})
    assert answer.status_code == 200
    body = answer.json()
    assert set(body) == {"status", "time"}
    assert body["status"] == "ok"
    assert abs(datetime.now(UTC) - datetime.fromisoformat(body["time"])) < timedelta(minutes=1)


@pytest.mark.parametrize("host", ["localhost", "acme.localhost", "10.0.0.7:8000"])
def test_ready(db, host):
    answer = Client().get("/ready/", headers={"host": host})
    assert answer.status_code == 200
    body = answer.json()
    assert (body["status"], body["database"], body["workers"]) == ("ok", True, 0)


def test_a_bad_token_does_not_matter(db):
    answer = Client().get("/ready/", headers={"host": "localhost", "authorization": "Bearer nonsense"})
    assert answer.status_code == 200


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
def test_only_read(db, method):
    answer = getattr(Client(), method)("/health/", headers={"host": "localhost"})
    assert answer.status_code == 405
    assert answer.json()["errors"][0]["code"] == "method_not_allowed"


def test_without_a_database(own_database):
    """Nothing listens on port 1. The process stays alive, and says that it can't work."""
    connection.close()
    before = connection.settings_dict["PORT"]
    connection.settings_dict["PORT"] = "1"
    try:
        answers = {path: Client().get(path, headers={"host": "localhost"}) for path in ("/ready/", "/health/")}
    finally:
        connection.close()
        connection.settings_dict["PORT"] = before
    assert answers["/health/"].status_code == 200
    assert answers["/ready/"].status_code == 503
    body = answers["/ready/"].json()
    assert (body["status"], body["database"]) == ("unavailable", False)
