"""The values of one field in groups that all leaves treat alike, each with a value to try."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import partial
from itertools import chain, combinations
from typing import Any, Literal

from workflow_design.kernel.proof.decisions.cuts import Cuts
from workflow_design.kernel.proof.decisions.grid import number_at, place_of, plain_between
from workflow_design.kernel.proof.decisions.parts import Lists, Numbers, One, Part, Texts
from workflow_design.kernel.proof.decisions.rules import TooLargeError
from workflow_design.kernel.schemas import MAX_INTEGER, Schema

MAX_CELLS = 5_000
MAX_GROUPS = 6
"""Kinds of items of a list that are told apart: a cell for each set of them."""
MAX_TRIED = 8
MAX_MERGED = 30
"""Values to try from which on those of another merged cell aren't added."""

Measure = Literal["number", "day", ""]


@dataclass(frozen=True, slots=True)
class Source:
    """Where values come from: what they fit, None: nothing is known of that; `shown`: whether they may be shown to
    people as a value that can occur, or only have to be reckoned with.
    """

    schema: Schema | None = None
    shown: bool = True

    def excludes(self, value: Any) -> bool:
        """Whether the value certainly doesn't come from here."""
        return self.schema is not None and not self.schema.is_valid(value)

    def gives(self, value: Any) -> bool:
        """Whether it may be shown as a value from here."""
        return self.shown and not self.excludes(value)


ANYWHERE = Source()
HIDDEN = Source(shown=False)
_BEFORE = -1
"""The number of the days before Python's calendar begins, which are written in more than one way."""


@dataclass(slots=True)
class Cell:
    """`value` stands for all values of the cell; `try_first` gives values of it with where they come from, made only
    where some are asked for: most splits are decided without.

    `known`: which kinds of cuts told it apart, so that a leaf without such a list of cuts claims nothing of it.
    `low`, `high`: its bounds, where it is a stretch of numbers or of days.
    """

    value: Any
    try_first: Callable[[], list[tuple[Any, Source]]]
    known: Literal["one", "whole", "doubles", "texts", "dates", "items", "others"]
    measure: Measure = ""
    low: float = 0
    high: float = 0
    whole: bool = False
    part: Numbers | None = None
    """The numbers of which it is a stretch."""
    merged: list[Cell] = field(default_factory=list)
    """Others that no leaf tells from this one."""
    _tried: list[tuple[Any, Source]] | None = None

    @property
    def tried(self) -> list[tuple[Any, Source]]:
        """Values to try, of merged cells too."""
        if self._tried is None:
            self._tried = self.try_first()
            for cell in self.merged:
                self._tried += cell.tried[:2] if len(self._tried) < MAX_MERGED else []
        return self._tried

    @property
    def alone(self) -> bool:
        """Whether it holds one value only."""
        if self.known == "one":
            return True
        return self.low == self.high and (self.measure == "number" or (self.measure == "day" and self.low > 0))


@dataclass(slots=True)
class Held:
    """What a field can hold: parts, each with where its values come from."""

    parts: list[tuple[Part, Source]] = field(default_factory=list)


def cells_of(held: Held, cuts: Sequence[Cuts]) -> list[Cell]:
    """The cells of a field; those that no value is in are left out where that is certain. Raises TooLargeError."""
    cells: list[Cell] = []
    for part, source in held.parts:
        for cell in _cells(part, source, cuts):
            cells.append(cell)
            if len(cells) > MAX_CELLS:
                raise TooLargeError
    return cells


def _cells(part: Part, source: Source, cuts: Sequence[Cuts]) -> Iterator[Cell]:
    if isinstance(part, One):
        measure: Measure = ""
        low = 0.0
        if isinstance(part.value, int | float) and not isinstance(part.value, bool):
            measure, low = "number", part.value
        whole = type(part.value) is int
        yield Cell(part.value, partial(_these, [part.value], source), "one", measure, low, low, whole)
    elif isinstance(part, Numbers):
        yield from _numbers(part, source, cuts)
    elif isinstance(part, Texts) and part.form == "date":
        yield from _dates(source, _union(cut.dates for cut in cuts))
    elif isinstance(part, Texts):
        kinds = [cut.dates if part.form else cut.texts for cut in cuts]
        yield from _texts(part, source, _union(kinds))
    elif isinstance(part, Lists):
        yield from _lists(part, source, cuts)
    else:
        yield Cell([], partial(_these, ({}, [], [0], {"x": 1}), source), "others")


def _union(sets: Iterable[frozenset[str] | None]) -> set[str]:
    return set(chain.from_iterable(one for one in sets if one is not None))


def _numbers(part: Numbers, source: Source, cuts: Sequence[Cuts]) -> Iterator[Cell]:
    whole = part.whole
    low, high = place_of(part.low, whole), place_of(part.high, whole)
    starts = {low}
    for cut in cuts:
        for find in (cut.whole if whole else cut.doubles) or ():
            starts.update(start for start in find(part) if low < start <= high)
            if len(starts) > MAX_CELLS:
                raise TooLargeError
    ordered = sorted(starts)
    for start, after in zip(ordered, [*ordered[1:], high + 1], strict=True):
        value = plain_between(start, after - 1, whole)
        ends = number_at(start, whole), number_at(after - 1, whole)
        if start == after - 1 and source.excludes(value):
            continue
        try_first = partial(_plain_numbers, value, ends, source)
        yield Cell(value, try_first, "whole" if whole else "doubles", "number", *ends, whole, part)


def _plain_numbers(value: float, ends: tuple[float, float], source: Source) -> list[tuple[Any, Source]]:
    near = (bound for bound in _round_numbers(value) if ends[0] <= bound <= ends[1])
    return [(one, source) for one in dict.fromkeys((value, *near, *ends))]


def _round_numbers(value: float) -> Iterator[int]:
    """Whole numbers not far away that are multiples of what people like."""
    if abs(value) < MAX_INTEGER - 1_000:
        for step in (1, 2, 5, 10, 100):
            yield from (int(value // step) * step, int(-(-value // step)) * step)


def day_text(number: int) -> str:
    return date.fromordinal(number).isoformat() if number > 0 else "0000-01-01"


_LAST_DAY = date.max.toordinal()


def _dates(source: Source, cuts: set[str]) -> Iterator[Cell]:
    """Dates are ordered as their texts are. What is before the year 1 may be written in more than one way."""
    starts = {_BEFORE, 1}
    for cut in cuts:
        starts.add(_first_day(lambda text: text >= cut))  # noqa: B023
        starts.add(_first_day(lambda text: text > cut))  # noqa: B023
    ordered = sorted(start for start in starts if start <= _LAST_DAY)
    stretches = list(zip(ordered, [*ordered[1:], _LAST_DAY + 1], strict=True))
    for start, after in [*stretches[1:], stretches[0]]:  # the last to be shown to people
        last = after - 1 if start > 0 else start
        plain = min(max(start, _USUAL_DAY), last)
        try_first = partial(_plain_days, (plain, start, last), source)
        yield Cell(day_text(plain), try_first, "dates", "day", start, last)


def _plain_days(days: tuple[int, ...], source: Source) -> list[tuple[Any, Source]]:
    return [(day_text(day), source) for day in dict.fromkeys(days)]


_USUAL_DAY = date(2026, 1, 1).toordinal()


def _first_day(holds: Any) -> int:
    low, high = 1, _LAST_DAY
    while low <= high:
        middle = (low + high) // 2
        if holds(day_text(middle)):
            high = middle - 1
        else:
            low = middle + 1
    return low


def _texts(part: Texts, source: Source, alone: set[str]) -> Iterator[Cell]:
    known: Literal["texts", "dates"] = "dates" if part.form else "texts"
    ordered = sorted(alone | (set() if part.form else {""}))
    for text in ordered:
        if not source.excludes(text):
            yield Cell(text, partial(_these, [text], source), "one")
    if not part.form:
        tried = [text for text in _plain_texts(part) if text not in alone and text]
        fitting = [text for text in tried if source.gives(text)]
        other = next("x" * size for size in range(1, len(alone) + 2) if "x" * size not in alone)
        yield Cell(fitting[0] if fitting else other, partial(_these, fitting[:MAX_TRIED], source), known)
        return
    tried = sorted(set(_moments(ordered)))
    for low, high in zip([None, *ordered], [*ordered, None], strict=True):
        between = [text for text in tried if (low is None or text > low) and (high is None or text < high)]
        # A text that is no moment stands for those between two moments where none was thought of.
        value = between[0] if between else f"{low or ''}!"
        if (low is not None and value <= low) or (high is not None and value >= high):
            raise TooLargeError
        yield Cell(value, partial(_these, between[:MAX_TRIED], source), known)


def _these(values: Iterable[Any], source: Source) -> list[tuple[Any, Source]]:
    return [(value, source) for value in values]


def _plain_texts(part: Texts) -> list[str]:
    plain = ["x", "text", "some text", "a@example.com", "https://example.com/", "A1", "12345", "x" * 20, "x" * 200]
    return [text for text in plain if part.longest is None or len(text) <= part.longest]


def _moments(known: list[str]) -> Iterator[str]:
    yield from ("0000-01-01T00:00:00Z", "2026-01-01T09:00:00Z", "9999-12-31T23:59:59Z")
    for text in known:
        try:
            moment = datetime.fromisoformat(text[:19]).replace(tzinfo=UTC)
        except ValueError:
            continue
        for seconds in (-86_400, -1, 1, 86_400):
            try:
                yield (moment + timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%SZ").rjust(20, "0")
            except OverflowError:
                continue


def _lists(part: Lists, source: Source, cuts: Sequence[Cuts]) -> Iterator[Cell]:
    tests = [cut.items for cut in cuts if cut.items is not None]
    groups: dict[Hashable, list[Any]] = {}
    for item in part.items:
        groups.setdefault(tuple(test(item) for test in tests), []).append(item)
    if len(groups) > MAX_GROUPS:
        raise TooLargeError
    firsts = [items[0] for items in groups.values()]
    wholes = list(groups.values())
    for size in range(len(groups) + 1):
        if part.longest is not None and size > part.longest:
            return
        for chosen in combinations(range(len(groups)), size):
            few = [firsts[place] for place in chosen]
            if not few and source.excludes(few):
                continue
            many = [item for place in chosen for item in wholes[place]]
            yield Cell(few, partial(_these, [few, many], source), "items" if size else "one")
