"""Documents as they are uploaded: JSON, YAML, or a file of either."""

from __future__ import annotations

import io
from typing import IO, Any

from rest_framework.parsers import BaseParser, MultiPartParser
from rest_framework.request import Request

from core.errors import invalid
from core.parsers import StrictJSONParser
from workflow_design.kernel.document import DocumentSyntaxError, parse_yaml

YAML_TYPES = ("application/yaml", "application/x-yaml", "text/yaml")


def _yaml(raw: bytes) -> Any:
    try:
        return parse_yaml(raw)
    except DocumentSyntaxError as error:
        raise invalid(str(error), code="parse_error") from None


class YAMLParser(BaseParser):
    """YAML 1.2 core."""

    media_type = "application/yaml"

    def parse(self, stream: IO[Any], media_type: Any = None, parser_context: Any = None) -> Any:
        return _yaml(stream.read())


class XYAMLParser(YAMLParser):
    media_type = "application/x-yaml"


class TextYAMLParser(YAMLParser):
    media_type = "text/yaml"


class FileParser(MultiPartParser):
    """multipart/form-data with one `file`; JSON or YAML by its type or name, else by how it begins."""

    def parse(self, stream: IO[Any], media_type: Any = None, parser_context: Any = None) -> Any:
        form = super().parse(stream, media_type, parser_context)
        files = form.files.getlist("file")
        if len(files) != 1:
            raise invalid("Send one file, in the form's field `file`.", attr="file", code="required")
        file = files[0]
        raw = file.read()
        name = (file.name or "").lower()
        as_yaml = file.content_type in YAML_TYPES or name.endswith((".yaml", ".yml"))
        as_json = file.content_type == "application/json" or name.endswith(".json")
        if as_yaml or not (as_json or raw.lstrip()[:1] in (b"{", b"[")):
            return _yaml(raw)
        return StrictJSONParser().parse(io.BytesIO(raw))


DOCUMENT_PARSERS = [StrictJSONParser, YAMLParser, XYAMLParser, TextYAMLParser, FileParser]


def choice_param(request: Request, name: str, options: tuple[str, ...]) -> str:
    """One of `options` from the query, the first when it is absent; 400 for anything else."""
    text = request.query_params.get(name, options[0])
    if text not in options:
        raise invalid(f"One of: {', '.join(options)}.", attr=name, code="invalid_choice")
    return text
