"""The one base of REST resources: lists, single reads, writes through services, ETag and If-Match."""

from __future__ import annotations

import re
from typing import Any, ClassVar

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.http import urlencode
from django_filters import FilterSet
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.views import APIView
from rest_framework.viewsets import ViewSetMixin

from core.errors import Fault, Refused, invalid, not_found, stale
from core.renderers import dump
from core.rows import Rows

DEFAULT_LIMIT = 50
MAX_LIMIT = 200
MAX_OFFSET = 10_000_000
_PAGING = frozenset({"limit", "offset", "ordering", "search", "format"})
_ETAG = re.compile(r'(?:W/)?"([^"]*)"')


def integer_param(request: Request, name: str, default: int, *, least: int, most: int) -> int:
    """A whole number from the query; 400 when it isn't one in [least, most]."""
    text = request.query_params.get(name)
    if text is None or text == "":
        return default
    if not (text.isascii() and text.isdecimal() and len(text) <= 10) or not least <= int(text) <= most:
        raise invalid(f"A whole number from {least} to {most}.", attr=name)
    return int(text)


def flag_param(request: Request, name: str) -> bool:
    """A `?name=true|false` of the query; 400 for anything else."""
    text = request.query_params.get(name, "false")
    if text not in ("true", "false"):
        raise invalid("true or false.", attr=name)
    return text == "true"


class BaseViewSet(ViewSetMixin, APIView):
    """A resource: a subclass names its rows, queryset, serializer and permissions, and calls its services.

    A subclass that lets people write overrides `perform_create`, `perform_update` and `perform_destroy`; each calls one
    service. Checks run in this order: 401, 403, 404, 412, 400, 409.
    """

    rows: ClassVar[Rows]
    serializer_class: ClassVar[type[serializers.Serializer[Any]]]
    filterset_class: ClassVar[type[FilterSet] | None] = None
    # Public name → ORM path; `id` is always the last word, so that the order is fixed.
    orderings: ClassVar[dict[str, str]] = {"id": "pk", "created_at": "created_at", "updated_at": "updated_at"}
    # The column whose value is the ETag; None: no ETag.
    revision: ClassVar[str | None] = None
    lookup_field = "pk"
    lookup_url_kwarg = "id"
    lookup_value_regex = r"[0-9]{1,18}"

    def get_queryset(self) -> QuerySet[Any]:
        """The rows this person may see, in no order."""
        raise NotImplementedError  # a subclass's duty, shown by its tests

    def search(self, queryset: QuerySet[Any], text: str) -> QuerySet[Any]:
        """Narrow by `?search=`; a resource without a search refuses it."""
        raise invalid("This list has no search.", attr="search")

    # --- reading ---

    def filtered(self, request: Request) -> QuerySet[Any]:
        """The queryset after filters, search and ordering."""
        params = request.query_params
        queryset = self.get_queryset()
        if self.filterset_class is not None and not _PAGING.issuperset(params):
            filters = self.filterset_class(params, queryset=queryset, request=request)
            if not filters.is_valid():
                raise Refused(
                    [
                        Fault(str(error.code or "invalid"), "; ".join(error.messages), name)
                        for name, errors in filters.errors.as_data().items()
                        for error in errors
                    ]
                )
            queryset = filters.qs
        if text := params.get("search", "").strip():
            queryset = self.search(queryset, text)
        return queryset.order_by(*self.ordering(params.get("ordering", "")))

    def ordering(self, text: str) -> list[str]:
        """`title,-id` as ORM paths; 400 for an unknown name."""
        if not text:
            return ["pk"]
        found = []
        for name in text.split(","):
            column = self.orderings.get(name.strip().removeprefix("-"))
            if column is None:
                known = ", ".join(self.orderings)
                raise invalid(f"Unknown ordering {name.strip()[:50]!r}; known: {known}.", attr="ordering")
            found.append(f"-{column}" if name.strip().startswith("-") else column)
        return found if found[-1].lstrip("-") == "pk" else [*found, "pk"]

    def list(self, request: Request, **kwargs: Any) -> HttpResponse:
        """A page of rows."""
        return self.page_response(request, self.filtered(request), self.rows)

    def page_response(self, request: Request, queryset: QuerySet[Any], rows: Rows) -> HttpResponse:
        """`{"count","next","previous","results"}` of an ordered queryset."""
        limit = integer_param(request, "limit", DEFAULT_LIMIT, least=1, most=MAX_LIMIT)
        offset = integer_param(request, "offset", 0, least=0, most=MAX_OFFSET)
        page = rows.page(queryset, limit=limit, offset=offset)
        if page.count == 0:
            self.check_parent()
        more = page.count is None or offset + limit < page.count
        following = _page_link(request, limit, offset + limit) if more else None
        previous = _page_link(request, limit, max(0, offset - limit)) if offset else None
        head = dump({"count": page.count, "next": following, "previous": previous})
        body = head[:-1] + b',"results":[' + page.rows.encode() + b"]}"
        return HttpResponse(body, content_type="application/json")

    def check_parent(self) -> None:
        """Called for an empty list: 404 if what the list is of doesn't exist. So a full list needs no look-up."""

    def retrieve(self, request: Request, **kwargs: Any) -> HttpResponse:
        """One row, with its ETag."""
        return self.shown(int(kwargs[self.lookup_url_kwarg]))

    def shown(self, pk: int, status: int = 200) -> HttpResponse:
        """The row `pk` as an answer."""
        extra = (self.revision,) if self.revision else ()
        found = self.rows.one(self.get_queryset().filter(pk=pk), *extra)
        if found is None:
            raise not_found()
        response = HttpResponse(found[0].encode(), status=status, content_type="application/json")
        if self.revision:
            response["ETag"] = f'"{found[1]}"'
        return response

    # --- writing ---

    def create(self, request: Request, **kwargs: Any) -> HttpResponse:
        """Make a row: 201."""
        pk = self.perform_create(self.body(request), **kwargs)
        return self.shown(pk, status=201)

    def update(self, request: Request, **kwargs: Any) -> HttpResponse:
        """PUT: replace; what is left out goes back to its default."""
        return self._update(request, partial=False)

    def partial_update(self, request: Request, **kwargs: Any) -> HttpResponse:
        """PATCH: change what is named."""
        return self._update(request, partial=True)

    def _update(self, request: Request, *, partial: bool) -> HttpResponse:
        pk, expected = self.checked(request)
        self.perform_update(pk, self.body(request, partial=partial), expected)
        return self.shown(pk)

    def destroy(self, request: Request, **kwargs: Any) -> HttpResponse:
        """DELETE: 204."""
        pk, expected = self.checked(request)
        self.perform_destroy(pk, expected)
        return HttpResponse(status=204)

    def checked(self, request: Request) -> tuple[int, int | None]:
        """(id, revision that If-Match asks for or None) of a row that exists; 404 and 412 come from here.

        Services look at the revision again under the row's lock.
        """
        pk = int(self.kwargs[self.lookup_url_kwarg])
        found = self.get_queryset().filter(pk=pk).values_list(self.revision or "pk").first()
        if found is None:
            raise not_found()
        given = request.headers.get("If-Match", "").strip()
        if not self.revision or not given or given == "*":
            return pk, None
        if str(found[0]) not in _ETAG.findall(given):
            raise stale()
        return pk, found[0]

    def body(self, request: Request, *, partial: bool = False) -> dict[str, Any]:
        """The request's body, checked for its shape by the serializer."""
        serializer = self.serializer_class(
            data=request.data, partial=partial, context={"request": request, "view": self}
        )
        serializer.is_valid(raise_exception=True)
        return serializer.validated_data

    def perform_create(self, values: dict[str, Any], **kwargs: Any) -> int:
        """Call the service; the id of the new row."""
        raise NotImplementedError

    def perform_update(self, pk: int, values: dict[str, Any], expected: int | None) -> None:
        """Call the service; `expected` is the revision that the caller has read."""
        raise NotImplementedError

    def perform_destroy(self, pk: int, expected: int | None) -> None:
        """Call the service."""
        raise NotImplementedError


def _page_link(request: Request, limit: int, offset: int) -> str:
    """The address of another page, as the client addressed this one (host or path)."""
    kept = request.query_params.items()
    query: dict[str, str] = {key: str(value) for key, value in kept if key not in ("limit", "offset")}
    query |= {"limit": str(limit), "offset": str(offset)}
    plain: HttpRequest = request._request
    return plain.build_absolute_uri(f"{plain.path}?{urlencode(query)}")
