"""Request bodies."""

from __future__ import annotations

from typing import IO, Any

from rest_framework.parsers import BaseParser

from core.errors import invalid
from core.json_input import BadJSON, loads


class StrictJSONParser(BaseParser):
    """application/json through `core.json_input`."""

    media_type = "application/json"

    def parse(self, stream: IO[Any], media_type: Any = None, parser_context: Any = None) -> Any:
        try:
            return loads(stream.read())
        except BadJSON as error:
            raise invalid(error.detail, code=error.code) from None
