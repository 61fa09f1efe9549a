"""JSON Schema 2020-12, offline and bounded: one entry for storing a schema, one for checking values against it."""

from workflow_design.kernel.schemas.compiled import (
    InvalidSchemaError,
    Schema,
    check_schema,
    compile_schema,
    has_references,
)
from workflow_design.kernel.schemas.messages import SchemaError
from workflow_design.kernel.schemas.values import (
    MAX_INTEGER,
    canonical_text,
    check_json,
    clean_json,
)

__all__ = [
    "MAX_INTEGER",
    "InvalidSchemaError",
    "Schema",
    "SchemaError",
    "canonical_text",
    "check_json",
    "check_schema",
    "clean_json",
    "compile_schema",
    "has_references",
]
