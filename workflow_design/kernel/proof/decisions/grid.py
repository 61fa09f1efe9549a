"""Numbers that a field can hold, counted through: every double has a place, and the next one is the next double.

Whole numbers are those of JSON Schema's `integer`: all up to 2^53, then the doubles, which are whole out there.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from math import ceil
from typing import Final

LAST_WHOLE: Final = 2**53
"""Up to here every whole number is a double."""
LARGEST: Final = 1.7976931348623157e308


def place_of(value: float, whole: bool) -> int:
    """The place of a number that is one of the grid."""
    if whole and -LAST_WHOLE <= value <= LAST_WHOLE:
        return int(value)
    bits = struct.unpack(">q", struct.pack(">d", abs(value)))[0]
    if whole:
        bits += LAST_WHOLE - _LAST_BITS
    return bits if value >= 0 else -bits


def number_at(place: int, whole: bool) -> float:
    """The number at a place: an int where JSON may have one, else a double."""
    if whole and -LAST_WHOLE < place < LAST_WHOLE:
        return place
    bits = abs(place) - (LAST_WHOLE - _LAST_BITS if whole else 0)
    value: float = struct.unpack(">d", struct.pack(">q", bits))[0]
    value = value if place >= 0 else -value
    return int(value) if value.is_integer() and abs(value) < LAST_WHOLE else value


_LAST_BITS: Final[int] = struct.unpack(">q", struct.pack(">d", float(LAST_WHOLE)))[0]


def first_from(bound: float, whole: bool) -> int:
    """The place of the least number of the grid that is not below `bound`."""
    return ceil(bound) if whole and -LAST_WHOLE <= bound <= LAST_WHOLE else place_of(bound, whole)


def first_above(bound: float, whole: bool) -> int:
    """The place of the least number of the grid that is above `bound`."""
    place = first_from(bound, whole)
    return place + (number_at(place, whole) == bound)


def first_where(holds: Callable[[float], bool], low: int, high: int, whole: bool) -> int:
    """The least place from `low` to `high` whose number `holds`, `high + 1` where none does; it holds from one on."""
    while low <= high:
        middle = (low + high) // 2
        if holds(number_at(middle, whole)):
            high = middle - 1
        else:
            low = middle + 1
    return low


def plain_between(low: int, high: int, whole: bool) -> float:
    """The number between two places that people find plainest."""
    if low <= 0 <= high:
        return 0
    least, most = number_at(low, whole), number_at(high, whole)
    if whole:
        return least if low > 0 else most
    if low > 0 and ceil(least) <= most:
        return number_at(place_of(float(ceil(least)), False), False)
    if high < 0 and -ceil(-most) >= least:
        return number_at(place_of(float(-ceil(-most)), False), False)
    middle = least / 2 + most / 2
    for digits in range(1, 18):
        rounded = round(middle, digits)
        if least <= rounded <= most:
            return rounded
    return least
