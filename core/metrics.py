"""How long requests take, as this process has seen it: a histogram by method, route and class of status.

A route is a pattern of the URL configuration: no ids and no names of companies are in it.
"""

from __future__ import annotations

from functools import cache

from django.contrib.admindocs.views import simplify_regex
from django.http import HttpRequest
from prometheus_client import CollectorRegistry, Histogram

REGISTRY = CollectorRegistry()
_METHODS = frozenset({"GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"})
_seconds = Histogram(
    "ticketflower_request_seconds",
    "Time from a request's first line to its answer",
    ["method", "route", "status"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10),
    registry=REGISTRY,
)


def observe_request(request: HttpRequest, status: int, seconds: float) -> None:
    """Count one request; one that no route took is of the route `none`."""
    match = request.resolver_match
    method = request.method if request.method in _METHODS else "other"
    _seconds.labels(method, _path(match.route) if match else "none", f"{status // 100}xx").observe(seconds)


# One entry for each route there is.
_path = cache(simplify_regex)
