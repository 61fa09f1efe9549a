"""Every refusal in one envelope: `{"type", "errors": [{"code", "detail", "attr"}]}`.

Services raise the exceptions below; the REST handler, the middleware and URL resolution all answer through
`envelope_for`, so that no failure has another shape.
"""

from __future__ import annotations

import logging
import math
from dataclasses import dataclass, field
from typing import Any

import psycopg
from django.core.exceptions import (
    BadRequest,
    PermissionDenied,
    RequestDataTooBig,
    SuspiciousOperation,
)
from django.core.exceptions import (
    ValidationError as DjangoValidationError,
)
from django.db import DataError, IntegrityError, OperationalError
from django.db.models import ProtectedError, RestrictedError
from django.http import Http404, HttpResponse, UnreadablePostError
from django.http.multipartparser import MultiPartParserError
from rest_framework import exceptions as drf

from core.constraints import violation

log = logging.getLogger("ticketflower.errors")


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong: `attr` is a dotted path into the input (`tasks.2.title`) or None."""

    code: str
    detail: str
    attr: str | None = None


@dataclass
class Refused(Exception):
    """A service's no. `status` is the HTTP status it becomes; `extra` is added beside the envelope."""

    faults: list[Fault]
    status: int = 400
    extra: dict[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        return "; ".join(f"{f.attr}: {f.detail}" if f.attr else f.detail for f in self.faults)


def invalid(detail: str, *, attr: str | None = None, code: str = "invalid") -> Refused:
    """400: the input is wrong."""
    return Refused([Fault(code, detail, attr)])


def denied(detail: str = "You may not do this.", *, code: str = "permission_denied") -> Refused:
    """403."""
    return Refused([Fault(code, detail)], status=403)


def not_found() -> Refused:
    """404: one and the same answer for what is not there and what is another company's."""
    return Refused([Fault("not_found", "Not found.")], status=404)


def conflict(detail: str, *, code: str = "conflict", attr: str | None = None) -> Refused:
    """409: the state of things does not allow it."""
    return Refused([Fault(code, detail, attr)], status=409)


def stale() -> Refused:
    """412: somebody wrote since the caller read."""
    return Refused([Fault("stale", "This has been changed since you read it: read it again.")], status=412)


def envelope(status: int, faults: list[Fault], extra: dict[str, Any] | None = None) -> dict[str, Any]:
    """The body of a refusal with HTTP status `status`."""
    kind = "server_error" if status >= 500 else "validation_error" if status == 400 else "client_error"
    return {
        "type": kind,
        "errors": [{"code": f.code, "detail": f.detail, "attr": f.attr} for f in faults],
        **(extra or {}),
    }


# Under these keys DRF and Django put what is wrong with the whole.
_WHOLE = ("non_field_errors", "__all__")


def _flatten(detail: Any, path: str = "") -> list[Fault]:
    """DRF's nested details as faults with dotted paths."""
    if isinstance(detail, dict):
        return [
            fault
            for key, value in detail.items()
            for fault in _flatten(value, path if key in _WHOLE else f"{path}.{key}" if path else str(key))
        ]
    if isinstance(detail, list):
        faults: list[Fault] = []
        for index, value in enumerate(detail):
            nested = isinstance(value, dict | list)
            faults += _flatten(value, (f"{path}.{index}" if path else str(index)) if nested else path)
        return faults
    return [Fault(getattr(detail, "code", "invalid"), str(detail), path or None)]


def _plain(exc: drf.APIException) -> list[Fault]:
    return [Fault(fault.code, fault.detail) for fault in _flatten(exc.detail)]


def _protected(exc: ProtectedError | RestrictedError) -> Refused:
    rows = exc.protected_objects if isinstance(exc, ProtectedError) else exc.restricted_objects
    kinds = sorted({str(row._meta.verbose_name) for row in rows})
    return conflict(f"This is in use by: {', '.join(kinds)}.", code="in_use")


def refusal_for(exc: BaseException) -> tuple[Refused, dict[str, str]] | None:
    """What `exc` is to the caller, with headers; None if it is a fault of ours."""
    headers: dict[str, str] = {}
    if isinstance(exc, Refused):
        return exc, headers
    if isinstance(exc, drf.ValidationError):
        return Refused(_flatten(exc.detail)), headers
    if isinstance(exc, Http404 | drf.NotFound):
        return not_found(), headers
    if isinstance(exc, PermissionDenied):
        return denied(), headers
    if isinstance(exc, drf.APIException):
        if isinstance(exc, drf.Throttled):
            headers["Retry-After"] = str(max(1, math.ceil(getattr(exc, "wait", None) or 1)))
        if isinstance(exc, drf.AuthenticationFailed | drf.NotAuthenticated):
            headers["WWW-Authenticate"] = 'Bearer realm="api"'
            # simplejwt adds a list of what was wrong with the token: one code and sentence say enough.
            detail = exc.detail
            if isinstance(detail, dict):
                return Refused([Fault(str(detail["code"]), str(detail["detail"]))], status=401), headers
            return Refused(_plain(exc), status=401), headers
        return Refused(_plain(exc), status=exc.status_code), headers
    if isinstance(exc, DjangoValidationError):
        return Refused(_flatten(exc.message_dict if hasattr(exc, "error_dict") else exc.messages)), headers
    if isinstance(exc, ProtectedError | RestrictedError):
        return _protected(exc), headers
    if isinstance(exc, IntegrityError):
        found = violation(exc)
        return (Refused([Fault(*found)], status=409), headers) if found else None
    if isinstance(exc, RequestDataTooBig):
        return Refused([Fault("too_large", "The request is larger than 10 MB.")], status=413), headers
    if isinstance(exc, SuspiciousOperation | BadRequest | MultiPartParserError | UnreadablePostError):
        return invalid("The request can't be read.", code="bad_request"), headers
    if isinstance(exc, DataError):
        return invalid("A value is outside what can be stored.", code="out_of_range"), headers
    if isinstance(exc, OperationalError) and getattr(exc.__cause__, "sqlstate", None) in (
        "40001",
        "40P01",
        "55P03",
    ):
        return conflict("Somebody else is writing this now: try again."), headers
    if is_away(exc):
        log.warning("The database does not answer: %s", exc)
        headers["Retry-After"] = "1"
        return Refused([Fault("unavailable", "The database does not answer: try again.")], status=503), headers
    return None


def is_away(exc: BaseException) -> bool:
    """Whether the connection to the database could not be made or broke, or the server is starting, stopping or full.

    The error tells, and not whether the connection can be used: by now it may be another one.
    """
    cause = exc.__cause__ if isinstance(exc, OperationalError) else None
    if not isinstance(cause, psycopg.OperationalError):
        return False
    state = cause.sqlstate
    return state is None or state.startswith("08") or state in ("57P01", "57P02", "57P03", "53300")


def server_error() -> dict[str, Any]:
    """The body of a 500: nothing of what went wrong leaves the server."""
    return envelope(500, [Fault("error", "Something went wrong on our side; it has been recorded.")])


def exception_handler(exc: Exception, context: dict[str, Any]) -> HttpResponse:
    """DRF's EXCEPTION_HANDLER: every exception of a view as the envelope."""
    # Here, because importing DRF's views imports the authentication that the settings name, which imports this module.
    from rest_framework.views import set_rollback

    set_rollback()
    return response_for(exc)


def response_for(exc: BaseException) -> HttpResponse:
    """The answer to a request that ended in `exc`."""
    from core.renderers import json_response

    found = refusal_for(exc)
    if found is None:
        log.error("unhandled exception", exc_info=exc)
        return json_response(server_error(), status=500)
    refusal, headers = found
    return json_response(
        envelope(refusal.status, refusal.faults, refusal.extra), status=refusal.status, headers=headers
    )
