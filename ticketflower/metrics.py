"""`/metrics`: what a Prometheus server collects, for nobody else.

It is answered to this machine itself and to whoever shows METRICS_TOKEN; for others there is nothing here.
"""

from __future__ import annotations

import hmac
import ipaddress
from collections.abc import Iterator

from django.conf import settings
from django.db import Error, connection
from django.http import HttpRequest, HttpResponse
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from core import metrics
from core.errors import not_found, response_for
from core.health import workers_alive
from tenants import counters

# Headers that a proxy adds: then "this machine" is the proxy's, and who asks may be anywhere.
_FORWARDED = ("HTTP_X_FORWARDED_FOR", "HTTP_FORWARDED", "HTTP_X_REAL_IP", "HTTP_VIA")

_QUEUES = """
SELECT queue_name, CASE WHEN status = 'doing' THEN 'running' WHEN status = 'failed' THEN 'failed'
    WHEN scheduled_at > now() THEN 'later' ELSE 'due' END AS state,
    count(*), extract(epoch FROM now() - min(scheduled_at))::float8
FROM public.procrastinate_jobs WHERE status IN ('todo', 'doing', 'failed') GROUP BY 1, 2 ORDER BY 1, 2
"""


class Database(Collector):
    """What all processes share, read when it is asked for."""

    def collect(self) -> Iterator[Metric]:
        up = GaugeMetricFamily("ticketflower_database_up", "Whether the database answers")
        try:
            found = list(_shared())
        except Error:
            found = []
        up.add_metric([], float(bool(found)))
        yield up
        yield from found


def _shared() -> Iterator[Metric]:
    counters.flush()
    yield GaugeMetricFamily("ticketflower_workers", "Worker processes that are alive", value=workers_alive())
    jobs = GaugeMetricFamily(
        "ticketflower_queue_jobs", "Jobs: due, for later, running, failed", labels=["queue", "state"]
    )
    oldest = GaugeMetricFamily(
        "ticketflower_queue_oldest_seconds", "How long the oldest job that is due waits", labels=["queue"]
    )
    with connection.cursor() as cursor:
        cursor.execute(_QUEUES)
        for queue, state, count, age in cursor.fetchall():
            jobs.add_metric([queue, state], count)
            if state == "due":
                oldest.add_metric([queue], age or 0)
    yield jobs
    yield oldest
    yield from _totals()


def _totals() -> Iterator[Metric]:
    families: dict[str, CounterMetricFamily] = {}
    for name, labels, value in counters.totals():
        family = families.setdefault(
            name, CounterMetricFamily(f"ticketflower_{name}", name.replace("_", " "), labels=sorted(labels))
        )
        family.add_metric([labels[label] for label in sorted(labels)], value)
    yield from families.values()


_shared_registry = CollectorRegistry()
_shared_registry.register(Database())


def view(request: HttpRequest) -> HttpResponse:
    """The numbers of all processes, and this one's request times, as Prometheus text."""
    if request.method not in ("GET", "HEAD") or not _may_read(request):
        return response_for(not_found())
    text = generate_latest(_shared_registry) + generate_latest(metrics.REGISTRY)
    return HttpResponse(text, content_type=CONTENT_TYPE_LATEST)


def _may_read(request: HttpRequest) -> bool:
    given = request.headers.get("Authorization", "")
    if settings.METRICS_TOKEN and hmac.compare_digest(given.encode(), f"Bearer {settings.METRICS_TOKEN}".encode()):
        return True
    if any(name in request.META for name in _FORWARDED):
        return False
    try:
        return ipaddress.ip_address(request.META.get("REMOTE_ADDR", "")).is_loopback
    except ValueError:
        return False
