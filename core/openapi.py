"""How views become the OpenAPI document, so that a view says only what is its own.

From the conventions of `BaseViewSet` come operation ids, parameters of lists, the page around rows, ETag and If-Match;
from those of every call its refusals, all of one shape.
"""

from __future__ import annotations

from typing import Any, cast

from django_filters import filters
from drf_spectacular.openapi import AutoSchema as SpectacularSchema
from drf_spectacular.utils import OpenApiExample, OpenApiResponse
from rest_framework import serializers

from core.viewsets import DEFAULT_LIMIT, MAX_LIMIT, MAX_OFFSET, BaseViewSet

_VERBS = {
    "list": "list",
    "create": "create",
    "retrieve": "get",
    "update": "update",
    "partial_update": "patch",
    "destroy": "delete",
}
REFUSALS = {
    400: "The input is wrong: `attr` says where.",
    401: "No token, or one that is not good.",
    403: "Your roles don't allow this.",
    404: "Not here, or not for you.",
    409: "The state of things does not allow it.",
    412: "Changed since you read it.",
    413: "More than 10 MB.",
    415: "A type of body that is not taken here.",
    422: "Refused, with the problems that were found.",
    429: "Too many requests: wait as long as `Retry-After` says.",
}


class FaultSerializer(serializers.Serializer[Any]):
    """One thing that is wrong."""

    code = serializers.CharField()
    detail = serializers.CharField(help_text="A sentence for people.")
    attr = serializers.CharField(allow_null=True, help_text="Dotted path into the input, as in `tasks.2.title`.")


class ErrorSerializer(serializers.Serializer[Any]):
    """Every refusal."""

    type = serializers.ChoiceField(["validation_error", "client_error", "server_error"])
    errors = FaultSerializer(many=True)  # type: ignore[assignment]


def errors(*statuses: int) -> dict[int, OpenApiResponse]:
    """Refusals for `extend_schema(responses={…, **errors(409)})` beyond those that every call of its kind has."""
    return {status: OpenApiResponse(ErrorSerializer, REFUSALS[status]) for status in statuses}


class _Page:
    """The envelope of lists, as drf-spectacular asks a paginator for it."""

    def get_paginated_response_schema(self, schema: Any) -> dict[str, Any]:
        link = {"type": ["string", "null"], "format": "uri"}
        return {
            "type": "object",
            "required": ["count", "next", "previous", "results"],
            "properties": {
                "count": {"type": ["integer", "null"], "description": "Of all rows; null beyond 10,000."},
                "next": link,
                "previous": link,
                "results": schema,
            },
        }


class AutoSchema(SpectacularSchema):
    """drf-spectacular's schema, with this project's conventions.

    A BaseViewSet may name itself with `resource` ("task_definition"), else its name is made from the route; `tag`
    groups its calls, and `example` is a body that makes one. A serializer lists in `optional_in_answers` what its
    answers may lack; all else they always have; and in `null_in_bodies` what a body may hold null for, which means
    the default.
    """

    @property
    def _action(self) -> str:
        return getattr(self.view, "action", None) or ""

    @property
    def _is_resource(self) -> bool:
        return isinstance(self.view, BaseViewSet)

    @property
    def _viewset(self) -> BaseViewSet:
        return cast(BaseViewSet, self.view)

    @property
    def _deletes_with_body(self) -> bool:
        return self.method == "DELETE" and self._action not in _VERBS

    def _resource(self) -> str:
        """`workflow` for /workflows/{id}/, `workflow_task` for /workflows/{id}/tasks/; a view may name its own word."""
        parts = [part for part in self.path.split("/") if part]
        words: list[str] = []
        for index, part in enumerate(parts):
            owner = index + 1 < len(parts) and parts[index + 1].startswith("{")
            if not part.startswith("{") and (owner or index == len(parts) - 1) and part != self._extra():
                words.append(_singular(part.replace("-", "_")))
        if named := getattr(self.view, "resource", ""):
            words[-1:] = [named]
        return "_".join(words)

    def _extra(self) -> str:
        """The last part of the route of an action beyond the usual six."""
        return "" if self._action in _VERBS else self.path.rstrip("/").rpartition("/")[2]

    def get_operation_id(self) -> str:
        if not self._is_resource:
            return super().get_operation_id()
        verb = _VERBS.get(self._action, self._action)
        name = self._resource()
        return f"{verb}_{_plural(name)}" if self._action == "list" else f"{verb}_{name}"

    def get_examples(self) -> list[OpenApiExample]:
        example = getattr(self.view, "example", None)
        if self._action != "create" or example is None:
            return super().get_examples()
        return [OpenApiExample("Example", example, request_only=True)]

    def get_summary(self) -> str | None:
        return self.get_operation_id().replace("_", " ").capitalize()

    def get_description(self) -> str:  # type: ignore[override]
        if self._is_resource and self._action in _VERBS:
            return (type(self.view).__doc__ or "").strip()
        return super().get_description()

    def get_tags(self) -> list[str]:
        return [getattr(self.view, "tag", None) or self.path.removeprefix("/api/").split("/")[0] or "api"]

    # --- parameters ---

    def _resolve_path_parameters(self, variables: Any) -> list[dict[str, Any]]:
        number = {"type": "integer", "minimum": 1}
        return [
            {
                "name": name,
                "in": "path",
                "required": True,
                "schema": number if name in ("id", "number") or name.endswith("_id") else {"type": "string"},
            }
            for name in variables
        ]

    def _get_filter_parameters(self) -> list[dict[str, Any]]:
        if self._is_resource and self.method in ("PUT", "PATCH", "DELETE") and self._viewset.revision:
            about = "The ETag you have read: 412 if it has changed since."
            return [{"name": "If-Match", "in": "header", "schema": {"type": "string"}, "description": about}]
        if not (self._is_resource and self._action == "list"):
            return []
        found = [_query("ordering", {"type": "string"}, f"{', '.join(self._viewset.orderings)}; `-` for descending.")]
        if type(self._viewset).search is not BaseViewSet.search:
            found.append(_query("search", {"type": "string"}, "Words, or how they begin."))
        filterset = self._viewset.filterset_class
        for name, item in filterset.base_filters.items() if filterset else ():
            found.append(_query(name, _filter_schema(item), str(item.extra.get("help_text") or "")))
        return found

    def _get_pagination_parameters(self) -> list[dict[str, Any]]:
        if not (self._is_resource and self._action == "list"):
            return []
        limit = {"type": "integer", "minimum": 1, "maximum": MAX_LIMIT, "default": DEFAULT_LIMIT}
        return [
            _query("limit", limit),
            _query("offset", {"type": "integer", "minimum": 0, "maximum": MAX_OFFSET, "default": 0}),
        ]

    def _get_paginator(self) -> Any:
        return _Page() if self._is_resource else super()._get_paginator()

    # --- bodies ---

    def get_request_serializer(self) -> Any:
        if self._is_resource and self._action not in _VERBS:
            return None
        return super().get_request_serializer()

    def _get_request_body(self, direction: Any = "request") -> Any:
        if not self._deletes_with_body:
            return super()._get_request_body(direction)
        # drf-spectacular knows no DELETE with a body, which OpenAPI 3.1 has.
        self.method = "POST"
        try:
            return super()._get_request_body(direction)
        finally:
            self.method = "DELETE"

    def _map_basic_serializer(self, serializer: Any, direction: str) -> dict[str, Any]:
        schema: dict[str, Any] = super()._map_basic_serializer(serializer, direction)
        if direction == "response":
            optional = getattr(serializer, "optional_in_answers", ())
            schema["required"] = [name for name in schema.get("properties", {}) if name not in optional]
            if not schema["required"]:
                del schema["required"]
        else:
            for name in set(getattr(serializer, "null_in_bodies", ())).intersection(schema.get("properties", {})):
                schema["properties"][name] = _or_null(schema["properties"][name])
        return schema

    def _get_response_bodies(self, direction: Any = "response") -> dict[str, Any]:
        bodies: dict[str, Any] = super()._get_response_bodies(direction)
        for status in self._refusals():
            if str(status) not in bodies:
                answer = OpenApiResponse(ErrorSerializer, REFUSALS[status])
                bodies[str(status)] = self._get_response_for_code(answer, str(status), None, direction)
        return dict(sorted(bodies.items()))

    def _refusals(self) -> list[int]:
        """What a call of this kind can be refused with."""
        found = [400, 429]
        if self.view.get_authenticators():
            found += [401, 403]
        if "{" in self.path:
            found.append(404)
        if self.method in ("POST", "PUT", "PATCH") or self._deletes_with_body:
            found += [413, 415]
        if self._is_resource and self.method != "GET":
            found.append(409)
            if self._viewset.revision and self.method in ("PUT", "PATCH", "DELETE"):
                found.append(412)
        return found

    def _get_response_headers_for_code(self, status_code: str, direction: Any = "response") -> dict[str, Any]:
        headers: dict[str, Any] = super()._get_response_headers_for_code(status_code, direction)
        if status_code == "429":
            headers["Retry-After"] = {"schema": {"type": "integer"}, "description": "Seconds.", "required": True}
        single = self._action in _VERBS and self._action not in ("list", "destroy")
        if self._is_resource and self._viewset.revision and single and status_code in ("200", "201"):
            headers["ETag"] = {"schema": {"type": "string"}, "description": "For If-Match.", "required": True}
        return headers


def _or_null(schema: dict[str, Any]) -> dict[str, Any]:
    if isinstance(schema.get("type"), str):
        return {**schema, "type": [schema["type"], "null"]}
    return {"oneOf": [schema, {"type": "null"}]}


def _query(name: str, schema: dict[str, Any], description: str = "") -> dict[str, Any]:
    found: dict[str, Any] = {"name": name, "in": "query", "schema": schema}
    return {**found, "description": description} if description else found


def _filter_schema(item: filters.Filter) -> dict[str, Any]:
    """The type of a filter's value."""
    if isinstance(item, filters.ChoiceFilter):
        choices = item.extra.get("choices") or ()
        return {"type": "string", "enum": [str(choice[0]) for choice in choices]}
    if isinstance(item, filters.BooleanFilter):
        return {"type": "boolean"}
    if isinstance(item, filters.NumberFilter | filters.ModelChoiceFilter):
        return {"type": "integer"}
    if isinstance(item, filters.IsoDateTimeFilter | filters.DateTimeFilter):
        return {"type": "string", "format": "date-time"}
    return {"type": "string"}


def _singular(word: str) -> str:
    if word.endswith("ies"):
        return f"{word[:-3]}y"
    return word[:-1] if word.endswith("s") and not word.endswith("ss") else word


def _plural(word: str) -> str:
    if word.endswith("y") and word[-2:-1] not in "aeiou":
        return f"{word[:-1]}ies"
    return word if word.endswith(("s", "access")) else f"{word}s"
