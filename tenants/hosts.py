"""Host, path or uuid → Company, cached: one dictionary look-up a request.

What may change within a request's time (suspension, roles, passwords) is not read from here but in the statement that
looks the user up; what is cached is only which schema a host or slug means. Entries live for TTL seconds in each server
process, and changes made in this process are seen at once.
"""

from __future__ import annotations

import time
import uuid

from tenants.models import Company

TTL = 30.0
MAX_ENTRIES = 10_000
_cache: dict[tuple[str, str], tuple[float, Company]] = {}


def company_for_host(host: str) -> Company | None:
    """The company whose domain `host` (lower case, without port) is."""
    return _cached("host", host)


def company_for_key(key: str) -> Company | None:
    """The company with this slug, or with this id when `key` is a number (a slug has a letter in it)."""
    return _cached("id" if key.isdecimal() else "slug", key)


def company_for_uuid(number: uuid.UUID) -> Company | None:
    """The company with this immutable uuid."""
    return _cached("uuid", str(number))


def forget() -> None:
    """Drop everything cached in this process: after a company or domain changed."""
    _cache.clear()


def _cached(kind: str, value: str) -> Company | None:
    now = time.monotonic()
    found = _cache.get((kind, value))
    if found is not None and found[0] > now:
        return found[1]
    company = _look_up(kind, value)
    if company is not None:
        if len(_cache) >= MAX_ENTRIES:
            _cache.clear()
        _cache[kind, value] = (now + TTL, company)
    return company


def _look_up(kind: str, value: str) -> Company | None:
    if len(value) > 253:
        return None
    companies = Company.objects.select_related("plan")
    if kind == "host":
        return companies.filter(domains__domain=value).first()
    if kind == "id":
        # Larger numbers than the column holds are nobody's.
        return companies.filter(pk=int(value)).first() if len(value) <= 18 else None
    if kind == "uuid":
        return companies.filter(uuid=value).first()
    return companies.filter(slug=value).first()
