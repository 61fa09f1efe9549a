"""Real server processes for tests, and requests to them."""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any

from tenants import building
from tests import warm

ROOT = Path(__file__).resolve().parent.parent
SETTINGS = {"DJANGO_SETTINGS_MODULE": "tests.server_settings"}
START_SECONDS = 60
STOP_SECONDS = 10


@dataclass(frozen=True)
class Answer:
    """What a server said."""

    status: int
    headers: http.client.HTTPMessage
    body: bytes

    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)


@dataclass(frozen=True)
class Server:
    """One server process on 127.0.0.1."""

    port: int
    process: warm.Process = field(repr=False)
    log: Path

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def request(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        headers: dict[str, str] | None = None,
        host: str = "localhost",
        chunked: bool = False,
    ) -> Answer:
        """Send one request on a connection of its own. `body`: bytes as they are, an iterable of bytes with `chunked`,
        anything else as JSON."""
        sent = {"Host": host, **(headers or {})}
        if body is not None and not chunked and not isinstance(body, bytes):
            body = json.dumps(body).encode()
            sent.setdefault("Content-Type", "application/json")
        client = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            client.request(method, path, body=body, headers=sent, encode_chunked=chunked)
            answer = client.getresponse()
            return Answer(answer.status, answer.headers, answer.read())
        finally:
            client.close()


class Servers:
    """The processes of one test; they end with the `with` block."""

    def __init__(self, database_url: str, folder: Path) -> None:
        script = folder / "script.json"
        script.write_text(json.dumps(building._script))
        self._environment = {"DATABASE_URL": database_url, "TEST_SCRIPT": str(script)}
        self._folder = folder
        self._running: list[Server] = []

    def __enter__(self) -> Servers:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        for server in self._running:
            server.process.terminate()
        for server in self._running:
            try:
                server.process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                os.killpg(server.process.pid, signal.SIGKILL)
                server.process.wait(STOP_SECONDS)

    def start(self, count: int = 1, **environment: str) -> list[Server]:
        """Start `count` servers with `environment` added to this process's; returns when all of them answer."""
        started = [self._start(environment) for _ in range(count)]
        deadline = time.monotonic() + START_SECONDS
        for server in started:
            _wait(server, deadline)
        return started

    def _start(self, environment: dict[str, str]) -> Server:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        log = self._folder / f"server-{port}.log"
        command = ["--interface", "wsgi", "--host", "127.0.0.1", "--port", str(port), "--workers", "1"]
        command += ["--blocking-threads", "4", "--no-ws", "ticketflower.wsgi:application"]
        environment = {**os.environ, **SETTINGS, **self._environment, **environment}
        with log.open("wb") as output:
            process = warm.start("tests.server_process", command, environment, output)
        server = Server(port, process, log)
        self._running.append(server)
        return server


def _wait(server: Server, deadline: float) -> None:
    """Return when the server answers; raise with its log when it ends or takes too long."""
    while server.process.poll() is None and time.monotonic() < deadline:
        try:
            if server.request("GET", "/health/").status == 200:
                return
        except OSError:
            time.sleep(0.05)
    raise AssertionError(f"The server does not answer:\n{server.log.read_text()[-4000:]}")
