"""What a call can come to when it has no answer, and the time that it has."""

from __future__ import annotations

import time

# One text for an address that is blocked, closed, silent or unknown: who may name addresses must not learn from the
# answers what stands in the networks that this server can reach.
UNREACHABLE = "The address could not be reached."


class CallFailed(Exception):
    """The call has no answer that can be used.

    `code`: `unreachable` (blocked, closed, refused, unknown name, TLS, broken off), `timeout`, `too_large`,
    `bad_answer` (no HTTP, or a body that can't be unpacked), `bad_request` (the call itself can't be sent). `message`
    is for the people of a company; `detail` is for logs alone. `retryable`: whether the same call may go better later.
    `duration_ms` is set when the exception leaves the client.
    """

    def __init__(self, code: str, detail: str, *, message: str = UNREACHABLE, retryable: bool = True) -> None:
        super().__init__(f"{code}: {detail}")
        self.code = code
        self.message = message
        self.detail = detail
        self.retryable = retryable
        self.duration_ms = 0


def bad_request(why: str) -> CallFailed:
    """The call can't be sent as it is; `why` is a sentence for people."""
    return CallFailed("bad_request", why, message=why, retryable=False)


def too_large(what: str) -> CallFailed:
    """The answer, or `what` of it, is larger than allowed."""
    return CallFailed("too_large", f"{what} too large", message="The answer was too large.", retryable=False)


def bad_answer(why: str) -> CallFailed:
    """The other side did not answer in HTTP as this client reads it."""
    return CallFailed("bad_answer", why, message="The answer could not be read.", retryable=False)


class Deadline:
    """One end for a whole call: name, connection, TLS, request and answer together."""

    def __init__(self, seconds: float) -> None:
        self._end = time.monotonic() + seconds

    def left(self) -> float:
        """Seconds that are left; TimeoutError when there are none."""
        left = self._end - time.monotonic()
        if left <= 0:
            raise TimeoutError("the time of the call is over")
        return left
