"""What a system outside does when it is done: it signs with the library that such systems use, not with our code."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from standardwebhooks import Webhook

from tests.receiver import Received


@dataclass(frozen=True)
class Caller:
    """A call that was received, and calls back."""

    received: Received

    @property
    def path(self) -> str:
        """Of the address that came with the call."""
        return "/" + self.received.headers["ticketflower-callback-url"].split("/", 3)[3]

    @property
    def secret(self) -> str:
        """What came with the call to sign with."""
        return self.received.headers["ticketflower-callback-secret"]

    def headers(self, body: bytes, delivery: str = "d1", *, seconds: float = 0, secret: str | None = None) -> Any:
        """The signature of a delivery that is made `seconds` from now."""
        at = datetime.now(UTC) + timedelta(seconds=seconds)
        return {
            "webhook-id": delivery,
            "webhook-timestamp": str(int(at.timestamp())),
            "webhook-signature": Webhook(secret or self.secret).sign(delivery, at, body.decode()),
        }

    def deliver(self, api: Any, body: Any, delivery: str = "d1", **options: Any) -> Any:
        """Call back; the answer."""
        text = json.dumps(body).encode()
        return api.post(self.path, text, headers=self.headers(text, delivery, **options))
