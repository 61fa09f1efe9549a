"""Log lines: JSON, with the request's id and company, and without what is secret."""

import io
import json
import logging
import logging.config

import pytest
import structlog
from django.test import Client

from core.logging import logging_config


@pytest.fixture
def lines(settings):
    """What is logged as JSON from here on; the settings' own logging is back afterwards."""
    stream = io.StringIO()
    config = logging_config(level="INFO", as_json=True)
    config["handlers"]["stderr"]["stream"] = stream
    logging.config.dictConfig(config)
    yield lambda: [json.loads(line) for line in stream.getvalue().splitlines()]
    logging.config.dictConfig(settings.LOGGING)
    structlog.contextvars.clear_contextvars()


def test_a_request_is_one_line(acme, lines):
    answer = Client().get("/api/me/", headers={"host": "acme.localhost", "x-request-id": "abc-1"})
    [line] = [line for line in lines() if line["event"] == "request"]
    assert answer.headers["X-Request-ID"] == "abc-1"
    assert {key: line[key] for key in ("level", "method", "path", "status", "request_id", "company")} == {
        "level": "info",
        "method": "GET",
        "path": "/api/me/",
        "status": 401,
        "request_id": "abc-1",
        "company": "acme",
    }
    assert line["duration_ms"] >= 0


@pytest.mark.parametrize("given", ["", "a b", "x" * 65, "a\tb", "ü"])
def test_a_request_id_that_is_none_is_replaced(db, given):
    answer = Client().get("/health/", headers={"host": "localhost", "x-request-id": given})
    assert answer.headers["X-Request-ID"] != given
    assert len(answer.headers["X-Request-ID"]) == 32


def test_one_request_knows_nothing_of_the_last(acme, lines):
    Client().get("/api/me/", headers={"host": "acme.localhost"})
    Client().get("/api/me/", headers={"host": "localhost"})
    first, second = [line for line in lines() if line["event"] == "request"]
    assert first["company"] == "acme"
    assert "company" not in second
    assert first["request_id"] != second["request_id"]


def test_a_traceback_shows_no_values(lines):
    def fail(password):
        raise ValueError("went wrong")

    try:
        fail("correct horse")
    except ValueError:
        logging.getLogger("ticketflower.errors").exception("unhandled exception")
    [line] = lines()
    assert line["event"] == "unhandled exception"
    assert line["exception"][0]["exc_type"] == "ValueError"
    assert "correct horse" not in json.dumps(line)


def test_our_own_loggers_show_no_values_either(lines):
    def fail(password):
        raise ValueError("went wrong")

    try:
        fail("correct horse")
    except ValueError as error:
        structlog.get_logger("ticketflower.job").error("job", exc_info=error, outcome="failed")
    [line] = lines()
    assert (line["event"], line["level"], line["logger"], line["outcome"]) == (
        "job",
        "error",
        "ticketflower.job",
        "failed",
    )
    assert line["exception"][0]["exc_type"] == "ValueError"
    assert "correct horse" not in json.dumps(line)


def test_who_else_listens_hears_them_too(lines, caplog):
    logging.root.addHandler(caplog.handler)
    structlog.get_logger("ticketflower.job").info("job", outcome="done")
    logging.root.removeHandler(caplog.handler)
    assert [line["outcome"] for line in lines()] == ["done"]
    assert [(record.name, record.levelname) for record in caplog.records] == [("ticketflower.job", "INFO")]


def test_what_a_logger_does_not_let_pass_is_not_written(lines):
    logging.getLogger("ticketflower.job").setLevel("WARNING")
    structlog.get_logger("ticketflower.job").info("job")
    logging.getLogger("ticketflower.job").setLevel("NOTSET")
    assert lines() == []


def test_a_log_that_nobody_reads_stops_no_request(acme, lines):
    logging.root.handlers[0].stream.close()
    assert Client().get("/api/me/", headers={"host": "acme.localhost"}).status_code == 401
