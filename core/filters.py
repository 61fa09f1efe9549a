"""Filters of lists: a value of the wrong type is a 400, never a guess."""

from __future__ import annotations

from typing import Any

import django_filters
from django import forms

_LARGEST = 2**63 - 1


class IntegerFilter(django_filters.NumberFilter):
    """A whole number that a database column can hold."""

    field_class = forms.IntegerField

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("min_value", 0)
        kwargs.setdefault("max_value", _LARGEST)
        super().__init__(*args, **kwargs)


class _TruthField(forms.Field):
    """`true` or `false`; nothing is no filter."""

    def to_python(self, value: Any) -> bool | None:
        if value in self.empty_values:
            return None
        if value not in ("true", "false"):
            raise forms.ValidationError("true or false.", code="invalid")
        return value == "true"


class BooleanFilter(django_filters.BooleanFilter):
    """`?name=true` or `false`; anything else is a 400 (Django's own takes it for no filter)."""

    field_class = _TruthField
