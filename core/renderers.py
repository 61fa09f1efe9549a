"""Answers are JSON and nothing else, written by orjson."""

from __future__ import annotations

from typing import Any

import orjson
from django.http import HttpResponse
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request


def dump(value: Any) -> bytes:
    """`value` as JSON: datetimes in UTC as RFC 3339, anything else unknown as its text."""
    return orjson.dumps(value, default=str, option=orjson.OPT_UTC_Z | orjson.OPT_NON_STR_KEYS)


def json_response(value: Any, *, status: int = 200, headers: dict[str, str] | None = None) -> HttpResponse:
    """An answer whose body is `value` as JSON."""
    return HttpResponse(dump(value), status=status, content_type="application/json", headers=headers)


class JSONRenderer(BaseRenderer):
    """DRF's way to the same writer."""

    media_type = "application/json"
    format = "json"
    charset = None

    def render(self, data: Any, accepted_media_type: Any = None, renderer_context: Any = None) -> bytes:
        return b"" if data is None else dump(data)


class AlwaysJSON(BaseContentNegotiation):
    """The first parser that takes the body's type; the one renderer whatever `Accept` says."""

    def select_parser(self, request: Request, parsers: Any) -> Any:
        from rest_framework.utils.mediatypes import media_type_matches

        content_type = request.content_type or "application/octet-stream"
        for parser in parsers:
            if media_type_matches(parser.media_type, content_type):
                return parser
        return None

    def select_renderer(self, request: Request, renderers: Any, format_suffix: str | None = None) -> Any:
        return renderers[0], renderers[0].media_type
