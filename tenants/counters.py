"""Numbers that only grow, added up over all processes: how many jobs ended how, how many calls succeeded.

    counters.count("action_attempts", outcome="ok")

A process collects, and writes what it has with `flush`: workers every few seconds, web servers when their numbers are
asked for. What a killed process had not written is lost; everything else counts what must be exact.
"""

from __future__ import annotations

import threading
from collections import Counter

import orjson
from django_tenants.utils import schema_context

from core.db import connection
from tenants.schemas import PUBLIC

Labels = tuple[tuple[str, str], ...]

_lock = threading.Lock()
_counted: Counter[tuple[str, Labels]] = Counter()


def count(metric: str, *, by: int = 1, **labels: str) -> None:
    """Add to a number. `labels` are few and fixed words: no ids, and nothing of a company's."""
    key = (metric, tuple(sorted((name, str(value)) for name, value in labels.items())))
    with _lock:
        _counted[key] += by


def flush() -> None:
    """Write what has been collected, in one statement, or none when there is nothing."""
    with _lock:
        taken = dict(_counted)
        _counted.clear()
    if not taken:
        return
    # In one order everywhere: two processes that write the same rows wait for each other, and not in a circle.
    rows = [[metric, dict(labels), value] for (metric, labels), value in sorted(taken.items())]
    try:
        with connection.cursor() as cursor:
            cursor.execute(
                "INSERT INTO public.counters (metric, labels, value)"
                " SELECT row ->> 0, row -> 1, (row ->> 2)::bigint"
                " FROM jsonb_array_elements(%s::jsonb) WITH ORDINALITY AS given (row, place) ORDER BY place"
                " ON CONFLICT (metric, labels) DO UPDATE SET value = counters.value + excluded.value",
                [orjson.dumps(rows).decode()],
            )
    except BaseException:
        with _lock:
            _counted.update(taken)
        raise


def totals() -> list[tuple[str, dict[str, str], int]]:
    """Every number there is: metric, labels, value."""
    with schema_context(PUBLIC), connection.cursor() as cursor:
        cursor.execute("SELECT metric, labels::text, value FROM counters ORDER BY metric, labels")
        return [(metric, orjson.loads(labels), value) for metric, labels, value in cursor.fetchall()]
