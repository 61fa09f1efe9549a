"""Text in pictures: what may stand in one, how wide it is, and how it is cut."""

from __future__ import annotations

import re
import unicodedata

_SPACES = re.compile(r"\s+")
# Joiners are part of words and of emoji; every other invisible character could hide or turn what is read.
_JOINERS = "‌‍"
_NARROW = frozenset("iljtfrI.,:;'|!()[] ")
_WIDE = frozenset("mwMW@%—…")


def cleaned(text: str) -> str:
    """`text` on one line, without control characters, marks of direction and what XML can't hold."""
    kept = "".join(char for char in text if char.isspace() or not _unseen(char))
    return _SPACES.sub(" ", kept).strip()


def _unseen(char: str) -> bool:
    category = unicodedata.category(char)
    if category in ("Cc", "Cs") or (category == "Cf" and char not in _JOINERS):
        return True
    return category == "Cn" and ord(char) & 0xFFFE == 0xFFFE


def width(text: str, size: float) -> float:
    """About how many pixels `text` takes at `size` pixels in a plain sans-serif font: a little more than it does."""
    return size * sum(map(_em, text))


def _em(char: str) -> float:
    if char in _NARROW:
        return 0.36
    if char in _WIDE:
        return 0.98
    if char.isascii():
        return 0.72 if char.isupper() else 0.6
    if unicodedata.combining(char) or char in _JOINERS:
        return 0
    return 1.05 if unicodedata.east_asian_width(char) in "WF" else 0.7


def cut(text: str, size: float, room: float) -> str:
    """`text`, or its beginning with an ellipsis, so that it fits into `room` pixels."""
    if width(text, size) <= room:
        return text
    room -= width("…", size)
    end = 0
    for char in text:
        room -= size * _em(char)
        if room < 0:
            break
        end += 1
    return text[:end].rstrip() + "…"


def wrapped(text: str, size: float, room: float, lines: int) -> list[str]:
    """`text` on at most `lines` lines of `room` pixels, broken between words where that is possible."""
    found: list[str] = []
    words = text.split(" ")
    while words and len(found) < lines - 1:
        line = words.pop(0)
        while words and width(f"{line} {words[0]}", size) <= room:
            line += f" {words.pop(0)}"
        if width(line, size) > room:  # one long word: as much of it as fits, the rest on the next line
            end = max(1, len(cut(line, size, room)) - 1)
            words.insert(0, line[end:])
            line = line[:end]
        found.append(line)
    if words:
        found.append(cut(" ".join(words), size, room))
    return found
