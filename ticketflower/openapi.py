"""The OpenAPI document: of one host, as its documentation pages show it, or of both, as openapi.yaml holds it."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from typing import Any

from django.conf import settings
from drf_spectacular.generators import EndpointEnumerator, SchemaGenerator
from drf_spectacular.renderers import OpenApiJsonRenderer, OpenApiYamlRenderer

import users.schema  # noqa: F401 - tells drf-spectacular how people sign in


def hosts() -> dict[str, str]:
    """Which URL configuration belongs to which kind of host."""
    return {"company": settings.ROOT_URLCONF, "public": settings.PUBLIC_SCHEMA_URLCONF}


class Generator(SchemaGenerator):
    """Each call once, with `x-hosts` saying on which kind of host it is; of both kinds unless `urlconf` names one."""

    def __init__(self, *args: Any, urlconf: str | None = None, patterns: Any = None, **kwargs: Any) -> None:
        if urlconf is None and patterns is None:
            patterns = [pattern for module in hosts().values() for pattern in import_module(module).urlpatterns]
        super().__init__(*args, urlconf=urlconf, patterns=patterns, **kwargs)


def mark_hosts(result: dict[str, Any], **_: Any) -> dict[str, Any]:
    """A hook of drf-spectacular that adds `x-hosts` to every call."""
    calls = {host: _calls(urlconf) for host, urlconf in hosts().items()}
    for path, operations in result["paths"].items():
        for method, operation in operations.items():
            operation["x-hosts"] = [host for host, known in calls.items() if (path, method.upper()) in known]
    return result


@cache
def _calls(urlconf: str) -> frozenset[tuple[str, str]]:
    found = EndpointEnumerator(None, urlconf).get_api_endpoints()
    return frozenset((path, method) for path, _, method, _ in found)


@cache
def document(urlconf: str, form: str) -> bytes:
    """The calls of one kind of host as `json` or `yaml`; the same for as long as the process lives."""
    renderer = OpenApiJsonRenderer() if form == "json" else OpenApiYamlRenderer()
    schema = Generator(urlconf=urlconf).get_schema(request=None, public=True)
    rendered: bytes = renderer.render(schema, renderer_context={})
    return rendered
