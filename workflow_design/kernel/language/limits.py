"""The limits of rules and of their evaluation, in one place (they are listed for people in `docs/language.md`)."""

from __future__ import annotations

from typing import Final

MAX_DEPTH: Final = 64
"""Levels of objects and lists in one condition or template."""
MAX_NODES: Final = 10_000
"""JSON values in one condition or template; keys are not counted."""
MAX_CHARACTERS: Final = 100_000
"""Characters in one condition or template: all its strings and keys, or its text when it is written as one."""

MAX_OPERATIONS: Final = 100_000
"""Units of work of one evaluation: a node evaluated in a loop, a list element touched, 64 characters handled."""
MAX_RESULT: Final = 1_000_000
"""Size of what one evaluation may hand out, and of any one string it makes: a character counts 1, a value 10."""
MAX_RESULT_DEPTH: Final = 100
"""Levels of objects and lists in a result."""

SAFE_INTEGER: Final = 2**53 - 1
"""Whole numbers up to here are exact as doubles; larger ones are rounded, as JavaScript does when it reads JSON."""
