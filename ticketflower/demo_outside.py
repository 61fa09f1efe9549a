"""The world outside of the demo: a small server on loopback that stands in for the systems that the examples call.

The demo's copies of the examples name it in place of the examples' addresses, which exist nowhere:
`http://127.0.0.1:{port}/checks.example.com/v1/reports` for `https://checks.example.com/v1/reports`. What asks for a
callback gets one, signed.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from django.utils import timezone

from workflow_ops.services.signing import signature

Row = dict[str, Any]
# Calls back to an address, with headers and a body; the status of the answer. None: nobody is there.
Deliver = Callable[[str, dict[str, str], bytes], int | None]
HOST = "127.0.0.1"
RETRY_SECONDS = 2
MOST_RETRIES = 30
MAX_BODY = 1024 * 1024


class Answer(NamedTuple):
    """What a system says at once, and what it calls back with later, where it does."""

    status: int
    body: Row
    callback: Row | None = None


def check_candidate(asked: Row) -> Answer:
    """checks.example.com: executives have something in their past."""
    number = f"rep_{asked['reference']}"
    report: Row = {"id": number, "status": "clear"}
    if asked["package"] == "Executive":
        report = {"id": number, "status": "consider", "findings": ["Degree not confirmed"]}
    return Answer(202, {"id": number}, {"report": report})


def screen_vendor(asked: Row) -> Answer:
    """screening.example.com: there is somebody else with the name of one vendor."""
    matches = int("Fabrik" in asked["subject"]["name"])
    verdict = "review" if matches else "clear"
    return Answer(200, {"id": f"chk_{asked['reference']}", "matches": matches, "verdict": verdict})


def create_vendor(asked: Row) -> Answer:
    """erp.example.com: numbers follow from names, so that the same vendor has the same one."""
    number = 30_000 + sum(asked["name"].encode()) % 10_000
    return Answer(201, {"vendor": {"number": f"V-{number}"}})


SYSTEMS: dict[str, Callable[[Row], Answer]] = {
    "https://checks.example.com/v1/reports": check_candidate,
    "https://screening.example.com/v2/checks": screen_vendor,
    "https://erp.example.com/api/vendors": create_vendor,
}


class Outside:
    """The server, from `with` to its end, on a port of its choice or on `port`. OSError when that is taken.

    `deliver` is how callbacks are sent; it may be changed at any time.
    """

    def __init__(self, deliver: Deliver, port: int = 0) -> None:
        self.deliver = deliver
        self._server = ThreadingHTTPServer((HOST, port), _handler(self))
        self._server.daemon_threads = True
        self._stopping = threading.Event()
        self._callbacks: list[threading.Thread] = []

    def __enter__(self) -> Outside:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._stopping.set()
        self._server.shutdown()
        self._server.server_close()

    @property
    def host(self) -> str:
        """host:port"""
        return f"{HOST}:{self._server.server_address[1]}"

    def address(self, url: str) -> str:
        """Where it stands in for `url`; `url` itself for what it knows nothing of."""
        if url not in SYSTEMS:
            return url
        parts = urlsplit(url)
        return f"http://{self.host}/{parts.netloc}{parts.path}"

    def answer(self, path: str, headers: dict[str, str], body: bytes) -> tuple[int, Row]:
        """(status, body) of an answer; a callback goes out by itself."""
        system = SYSTEMS.get(f"https:/{path}")
        if system is None:
            return 404, {"error": "There is no such system."}
        try:
            answer = system(json.loads(body))
        except (ValueError, KeyError, TypeError) as error:
            return 422, {"error": f"This can't be read: {error}"}
        if answer.callback is not None and "ticketflower-callback-url" in headers:
            thread = threading.Thread(target=self._call_back, args=(headers, answer.callback), daemon=True)
            self._callbacks.append(thread)
            thread.start()
        return answer.status, answer.body

    def wait(self) -> None:
        """Return when every callback has been sent."""
        while self._callbacks:
            self._callbacks.pop().join()

    def _call_back(self, headers: dict[str, str], body: Row) -> None:
        url, secret = headers["ticketflower-callback-url"], headers["ticketflower-callback-secret"]
        text = json.dumps(body).encode()
        # One delivery, however often it has to be tried.
        delivery = f"done-{headers['idempotency-key']}"
        for _ in range(MOST_RETRIES):
            now = int(timezone.now().timestamp())
            signed = {
                "Content-Type": "application/json",
                "webhook-id": delivery,
                "webhook-timestamp": str(now),
                "webhook-signature": signature(secret, delivery, now, text),
            }
            status = self.deliver(url, signed, text)
            if (status is not None and status < 500) or self._stopping.wait(RETRY_SECONDS):
                return


def _handler(outside: Outside) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            """Every system is called like this."""
            length = min(int(self.headers.get("Content-Length") or 0), MAX_BODY)
            headers = {name.lower(): value for name, value in self.headers.items()}
            status, body = outside.answer(self.path, headers, self.rfile.read(length))
            text = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        def log_message(self, *args: Any) -> None:
            """What was called stands in the tasks' attempts."""

    return Handler
