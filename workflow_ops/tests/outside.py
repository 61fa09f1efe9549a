"""A system outside: a server on loopback that writes down what it is sent and answers as told."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tests.receiver import Received, Receiver, http_answer


@dataclass(frozen=True)
class Said:
    """One answer. `before` runs between the call and the answer."""

    status: int = 200
    body: Any = None
    headers: dict[str, str] | None = None
    before: Callable[[], Any] | None = None


class Outside:
    """`calls` are those that came; `says(…)` is what the next ones are answered, and then `{}`; or `answers(…)` tells
    what each is, by its body.
    """

    def __init__(self) -> None:
        self._receiver = Receiver()
        self._receiver.answer = self._answer
        self._answers: deque[Said] = deque()
        self.answer: Callable[[Any], Said] | None = None

    def __enter__(self) -> Outside:
        self._receiver.__enter__()
        return self

    def __exit__(self, *raised: object) -> None:
        self._receiver.__exit__(*raised)

    def forget(self) -> None:
        """As if nobody had called, and nothing were to be said."""
        self._receiver.requests.clear()
        self._answers.clear()
        self.answer = None

    @property
    def calls(self) -> list[Received]:
        """What came, in this order."""
        return self._receiver.requests

    @property
    def host(self) -> str:
        """host:port"""
        return f"127.0.0.1:{self._receiver.port}"

    @property
    def url(self) -> str:
        """Where to call."""
        return self._receiver.url("/orders")

    def says(self, *answers: Said) -> None:
        """What the next calls are answered, one after another."""
        self._answers.extend(answers)

    def answers(self, answer: Callable[[Any], Said]) -> None:
        """What a call is answered: `answer` of its body. Calls that come together come in no order."""
        self.answer = answer

    def _answer(self, received: Received) -> bytes:
        if self.answer is not None:
            said = self.answer(received.json())
        else:
            said = self._answers.popleft() if self._answers else Said(body={})
        if said.before is not None:
            said.before()
        body = said.body if isinstance(said.body, bytes) else json.dumps(said.body).encode()
        return http_answer(said.status, body, {"Content-Type": "application/json", **(said.headers or {})})
