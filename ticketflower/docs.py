"""The API's documentation on every host: the OpenAPI document, Swagger UI and ReDoc, all of it served from here."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import URLPattern, path
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.views import APIView

from core.errors import invalid
from core.permissions import Anyone
from ticketflower.openapi import document

MEDIA_TYPES = {"yaml": "application/yaml; charset=utf-8", "json": "application/json"}


@extend_schema(exclude=True)
class Documentation(APIView):
    """Open to anyone."""

    authentication_classes = ()
    permission_classes = (Anyone,)


class Schema(Documentation):
    """The OpenAPI document of this host's calls: YAML, or JSON with `?as=json`."""

    def get(self, request: Request, **kwargs: Any) -> HttpResponse:
        form = request.query_params.get("as", "yaml")
        if form not in MEDIA_TYPES:
            raise invalid("One of: yaml, json.", attr="as", code="invalid_choice")
        return HttpResponse(document(request._request.urlconf, form), content_type=MEDIA_TYPES[form])


class Page(Documentation):
    """A page that reads the document beside it, so that it works below /api/tenants/ too."""

    template = ""

    def get(self, request: Request, **kwargs: Any) -> HttpResponse:
        return render(request._request, self.template)


urlpatterns: list[URLPattern] = [
    path("schema/", Schema.as_view(), name="schema"),
    path("docs/", Page.as_view(template="ticketflower/docs.html"), name="docs"),
    path("redoc/", Page.as_view(template="ticketflower/redoc.html"), name="redoc"),
]
