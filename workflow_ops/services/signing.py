"""Standard Webhooks signatures, and the company's secrets that they are made with.

What is signed is `{id}.{timestamp}.{body}`, with HMAC-SHA256; a signature reads `v1,{base64}`, a secret
`whsec_{base64}`. A company's newest secret signs; older ones are good until their time is over.
"""

from __future__ import annotations

import base64
import hmac
import re
import secrets
from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from core.db import connection
from core.errors import Fault, Refused
from core.models import Actor, record
from core.sealing import SealBroken, seal, unseal
from users.models import User
from workflow_ops.models import SigningSecret

PREFIX = "whsec_"
TOLERANCE_SECONDS = 300
OVERLAP_HOURS = 24
MAX_OVERLAP_HOURS = 24 * 30
_SECONDS = re.compile(r"[0-9]{1,12}")
# More than any rotation needs, and few enough to try each.
_MOST_SIGNATURES = 10
_MOST_KEYS = 10

_FIRST = """
INSERT INTO signing_secrets (number, sealed, created_at, updated_at) VALUES (1, %s, now(), now()) ON CONFLICT DO NOTHING
"""


def signature(secret: str, delivery: str, timestamp: int, body: bytes) -> str:
    """The value of `webhook-signature` for a body that is sent under the id `delivery` at `timestamp` (seconds)."""
    key = base64.b64decode(secret.removeprefix(PREFIX))
    digest = hmac.digest(key, f"{delivery}.{timestamp}.".encode() + body, "sha256")
    return f"v1,{base64.b64encode(digest).decode()}"


def is_timely(timestamp: str) -> bool:
    """Whether the value of `webhook-timestamp` is within five minutes of now."""
    if not _SECONDS.fullmatch(timestamp):
        return False
    return abs(timezone.now().timestamp() - int(timestamp)) <= TOLERANCE_SECONDS


def is_signed(secrets_: Iterable[str], delivery: str, timestamp: str, body: bytes, signatures: str) -> bool:
    """Whether one of `signatures` (with spaces between them) was made with one of the secrets."""
    given = [one.encode() for one in signatures.split(" ")[:_MOST_SIGNATURES]]
    found = False
    for secret in secrets_:
        expected = signature(secret, delivery, int(timestamp), body).encode()
        for one in given:
            found |= hmac.compare_digest(expected, one)
    return found


def signing_key() -> bytes:
    """The company's newest secret; made when it is first asked for. Raises SealBroken."""
    newest = _newest()
    if newest is None:
        with connection.cursor() as cursor:
            cursor.execute(_FIRST, [seal(new_key())])
        newest = _newest()
        assert newest is not None
    return base64.b64decode(unseal(newest))


def valid_keys() -> list[bytes]:
    """The company's secrets that are good now, the ten newest. One whose seal can't be opened is none."""
    good = Q(valid_until=None) | Q(valid_until__gt=timezone.now())
    found = []
    newest = SigningSecret.objects.filter(good).order_by("-number")[:_MOST_KEYS]
    for sealed in newest.values_list("sealed", flat=True):
        try:
            found.append(base64.b64decode(unseal(sealed)))
        except SealBroken:
            continue
    return found


def derived(key: bytes, *about: Any) -> str:
    """A secret for one purpose, of which nobody can tell `key` or another purpose's."""
    text = "\n".join(map(str, about))
    return PREFIX + base64.b64encode(hmac.digest(key, text.encode(), "sha256")).decode()


@transaction.atomic
def secret_rotate(*, user: User, hours: Any = OVERLAP_HOURS) -> SigningSecret:
    """A new secret signs from now on; older ones are good for at most `hours` more. 400, 409 (two at once)."""
    if type(hours) is not int or not 0 <= hours <= MAX_OVERLAP_HOURS:
        raise Refused([Fault("out_of_range", f"must be a whole number from 0 to {MAX_OVERLAP_HOURS}", "hours")])
    now = timezone.now()
    last = SigningSecret.objects.select_for_update().order_by("-number").first()
    end = now + timedelta(hours=hours)
    longer = Q(valid_until=None) | Q(valid_until__gt=end)
    SigningSecret.objects.filter(longer).update(valid_until=end, updated_at=now)
    made = SigningSecret.objects.create(number=last.number + 1 if last else 1, sealed=seal(new_key()), created_by=user)
    record(
        actor=Actor.of(user),
        event="signing_secret.rotated",
        subject_type="signing_secret",
        subject_id=made.pk,
        subject=str(made),
        detail={"hours": hours},
    )
    return made


def _newest() -> str | None:
    return SigningSecret.objects.order_by("-number").values_list("sealed", flat=True).first()


def new_key() -> str:
    """A fresh secret of 32 bytes, in base64."""
    return base64.b64encode(secrets.token_bytes(32)).decode()
