"""How much, how long, how often: from the environment, bounded."""

from __future__ import annotations

import os
import random
from dataclasses import dataclass

MOST_TICKETS = 20_000
MOST_SECONDS = 3_600


@dataclass(frozen=True)
class Plan:
    """`seconds`: for opening tickets and doing tasks under faults; `quiet_seconds`: for all to end without faults.
    `most_open`: so many tickets are open at a time. `database` and `programs` are (least, most) seconds between kills.
    """

    tickets: int
    most_open: int
    seconds: int
    quiet_seconds: int
    database: tuple[float, float]
    programs: tuple[float, float]
    seed: int


def from_environment() -> Plan:
    """CHAOS_TICKETS, CHAOS_OPEN, CHAOS_SECONDS, CHAOS_QUIET_SECONDS, CHAOS_DATABASE, CHAOS_PROGRAMS, CHAOS_SEED."""
    return Plan(
        tickets=_number("CHAOS_TICKETS", 2_000, MOST_TICKETS),
        most_open=_number("CHAOS_OPEN", 60, MOST_TICKETS),
        seconds=_number("CHAOS_SECONDS", 900, MOST_SECONDS),
        quiet_seconds=_number("CHAOS_QUIET_SECONDS", 300, MOST_SECONDS),
        database=_range("CHAOS_DATABASE", "5-20"),
        programs=_range("CHAOS_PROGRAMS", "3-9"),
        seed=_number("CHAOS_SEED", random.SystemRandom().randrange(1, 1_000_000), 1_000_000_000),
    )


def _number(name: str, usual: int, most: int) -> int:
    value = int(os.environ.get(name) or usual)
    if not 1 <= value <= most:
        raise SystemExit(f"{name} is a number from 1 to {most}.")
    return value


def _range(name: str, usual: str) -> tuple[float, float]:
    least, _, most = (os.environ.get(name) or usual).partition("-")
    found = float(least), float(most or least)
    if not 0.5 <= found[0] <= found[1]:
        raise SystemExit(f"{name} is a range of seconds, as 5-20.")
    return found
