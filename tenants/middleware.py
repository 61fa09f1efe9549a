"""Every request belongs to a company, named by path or host, or to the public host."""

from __future__ import annotations

from collections.abc import Callable

import structlog
from django.conf import settings
from django.core.exceptions import DisallowedHost
from django.http import HttpRequest, HttpResponse

from core.db import here
from core.errors import not_found, response_for
from tenants.hosts import company_for_host, company_for_key
from tenants.models import Company

BY_PATH = "/api/tenants/"
# Asked by machines that know the server by some other name or number, and answered without a look-up.
PROBES = frozenset({"/health/", "/ready/", "/metrics"})


class CompanyMiddleware:
    """Sets `request.company` (None on the public host), the connection's schema and the URLs that exist there.

    `/api/tenants/{slug or id}/…` is the same API as `/api/…` on the company's own host: `path_info`, by which views
    are found, is rewritten; `path`, from which links are made, is kept.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        connection = here()
        # A thread's connection remembers the last request's company.
        connection.set_schema_to_public()
        try:
            found, company = self.resolve(request)
            if not found:
                return response_for(not_found())
            request.company = company  # type: ignore[attr-defined]
            if company is None:
                request.urlconf = settings.PUBLIC_SCHEMA_URLCONF
            else:
                structlog.contextvars.bind_contextvars(company=company.slug)
                request.urlconf = settings.ROOT_URLCONF
                connection.set_tenant(company)
            return self.get_response(request)
        finally:
            connection.set_schema_to_public()

    def resolve(self, request: HttpRequest) -> tuple[bool, Company | None]:
        """Whether the address is known, and whose it is."""
        if request.path_info in PROBES:
            return True, None
        if request.path_info.startswith(BY_PATH):
            key, _, rest = request.path_info[len(BY_PATH) :].partition("/")
            company = company_for_key(key) if key.isascii() else None
            request.path_info = f"/api/{rest}"
            return company is not None, company
        try:
            host = request.get_host().lower()
        except DisallowedHost:
            return False, None
        host = host if host.endswith("]") else host.rpartition(":")[0] or host
        host = host.removesuffix(".")
        if host in settings.PUBLIC_HOSTS:
            return True, None
        company = company_for_host(host)
        return company is not None, company
