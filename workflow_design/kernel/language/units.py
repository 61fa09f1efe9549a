"""Texts as JavaScript sees them: rows of UTF-16 units, two of them for a character outside the basic plane.

Python's texts are rows of whole characters. They are split into units only where the difference shows: positions,
lengths, order, and parts that begin or end within a character. A half may live inside an evaluation, never leave it.
"""

from __future__ import annotations

import re

from workflow_design.kernel.language.budget import Budget

_WIDE = re.compile("[\U00010000-\U0010ffff]")
_PAIR = re.compile("[\ud800-\udbff][\udc00-\udfff]")
_HALF = re.compile("[\ud800-\udfff]")


def wide_characters(text: str) -> int:
    """How many characters of `text` take two units."""
    return 0 if text.isascii() else len(text.encode("utf-16-le", "surrogatepass")) // 2 - len(text)


def split(text: str, budget: Budget) -> str:
    """`text` with every wide character as its two units, so that indexes and order are JavaScript's."""
    budget.read(len(text))
    wide = wide_characters(text)
    if not wide:
        return text
    budget.spend(wide << 2)
    return _WIDE.sub(_units, text)


def _units(wide: re.Match[str]) -> str:
    code = ord(wide[0]) - 0x10000
    return chr(0xD800 + (code >> 10)) + chr(0xDC00 + (code & 0x3FF))


def fuse(text: str) -> str:
    """The opposite of `split`: two halves that belong together are a character again."""
    return text if text.isascii() else _PAIR.sub(_character, text)


def _character(pair: re.Match[str]) -> str:
    high, low = pair[0][0], pair[0][1]
    return chr(0x10000 + ((ord(high) - 0xD800) << 10) + (ord(low) - 0xDC00))


def has_half(text: str) -> bool:
    """Whether `text` holds half a character, which is no text that can be stored or sent."""
    return not text.isascii() and _HALF.search(text) is not None


def alike(left: str, right: str, budget: Budget) -> tuple[str, str]:
    """Both texts in a form in which Python's comparisons answer as JavaScript's."""
    if left.isascii() or right.isascii():
        return left, right  # a unit of ASCII is smaller than, and never part of, any other
    return split(left, budget), split(right, budget)
