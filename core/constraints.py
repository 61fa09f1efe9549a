"""Names of database constraints → what to tell a person: a race that the database ends becomes a clear 409."""

from __future__ import annotations

from functools import cache

from django.apps import apps
from django.db import IntegrityError


@cache
def _messages() -> dict[str, str]:
    """Every named constraint of every model that has a message of its own."""
    found = {}
    for model in apps.get_models():
        for constraint in model._meta.constraints:
            message = str(constraint.violation_error_message)
            if message != str(constraint.default_violation_error_message):
                found[constraint.name] = message
    return found


def violation(exc: IntegrityError) -> tuple[str, str] | None:
    """(code, sentence) for the constraint that `exc` broke; None if we don't know it: then it is a bug of ours."""
    cause = exc.__cause__
    diag = getattr(cause, "diag", None)
    name = getattr(diag, "constraint_name", None) or ""
    if message := _messages().get(name):
        return "conflict", message
    sqlstate = getattr(cause, "sqlstate", "")
    if sqlstate == "23503":
        return "in_use", "This is in use elsewhere, or what it refers to has just been removed."
    if sqlstate == "23505":
        return "conflict", "This exists already."
    return None
