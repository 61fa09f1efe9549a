"""A web server whose database goes away and comes back: it refuses cleanly, and goes on by itself."""

from __future__ import annotations

import pytest

from tests.line import Line
from tests.people import person
from tests.servers import Servers
from tests.workers import until
from users import tokens


@pytest.fixture
def line(own_database):
    line = Line(own_database.url)
    yield line
    line.cut()


@pytest.fixture
def server(line, tmp_path):
    with Servers(line.url, tmp_path) as running:
        yield running.start()[0]


def test_it_refuses_and_comes_back(acme_db, line, server):
    access = tokens.start_family(person("user", acme_db))["access"]

    def ask(path, host="acme.localhost"):
        return server.request("GET", path, host=host, headers={"Authorization": f"Bearer {access}"})

    assert ask("/api/tickets/").status == 200
    line.cut()
    # Whose host it is stays known for a while; another company's has to be looked up.
    for path, host in [("/api/tickets/", "acme.localhost"), ("/api/tickets/", "globex.localhost")]:
        answer = ask(path, host)
        assert (answer.status, answer.headers["Retry-After"]) == (503, "1")
        assert answer.json() == {
            "type": "server_error",
            "errors": [{"code": "unavailable", "detail": "The database does not answer: try again.", "attr": None}],
        }
    assert (ask("/ready/").status, ask("/health/").status) == (503, 200)
    line.join()
    until(lambda: ask("/api/tickets/").status == 200)
    assert ask("/ready/").status == 200
