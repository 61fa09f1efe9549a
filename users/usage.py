"""How much of what plans limit a company uses."""

from __future__ import annotations

from collections.abc import Callable

# Apps that own what is counted add their function here, in AppConfig.ready(): it counts in the connection's company.
counters: dict[str, Callable[[], int]] = {}
COUNTED = ("workflows", "agents", "executions_per_month")


def used() -> dict[str, int]:
    """What the connection's company uses of each limit; of what no app counts there is none."""
    return {name: counters[name]() if name in counters else 0 for name in COUNTED}
