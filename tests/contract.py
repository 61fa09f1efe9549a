"""Answers held against openapi.yaml: the status is one that the call has, the body and headers are as written there.

More is asked than the document says: objects have no other keys than those it names, and formats count.
"""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema_rs
import yaml

DOCUMENT = Path(__file__).resolve().parent.parent / "openapi.yaml"
METHODS = ("get", "post", "put", "patch", "delete")
# They are no calls of the API.
PAGES = ("/api/schema/", "/api/docs/", "/api/redoc/")
ERROR = {"$ref": "#/components/schemas/Error"}


@cache
def document() -> dict[str, Any]:
    """openapi.yaml."""
    return yaml.load(DOCUMENT.read_bytes(), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))


@cache
def _routes() -> list[tuple[re.Pattern[str], str]]:
    """Every path of the document as a pattern; those without parameters first."""
    paths = sorted(document()["paths"], key=lambda path: (path.count("{"), path))
    # What ends in "id" is a number, as core.openapi has it.
    forms = [re.sub(r"\{[a-z_]+\}", "[^/]+", re.sub(r"\{[a-z_]*id\}", "[0-9]+", path)) for path in paths]
    return [(re.compile(form), path) for form, path in zip(forms, paths, strict=True)]


def operation(method: str, path: str) -> dict[str, Any] | None:
    """The call that `method` on `path` (host form, without query) is; None if the document has no such call."""
    for pattern, template in _routes():
        if pattern.fullmatch(path) and method.lower() in document()["paths"][template]:
            return document()["paths"][template][method.lower()]
    return None


@cache
def _components() -> dict[str, Any]:
    return _closed(document()["components"])


def _closed(node: Any) -> Any:
    """The same schemas, with objects that hold nothing but what they name."""
    if isinstance(node, list):
        return [_closed(item) for item in node]
    if not isinstance(node, dict):
        return node
    found = {key: _closed(value) for key, value in node.items()}
    if isinstance(node.get("properties"), dict) and node.get("type") == "object":
        found.setdefault("unevaluatedProperties", False)
    return found


@cache
def _validator(reference: str) -> jsonschema_rs.Draft202012Validator:
    return jsonschema_rs.Draft202012Validator({"$ref": reference, "components": _components()}, validate_formats=True)


def validator(schema: dict[str, Any]) -> jsonschema_rs.Draft202012Validator:
    """One for a schema of the document."""
    if set(schema) == {"$ref"}:
        return _validator(schema["$ref"])
    return jsonschema_rs.Draft202012Validator({**_closed(schema), "components": _components()}, validate_formats=True)


def complaint(method: str, path: str, response: Any, *, host: str) -> str | None:
    """What is wrong with an answer of a kind of host, or None; of the response it reads what Django's have."""
    status, body = response.status_code, response.content
    path = path.partition("?")[0]
    if method.lower() not in METHODS or path in PAGES:
        return None
    called = operation(method, path)
    if called is None or host not in called["x-hosts"]:
        known = called is None and any(pattern.fullmatch(path) for pattern, _ in _routes())
        # What is asked before the address is looked at: its form, the body's size and form.
        if status not in (400, 405 if known else 404, 413, 415):
            return f"{status}, but openapi.yaml has no such call"
        return _faults(body, ERROR)
    described = called["responses"].get(str(status))
    if described is None:
        return f"{status} is not one of {', '.join(called['responses'])}"
    for name, header in described.get("headers", {}).items():
        if header.get("required") and name not in response.headers:
            return f"the header {name} is missing"
    if "content" not in described:
        return "a body where none is documented" if body else None
    media_type = response.headers.get("Content-Type", "").partition(";")[0]
    content = described["content"].get(media_type)
    if content is None:
        return f"{media_type!r} is not one of {', '.join(described['content'])}"
    return _faults(body, content["schema"]) if media_type == "application/json" else None


def _faults(body: bytes, schema: dict[str, Any]) -> str | None:
    try:
        value = json.loads(body)
    except ValueError:
        return "not JSON"
    for error in validator(schema).iter_errors(value):
        return f"at /{'/'.join(map(str, error.instance_path))}: {error.message[:500]}"
    return None
