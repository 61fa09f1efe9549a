"""Patterns for the linear-time engine, and what they take."""

from __future__ import annotations

import jsonschema_rs

MAX_PATTERN_LENGTH = 1_000
_SIZES = (1_000, 5_000, 10_000, 50_000, 200_000, 500_000, 1_000_000)
"""Classes of what a compiled pattern takes in bytes. The largest cost the engine some milliseconds, and at worst 0.3
nanoseconds a byte for every character of a text."""
_OPTIONS = [jsonschema_rs.RegexOptions(size_limit=size, dfa_size_limit=1_000_000) for size in _SIZES]
PATTERNS = _OPTIONS[-1]


def pattern_size(pattern: str) -> int | None:
    """About how many bytes `pattern` takes in the linear-time engine; None when it takes it not at all."""
    for size, options in zip(_SIZES, _OPTIONS, strict=True):
        try:
            jsonschema_rs.Draft202012Validator({"pattern": pattern}, pattern_options=options, offline=True)
        except jsonschema_rs.ValidationError:
            continue
        return size
    return None
