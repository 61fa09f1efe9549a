"""What every request passes before it is known whose it is: its log line, its safety headers, its outer limits."""

from __future__ import annotations

import io
import re
import time
import uuid
from collections.abc import Callable
from typing import Any

import structlog
from django.conf import settings
from django.contrib.auth.middleware import AuthenticationMiddleware
from django.contrib.messages.middleware import MessageMiddleware
from django.contrib.sessions.middleware import SessionMiddleware
from django.http import HttpRequest, HttpResponse

from core.errors import Fault, Refused, invalid, response_for
from core.metrics import observe_request

log = structlog.get_logger("ticketflower.request")

Handler = Callable[[HttpRequest], HttpResponse]
_PIECE = 65_536
_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}\Z")

# Pages are the admin, the documentation and a few forms: everything they load is served from here.
CONTENT_SECURITY_POLICY = (
    "default-src 'self'; img-src 'self' data:; style-src 'self' 'unsafe-inline'; worker-src 'self' blob:; "
    "frame-ancestors 'none'; base-uri 'none'; form-action 'self'; object-src 'none'"
)


class RequestLogMiddleware:
    """One log line a request, and an `X-Request-ID` that the answer and every line on the way carry."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        started = time.perf_counter()
        given = request.headers.get("X-Request-ID", "")
        request_id = given if _REQUEST_ID.match(given) else uuid.uuid4().hex
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request_id=request_id)
        response = self.get_response(request)
        response["X-Request-ID"] = request_id
        seconds = time.perf_counter() - started
        observe_request(request, response.status_code, seconds)
        log.info(
            "request",
            method=request.method,
            path=request.path,
            status=response.status_code,
            duration_ms=round(seconds * 1000, 1),
        )
        return response


class SecurityHeadersMiddleware:
    """The headers that Django's SecurityMiddleware lacks."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        response.headers.setdefault("Content-Security-Policy", CONTENT_SECURITY_POLICY)
        response.headers.setdefault("Permissions-Policy", "camera=(), geolocation=(), microphone=()")
        if request.path.startswith("/api/") and "Cache-Control" not in response.headers:
            response.headers["Cache-Control"] = "no-store"
        return response


class _PagesOnly:
    """The REST API knows no sessions, so it need not pay for them."""

    def __call__(self, request: HttpRequest) -> Any:
        if request.path_info.startswith("/api/"):
            return self.get_response(request)  # type: ignore[attr-defined]
        return super().__call__(request)  # type: ignore[misc]


class PageSessionMiddleware(_PagesOnly, SessionMiddleware):
    """Sessions of pages."""


class PageAuthenticationMiddleware(_PagesOnly, AuthenticationMiddleware):
    """Who is signed in on pages."""


class PageMessageMiddleware(_PagesOnly, MessageMiddleware):
    """What pages tell next."""


class RequestGuardMiddleware:
    """Refuses what no view should have to think about: oversized, compressed or endless bodies, NUL in addresses."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        try:
            self.check(request)
        except Refused as refusal:
            return response_for(refusal)
        return self.get_response(request)

    def check(self, request: HttpRequest) -> None:
        """Raise Refused for a request that can't be served."""
        query = request.META.get("QUERY_STRING", "")
        if "\0" in request.path_info or "%00" in query or "\0" in query:
            raise invalid("An address may not hold the character NUL.", code="nul")
        if request.headers.get("Content-Encoding", "identity").lower() != "identity":
            raise Refused([Fault("unsupported_media_type", "Compressed bodies are not taken.")], status=415)
        length = request.META.get("CONTENT_LENGTH") or ""
        if length:
            if not length.isdecimal():
                raise invalid("Content-Length is not a number.", code="bad_request")
            # More digits than Python reads are too many bytes as well.
            if len(length) > 15 or int(length) > settings.MAX_BODY_BYTES:
                raise _too_large(request, int(length[:15]))
        elif "chunked" in request.headers.get("Transfer-Encoding", "").lower():
            _read_chunked(request)


def _too_large(request: HttpRequest, length: int) -> Refused:
    """413. Of a body's `length` bytes, so many as a good one may have are let in and dropped: a client that is still
    sending when the connection is closed does not see the answer."""
    rest = min(length, 2 * settings.MAX_BODY_BYTES)
    while rest > 0 and (piece := request.META["wsgi.input"].read(min(rest, _PIECE))):
        rest -= len(piece)
    return Refused([Fault("too_large", "The request is larger than 10 MB.")], status=413)


def _read_chunked(request: Any) -> None:
    """Django takes a body without Content-Length for empty: read it here, up to the limit."""
    body = request.META["wsgi.input"].read(settings.MAX_BODY_BYTES + 1)
    if len(body) > settings.MAX_BODY_BYTES:
        raise _too_large(request, settings.MAX_BODY_BYTES)
    request.META["CONTENT_LENGTH"] = str(len(body))
    request._stream = io.BytesIO(body)
