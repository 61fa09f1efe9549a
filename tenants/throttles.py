"""How often something may be asked: requests per company in each server process, and what has to be counted exactly
in the database."""

from __future__ import annotations

import hashlib
import ipaddress
import math
import time
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from rest_framework.exceptions import Throttled
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from tenants.rates import Rate


def client_address(request: Any) -> str:
    """Who calls: the address that the outermost of our own proxies saw, an IPv6 one as its network of 64 bits.

    Without TRUSTED_PROXIES, X-Forwarded-For is not believed.
    """
    found = request.META.get("REMOTE_ADDR", "")
    proxies = settings.TRUSTED_PROXIES
    if proxies:
        forwarded = [part.strip() for part in request.META.get("HTTP_X_FORWARDED_FOR", "").split(",") if part.strip()]
        found = forwarded[-min(proxies, len(forwarded))] if forwarded else found
    try:
        address = ipaddress.ip_address(found)
    except ValueError:
        return found[:100]
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is not None:
            return str(address.ipv4_mapped)
        return str(ipaddress.ip_network((int(address), 64), strict=False))
    return str(address)


class _Window:
    """The counts of the present window; the ones before are forgotten."""

    def __init__(self) -> None:
        self._number = -1
        self._counts: dict[str, int] = {}

    def count(self, key: str, number: int) -> int:
        """Count one for `key`. Two threads may at times count as one: the limit is a protection, not a bill."""
        if number != self._number:
            self._number, self._counts = number, {}
        self._counts[key] = found = self._counts.get(key, 0) + 1
        return found

    def forget(self) -> None:
        self._number = -1


_requests = _Window()


def forget() -> None:
    """Drop what this process has counted."""
    _requests.forget()


class CompanyThrottle(BaseThrottle):
    """THROTTLE_COMPANY requests per company, or on the public host per client address.

    Each of WEB_WORKERS processes allows its share, so no request waits for a count in the database.
    """

    def allow_request(self, request: Request, view: Any) -> bool:
        rate = Rate.of(settings.THROTTLE_COMPANY)
        if rate is None:
            return True
        company = getattr(request._request, "company", None)
        key = client_address(request) if company is None else f"company {company.pk}"
        now = time.time()
        self._wait = rate.wait(now)
        return _requests.count(key, rate.window(now)) <= math.ceil(rate.limit / settings.WEB_WORKERS)

    def wait(self) -> float:
        return self._wait


def attempt_take(scope: str, key: str, rate: str) -> None:
    """Count one attempt of `key`, over all server processes; raises Throttled (429) when `rate` is used up.

    It is committed by itself, whatever becomes of the request: call it outside a transaction. Of any number at the
    same time, exactly as many as the rate allows get through. What was no offence after all is given back with
    `attempt_give_back`.
    """
    parsed = Rate.of(rate)
    if parsed is None:
        return
    now = time.time()
    with transaction.atomic(durable=True), connection.cursor() as cursor:
        cursor.execute(
            'INSERT INTO attempts (scope, key, "window", count, expires_at)'
            " VALUES (%s, %s, %s, 1, to_timestamp(%s))"
            " ON CONFLICT ON CONSTRAINT attempt_unique"
            " DO UPDATE SET count = attempts.count + 1 WHERE attempts.count < %s RETURNING count",
            [scope, _digest(key), parsed.window(now), now + parsed.wait(now), parsed.limit],
        )
        counted = cursor.fetchone()
        if counted == (1,):
            cursor.execute(
                "DELETE FROM attempts WHERE id IN"
                " (SELECT id FROM attempts WHERE expires_at < now() LIMIT 1000 FOR UPDATE SKIP LOCKED)"
            )
    if counted is None:
        raise Throttled(wait=parsed.wait(now))


def attempt_give_back(scope: str, key: str, rate: str) -> None:
    """Take back one attempt that was counted in the present window."""
    parsed = Rate.of(rate)
    if parsed is None:
        return
    with transaction.atomic(durable=True), connection.cursor() as cursor:
        cursor.execute(
            'UPDATE attempts SET count = count - 1 WHERE scope = %s AND key = %s AND "window" = %s AND count > 0',
            [scope, _digest(key), parsed.window(time.time())],
        )


def _digest(key: str) -> str:
    """Keys hold people's addresses, which this table need not know."""
    return hashlib.sha256(key.encode()).hexdigest()
