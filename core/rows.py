"""Reading rows the fast way: PostgreSQL writes the JSON, Python passes it on.

What a resource looks like stands once, in its selectors, as a `Rows`; lists, single reads and the answers to writes
all come from it. The OpenAPI serializers describe the same shape, and tests hold every answer against them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import QuerySet
from django.db.models.expressions import RawSQL

# Counting stops here: beyond, `count` is null.
COUNT_LIMIT = 10_000


@dataclass(frozen=True, slots=True)
class Page:
    """Rows as the inside of a JSON array, and how many there are in all (None: more than COUNT_LIMIT)."""

    count: int | None
    rows: str


class Rows:
    """The JSON form of one table's rows: name → SQL expression, in the order people see.

    Expressions are constants of ours (never input) and name columns with their table; `:company` in one stands for the
    company's slug.
    """

    def __init__(self, **columns: str) -> None:
        pairs = ", ".join(f"'{name}', {expression.replace('%', '%%')}" for name, expression in columns.items())
        sql = f"json_build_object({pairs})::text"
        self.names = tuple(columns)
        self._params = sql.count(":company")
        self._sql = sql.replace(":company", "%s::text")

    def _row(self) -> RawSQL:
        return RawSQL(self._sql, [getattr(connection.tenant, "slug", "")] * self._params)  # noqa: S611 - constants

    def page(self, queryset: QuerySet[Any], *, limit: int, offset: int) -> Page:
        """`limit` rows of an ordered queryset from `offset` on, in one statement whatever their number."""
        try:
            rows_sql, rows_params = (
                queryset.annotate(row_=self._row()).values_list("row_")[offset : offset + limit].query.sql_with_params()
            )
            count_sql, count_params = queryset.order_by().values_list("pk")[: COUNT_LIMIT + 1].query.sql_with_params()
        except EmptyResultSet:
            return Page(0, "")
        with connection.cursor() as cursor:
            cursor.execute(
                f"SELECT (SELECT count(*) FROM ({count_sql}) counted),"
                f" (SELECT string_agg(paged.row_, ',') FROM ({rows_sql}) paged)",
                [*count_params, *rows_params],
            )
            count, rows = cursor.fetchone()
        return Page(count if count <= COUNT_LIMIT else None, rows or "")

    def one(self, queryset: QuerySet[Any], *extra: str) -> tuple[Any, ...] | None:
        """The JSON text of the only row of `queryset`, followed by the columns named in `extra`; None if none."""
        return queryset.annotate(row_=self._row()).values_list("row_", *extra).first()

    def all(self, queryset: QuerySet[Any]) -> list[str]:
        """The JSON text of every row."""
        return list(queryset.annotate(row_=self._row()).values_list("row_", flat=True))
