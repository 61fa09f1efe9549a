"""How often: `10/minute`."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from functools import lru_cache

_SECONDS = {"second": 1, "minute": 60, "hour": 3600, "day": 86_400}
_RATE = re.compile(r"([1-9][0-9]{0,8})/(second|minute|hour|day)")


@dataclass(frozen=True, slots=True)
class Rate:
    """So many in a window of so many seconds; windows begin at multiples of their length since 1970."""

    limit: int
    seconds: int

    @classmethod
    @lru_cache(maxsize=64)
    def of(cls, text: str) -> Rate | None:
        """`10/minute`; None for "", which means no limit. Raises ValueError for anything else."""
        if not text:
            return None
        match = _RATE.fullmatch(text)
        if match is None:
            raise ValueError(f"{text!r} is not a rate: write 10/minute, or second, hour, day; or nothing for no limit.")
        return cls(int(match[1]), _SECONDS[match[2]])

    def window(self, now: float) -> int:
        """The number of the window that `now` (seconds since 1970) lies in."""
        return int(now // self.seconds)

    def wait(self, now: float) -> int:
        """Seconds until the next window, at least 1."""
        return max(1, math.ceil((self.window(now) + 1) * self.seconds - now))
