"""Schemas compiled once: checked by our own guards, then by the validator, kept in a bounded cache by their text."""

from __future__ import annotations

from typing import Any

import jsonschema_rs
import orjson

from workflow_design.kernel.problems import Problem
from workflow_design.kernel.schemas import guard
from workflow_design.kernel.schemas.cache import WeightedCache
from workflow_design.kernel.schemas.cost import Weight
from workflow_design.kernel.schemas.messages import SchemaError, explain, explain_schema
from workflow_design.kernel.schemas.patterns import PATTERNS
from workflow_design.kernel.schemas.values import Measure, check_json, measure_json

MAX_VALUES = 200_000
"""Values in one checked instance."""
MAX_WORK = 50_000_000
"""Steps (schema weight × values of the instance) that a yes or no may cost; about a second."""
MAX_ENGINE_WORK = 10_000_000_000
"""Steps of pattern engines (characters × size of the patterns they meet); at worst some seconds."""
MAX_DETAIL = 200_000
"""Steps up to which every error is listed: the validator makes them all before it gives the first."""
MAX_ERRORS = 100
MAX_CACHED_BYTES = 64_000_000


class InvalidSchemaError(ValueError):
    """The schema can't be used; `problems` says why, with paths from its root."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        super().__init__("; ".join(f"{problem.path or '/'} {problem.message}" for problem in problems[:5]))
        self.problems = problems


class Schema:
    """A compiled schema; it has no state and may be used by any number of threads."""

    __slots__ = ("_validator", "_weight", "refers")

    def __init__(self, validator: jsonschema_rs.Draft202012Validator, weight: Weight, refers: bool) -> None:
        self._validator = validator
        self._weight = weight
        self.refers = refers

    def is_valid(self, value: Any) -> bool:
        """Whether `value` fits: no error would be listed."""
        size = measure_json(value, max_values=MAX_VALUES)
        return size is not None and not self._too_large(size) and self._validator.is_valid(value)

    def errors(self, value: Any, path: str = "") -> list[SchemaError]:
        """Everything wrong with `value`, at most 100 errors, each at its pointer below `path`; [] when it fits."""
        size = measure_json(value, max_values=MAX_VALUES)
        if size is None:
            return [
                SchemaError(problem.path, problem.code, problem.message)
                for problem in check_json(value, path, max_values=MAX_VALUES)
            ]
        if self._too_large(size):
            return [SchemaError(path, "too_large", "is too large to be checked against this schema")]
        if self._validator.is_valid(value):
            return []
        if size.values * self._weight.value > MAX_DETAIL:
            return [SchemaError(path, "invalid", "doesn't fit its schema, and is too large to say where")]
        return explain(self._validator.iter_errors(value), path, MAX_ERRORS)

    def _too_large(self, size: Measure) -> bool:
        weight = self._weight
        return size.values * weight.value > MAX_WORK or size.characters * weight.character > MAX_ENGINE_WORK


def check_schema(schema: Any, path: str = "") -> list[Problem]:
    """Why `schema` can't be stored: every reason, as errors at `path` and below; [] when it can.

    Codes: schema_invalid, schema_too_deep, schema_too_large, schema_too_branching, schema_remote_ref, schema_ref,
    schema_id, schema_dialect, schema_pattern, and those of `check_json`. `docs/schemas.md` explains each.
    """
    found = _load(schema)
    if isinstance(found, Schema):
        return []
    return [Problem(problem.severity, problem.code, problem.message, path + problem.path) for problem in found]


def compile_schema(schema: Any) -> Schema:
    """The schema, ready to check values. Raises InvalidSchemaError."""
    found = _load(schema)
    if isinstance(found, Schema):
        return found
    raise InvalidSchemaError(found)


def has_references(schema: Any) -> bool:
    """Whether a valid `schema` has parts that refer to others, so that no part may be used alone."""
    found = _load(schema) if schema else None
    return isinstance(found, Schema) and found.refers


def _load(schema: Any) -> Schema | tuple[Problem, ...]:
    try:
        text = orjson.dumps(schema)
    except TypeError:
        return tuple(_unfit(schema))
    if b"null" in text and measure_json(schema) is None:  # orjson writes NaN and infinities as null
        return tuple(_unfit(schema))
    if len(text) > guard.MAX_BYTES:
        message = f"must have at most {guard.MAX_BYTES:,} bytes as JSON, has {len(text):,}"
        return (Problem("error", "schema_too_large", message),)
    found = _CACHE.get(text)
    if found is None:
        found, weight = _compile(text)
        _CACHE.put(text, found, weight)
    return found


def _unfit(schema: Any) -> list[Problem]:
    return [
        Problem(
            "error", "schema_too_deep" if problem.code == "json_depth" else problem.code, problem.message, problem.path
        )
        for problem in check_json(schema, max_depth=guard.MAX_DEPTH)
    ]


def _compile(text: bytes) -> tuple[Schema | tuple[Problem, ...], int]:
    """What `text` compiles to, or why it doesn't, and about how many bytes that takes."""
    size = 20 * len(text) + 2_000
    schema = orjson.loads(text)
    if measure_json(schema, max_depth=guard.MAX_DEPTH) is None:
        return tuple(_unfit(schema)), size
    if not isinstance(schema, dict | bool):
        return (Problem("error", "schema_invalid", "must be an object that is a JSON Schema"),), size
    inspection = guard.inspect(schema)
    problems = inspection.problems
    if not any(problem.code == "schema_too_large" for problem in problems):
        said = {problem.path for problem in problems}
        problems += [problem for problem in explain_schema(schema) if problem.path not in said]
    if problems:
        return tuple(problems), size
    try:
        validator = jsonschema_rs.Draft202012Validator(
            schema, validate_formats=True, pattern_options=PATTERNS, offline=True, mask="the value"
        )
    except (jsonschema_rs.ValidationError, jsonschema_rs.ReferencingError, ValueError) as error:
        message = str(getattr(error, "message", error))[:500]
        return (Problem("error", "schema_invalid", message),), size
    return Schema(validator, inspection.weight, inspection.refers), size + inspection.pattern_bytes


_CACHE: WeightedCache[Schema | tuple[Problem, ...]] = WeightedCache(MAX_CACHED_BYTES)
