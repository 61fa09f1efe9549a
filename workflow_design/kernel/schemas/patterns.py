"""Patterns for the linear-time engine, and what they take."""

from __future__ import annotations

import jsonschema_rs

MAX_PATTERN_LENGTH = 1_000
_SIZES = (50_000, 200_000, 1_000_000)
"""What a compiled pattern may take in bytes; most take the least. The largest cost the engine some milliseconds."""
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
