"""A web server whose database goes away and comes back: it refuses cleanly, and goes on by itself."""

from __future__ import annotations

import socket
import threading
from contextlib import suppress
from urllib.parse import urlsplit

import pytest

from tests.people import person
from tests.servers import Servers
from tests.workers import until
from users import tokens


class Line:
    """The way to a server on this machine, which can be cut."""

    def __init__(self, port: int) -> None:
        self._target = port
        self._ends: list[socket.socket] = []
        self.port = 0
        self.join()

    def join(self) -> None:
        self._listening = socket.create_server(("127.0.0.1", self.port), reuse_port=False)
        self.port = self._listening.getsockname()[1]
        threading.Thread(target=self._accept, args=(self._listening,), daemon=True).start()

    def cut(self) -> None:
        """Nobody listens any more, and every connection breaks."""
        for end in (self._listening, *self._ends):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
        self._listening.close()

    def _accept(self, listening: socket.socket) -> None:
        with suppress(OSError):
            while True:
                near, _ = listening.accept()
                far = socket.create_connection(("127.0.0.1", self._target))
                self._ends += [near, far]
                for pair in ((near, far), (far, near)):
                    threading.Thread(target=self._carry, args=pair, daemon=True).start()

    def _carry(self, source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(65536):
                target.sendall(data)
        for end in (source, target):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            if source is end:
                end.close()


@pytest.fixture
def line(own_database):
    line = Line(urlsplit(own_database.url).port)
    yield line
    line.cut()


@pytest.fixture
def server(own_database, line, tmp_path):
    url = own_database.url.replace(f":{urlsplit(own_database.url).port}/", f":{line.port}/")
    with Servers(url, tmp_path) as running:
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
