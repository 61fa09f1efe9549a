"""`Idempotency-Key`: the same call again gets the first answer again."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any

from django.db import transaction
from django.http import HttpResponse
from django.utils import timezone
from rest_framework.request import Request

from core.db import connection
from core.errors import conflict, invalid
from users.models import User
from workflow_ops.models import IdempotentAnswer
from workflow_ops.services.cleanup import ANSWERS_KEPT

MAX_KEY = 255

_CLAIM = """
INSERT INTO idempotent_answers (user_id, method, path, key, body_hash, status, body, created_at)
VALUES (%s, %s, %s, %s, %s, 0, '', %s) ON CONFLICT DO NOTHING RETURNING id
"""


def once(request: Request, user: User, work: Callable[[], HttpResponse]) -> HttpResponse:
    """`work()`, or what it answered when this person sent the same key, address and body within a day.

    The key is claimed in the transaction of the work itself: a second call that comes meanwhile waits for the first to
    end, and work that fails leaves no claim. 409 for the same key with another body.
    """
    key = request.headers.get("Idempotency-Key")
    if key is None:
        return work()
    if not 1 <= len(key) <= MAX_KEY or not key.isprintable():
        raise invalid(f"Idempotency-Key is 1 to {MAX_KEY} printable characters.", code="bad_idempotency_key")
    # The address as the company's own host has it, so that it is the same by host and by path.
    scope = {"user": user, "method": request.method, "path": request._request.path_info[:500], "key": key}
    digest = hashlib.sha256(request._request.body).digest()
    with transaction.atomic():
        claim = _claim(scope, digest)
        if claim is None:
            return _again(scope, digest) or once(request, user, work)
        response = work()
        IdempotentAnswer.objects.filter(pk=claim).update(status=response.status_code, body=response.content.decode())
        return response


def _claim(scope: dict[str, Any], digest: bytes) -> int | None:
    with connection.cursor() as cursor:
        values = [scope["user"].pk, scope["method"], scope["path"], scope["key"], digest, timezone.now()]
        cursor.execute(_CLAIM, values)
        row = cursor.fetchone()
    return row[0] if row else None


def _again(scope: dict[str, Any], digest: bytes) -> HttpResponse | None:
    """The kept answer; None when it was too old and is gone now."""
    found = IdempotentAnswer.objects.filter(**scope).first()
    if found is None:
        return None
    if found.created_at < timezone.now() - ANSWERS_KEPT:
        found.delete()
        return None
    if bytes(found.body_hash) != digest:
        raise conflict("This Idempotency-Key came with another body before.", code="idempotency_key_reused")
    return HttpResponse(found.body, status=found.status, content_type="application/json")
