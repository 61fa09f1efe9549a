"""`python -m chaos.recorder PORT FILE SEED WEB_PORT…`: the system outside, a process of its own that is never killed.

Every call is a line in FILE, written before anything is answered. Like a good receiver it does its work once for each
Idempotency-Key, and gives the same answer again; like a bad one it fails, is slow, hangs up, and loses answers. What
asks for a callback gets one, signed with Standard Webhooks' own library, sometimes twice, sometimes before its answer.
"""

from __future__ import annotations

import json
import random
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import UTC, datetime
from http.client import HTTPConnection, HTTPException
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from standardwebhooks import Webhook

CALLBACK_THREADS = 16
CALLBACK_SECONDS = 900
RETRY_SECONDS = 0.3
SLOW_SECONDS = 2.5
# Of a thousand calls: failed before and after the work was done, hung up before and after, slow.
FAULTS = {"fail": 60, "fail late": 40, "hang up": 30, "hang up late": 30, "slow": 30}
EARLY, TWICE = 0.1, 0.1
EARLY_SECONDS = 1.5


class Recorder:
    """What came, what was done, what was called back."""

    def __init__(self, file: Path, seed: int, ports: list[int]) -> None:
        self.calm = False
        self._ports = ports
        self._file = file.open("a", encoding="utf-8")
        self._lock = threading.Lock()
        self._random = random.Random(seed)
        self._effects: dict[str, str] = {}
        self._calling = ThreadPoolExecutor(CALLBACK_THREADS)
        self.waiting = 0

    def write(self, kind: str, **values: Any) -> None:
        with self._lock:
            self._write(kind, **values)

    def _write(self, kind: str, **values: Any) -> None:
        self._file.write(json.dumps({"kind": kind, **values}) + "\n")
        self._file.flush()

    def fault(self) -> str:
        """What goes wrong with this call: "" for nothing."""
        if self.calm:
            return ""
        with self._lock:
            drawn = self._random.randrange(1000)
        for name, share in FAULTS.items():
            if drawn < share:
                return name
            drawn -= share
        return ""

    def work(self, key: str, path: str, body: str) -> str:
        """The effect of a key: done at its first call."""
        with self._lock:
            if key not in self._effects:
                about = json.loads(body)
                effect = f"{about['company']}:{about['number']}:{path.strip('/')}:{len(self._effects)}"
                self._effects[key] = effect
                self._write("effect", key=key, effect=effect)
            return self._effects[key]

    def call_back(self, key: str, url: str, secret: str, effect: str) -> None:
        """Begin to; some come back only when it is there."""
        with self._lock:
            early, twice = (self._random.random() < share for share in (EARLY, TWICE))
            self.waiting += 1 + twice
        body = json.dumps({"effect": effect}).encode()
        first = self._calling.submit(self._deliver, key, url, secret, body, f"done-{key}")
        if twice:
            self._calling.submit(self._deliver, key, url, secret, body, f"again-{key}")
        if early:
            with suppress(TimeoutError):
                first.result(EARLY_SECONDS)

    def _deliver(self, key: str, url: str, secret: str, body: bytes, delivery: str) -> None:
        deadline = time.monotonic() + CALLBACK_SECONDS
        status = 0
        while time.monotonic() < deadline:
            status = self._post(url, secret, body, delivery)
            if status and status < 500 and status != 429:
                break
            time.sleep(RETRY_SECONDS)
        self.write("callback", key=key, delivery=delivery, status=status)
        with self._lock:
            self.waiting -= 1

    def _post(self, url: str, secret: str, body: bytes, delivery: str) -> int:
        """The status; 0 without an answer."""
        with self._lock:
            port = self._random.choice(self._ports)
        parts, now = urlsplit(url), datetime.now(UTC)
        headers = {
            "Host": parts.netloc,
            "Content-Type": "application/json",
            "webhook-id": delivery,
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": Webhook(secret).sign(delivery, now, body.decode()),
        }
        connection = HTTPConnection("127.0.0.1", port, timeout=10)
        try:
            connection.request("POST", parts.path, body, headers)
            answer = connection.getresponse()
            answer.read()
            return answer.status
        except (OSError, HTTPException):
            return 0
        finally:
            connection.close()


def handler(recorder: Recorder) -> type[BaseHTTPRequestHandler]:
    """Answers calls, POST /calm (no more faults) and GET /waiting (how many callbacks are still to be taken)."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        timeout = 60
        disable_nagle_algorithm = True

        def do_GET(self) -> None:
            self._answer(200, {"waiting": recorder.waiting})

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", "0"))).decode()
            if self.path == "/calm":
                recorder.calm = True
                self._answer(200, {})
                return
            key = self.headers["Idempotency-Key"]
            recorder.write("call", key=key, path=self.path, body=body, request=self.headers["X-Request-ID"])
            fault = recorder.fault()
            if fault == "hang up":
                self.close_connection = True
                return
            if fault == "fail":
                self._answer(500, {})
                return
            effect = recorder.work(key, self.path, body)
            url = self.headers.get("TicketFlower-Callback-Url")
            if url is not None:
                recorder.call_back(key, url, self.headers["TicketFlower-Callback-Secret"], effect)
            if fault == "hang up late":
                self.close_connection = True
                return
            if fault == "fail late":
                self._answer(503, {})
                return
            if fault == "slow":
                time.sleep(SLOW_SECONDS)
            self._answer(202 if url else 200, {"effect": effect})

        def _answer(self, status: int, body: Any) -> None:
            text = json.dumps(body).encode()
            head = f"HTTP/1.1 {status} -\r\nContent-Type: application/json\r\nContent-Length: {len(text)}\r\n\r\n"
            try:
                self.wfile.write(head.encode() + text)
            except OSError:  # a caller that was killed, or that waits no more
                self.close_connection = True

        def log_message(self, *args: Any) -> None:
            """What came is in the file."""

    return Handler


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A caller was killed."""


def main() -> None:
    port, file, seed, *ports = sys.argv[1:]
    recorder = Recorder(Path(file), int(seed), [int(one) for one in ports])
    Server(("127.0.0.1", int(port)), handler(recorder)).serve_forever()


if __name__ == "__main__":
    main()
