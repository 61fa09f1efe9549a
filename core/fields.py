"""Model fields that more than one app needs."""

from __future__ import annotations

from typing import Any

import orjson
from django.db import models
from psycopg.types.json import Json


def dump_json(value: Any) -> str:
    """JSON text of `value`, key order kept. Integers beyond 64 bits can't occur: the parser refuses them."""
    return orjson.dumps(value).decode()


class OrderedJSONField(models.JSONField):
    """JSON stored as `json`, not `jsonb`, so that people see keys in the order they wrote them."""

    def db_type(self, connection: Any) -> str:
        return "json"

    def from_db_value(self, value: Any, expression: Any, connection: Any) -> Any:
        # Unlike `jsonb`, whose loader Django replaces, `json` has been read by the driver.
        return value

    def get_db_prep_value(self, value: Any, connection: Any, prepared: bool = False) -> Any:
        if hasattr(value, "as_sql"):
            return value
        # Unlike other fields' None this is SQL NULL: JSON null is stored for no column of ours.
        return None if value is None else Json(value, dumps=dump_json)
