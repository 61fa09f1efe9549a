"""Reading rows the fast way: PostgreSQL writes the JSON, Python passes it on.

What a resource looks like stands once, in its selectors, as a `Rows`; lists, single reads and the answers to writes
all come from it. The OpenAPI serializers describe the same shape, and tests hold every answer against them.
"""

from __future__ import annotations

import re
import time
from copy import copy
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db.models import Model, QuerySet
from django.db.models.sql import Query

from core.db import fetch_once, here

# `:name`, but not the `::type` of a cast.
_NAMED = re.compile(r"(?<!:):([a-z]+)\b")
# Beyond this, `count` is null.
COUNT_LIMIT = 10_000
# Of a list with so many more rows it is known for a while that it has more than COUNT_LIMIT: it is not counted again
# before so many could have left it.
COUNT_MARGIN = 2_000
KNOWN_SECONDS = 2.0
MAX_KNOWN = 1_000
# Until when (of the monotonic clock) that is known, of lists by company, statement and parameters.
_long: dict[tuple[Any, str, str], float] = {}


@dataclass(frozen=True, slots=True)
class Page:
    """Rows as the inside of a JSON array, and how many there are in all (None: more than COUNT_LIMIT)."""

    count: int | None
    rows: str


class Rows:
    """The JSON form of one table's rows: name → SQL expression, in the order people see.

    Expressions are constants of ours (never input) and name columns with their table; `:company` in one stands for the
    company's slug, and any other `:name` for a value that `bound` gives. The first column is the `id`: where the ORM
    orders by the key, it says "by the first column". `joined` is what the expressions read besides their table's row:
    what stands behind FROM, of which there is one row for each of the table's. `text` is the JSON text of a row in a
    statement of one's own that has the table behind its FROM and takes values by their names.
    """

    def __init__(self, joined: str = "", **columns: str) -> None:
        sql = ", ".join(f'{expression.replace("%", "%%")} AS "{name}"' for name, expression in columns.items())
        self.names = tuple(columns)
        if self.names[0] != "id":
            raise ValueError("The first column of rows is their id.")
        self._names = _NAMED.findall(sql)
        self._sql = _NAMED.sub("%s", sql)
        self._id = columns["id"]
        more = f" FROM {joined}" if joined else ""
        self._text = f"(SELECT row_to_json(shown)::text FROM (SELECT {self._sql}{more}) shown)"
        # For a statement of one's own that names its values.
        named = _NAMED.sub(r"%(\1)s", sql)
        self.text = f"(SELECT row_to_json(shown)::text FROM (SELECT {named}{more}) shown)"
        # Row by row costs more than all at once; what is joined must see a row of the page.
        table = self._id.partition(".")[0]
        self._page = (
            f"SELECT string_agg({self._text}, ',') FROM (SELECT {table}.* FROM {{source}}) {table}"
            if joined
            else f"SELECT string_agg(row_to_json(shown)::text, ',') FROM (SELECT {self._sql} FROM {{source}}) shown"
        )
        self._values: dict[str, Any] = {}

    def bound(self, **values: Any) -> Rows:
        """The same rows with values for the expressions' `:name`s."""
        rows = copy(self)
        rows._values = values
        return rows

    def page(self, queryset: QuerySet[Any], *, limit: int, offset: int) -> Page:
        """`limit` rows of an ordered queryset from `offset` on, in one statement whatever their number."""
        try:
            source, params = _source(queryset)
        except EmptyResultSet:
            return Page(0, "")
        # What is counted is the same without its end.
        counted, _, ending = source.rpartition(" ORDER BY ")
        if not counted or "%s" in ending:
            raise ValueError("A page is of a queryset that is ordered by columns.")
        page = self._page.replace("{source}", f"{source} LIMIT {limit} OFFSET {offset}")
        count = f"(SELECT count(*) FROM (SELECT 1 FROM {counted} LIMIT {COUNT_LIMIT + COUNT_MARGIN + 1}) counted)"
        key = (getattr(here().tenant, "uuid", None), counted, repr(params))
        known = _long.get(key, 0) > time.monotonic()
        # row_to_json takes half the time of json_build_object, which looks up how to write each value anew.
        [(found, rows)] = fetch_once(
            f"SELECT {COUNT_LIMIT + 1 if known else count}, ({page})",
            [*(() if known else params), *self._params(), *params],
        )
        if found > COUNT_LIMIT + COUNT_MARGIN:
            _remember_long(key)
        return Page(found if found <= COUNT_LIMIT else None, rows or "")

    def one(self, queryset: QuerySet[Any], *extra: str) -> tuple[Any, ...] | None:
        """The JSON text of the only row of `queryset`, followed by the columns named in `extra`; None if none."""
        found = self._fetch(queryset[:1], extra)
        return found[0] if found else None

    def all(self, queryset: QuerySet[Any]) -> list[str]:
        """The JSON text of every row."""
        return [text for (text,) in self._fetch(queryset)]

    def returning(self) -> tuple[str, list[Any]]:
        """`id, JSON text` with its parameters, for what stands behind RETURNING in a statement that makes rows."""
        return f"{self._id}, {self._text}", self._params()

    def _fetch(self, queryset: QuerySet[Any], extra: tuple[str, ...] = ()) -> list[tuple[Any, ...]]:
        try:
            source, source_params = _source(queryset)
        except EmptyResultSet:
            return []
        table = queryset.model._meta.db_table
        more = "".join(f', "{table}"."{name}"' for name in extra)
        statement = f"SELECT {self._id}, {self._text}{more} FROM {source}"
        return [row[1:] for row in fetch_once(statement, [*self._params(), *source_params])]

    def _params(self) -> list[Any]:
        values = {"company": getattr(here().tenant, "slug", ""), **self._values}
        return [values[name] for name in self._names]


def _remember_long(key: tuple[Any, str, str]) -> None:
    if len(_long) >= MAX_KNOWN:
        _long.clear()
    _long[key] = time.monotonic() + KNOWN_SECONDS


def _source(queryset: QuerySet[Any]) -> tuple[str, tuple[Any, ...]]:
    """What stands behind FROM in a queryset's statement: which rows; what they look like is said here."""
    query = queryset.query
    if query.distinct:
        raise ValueError("Rows can't be told of a DISTINCT queryset: narrow it with Exists instead of a join.")
    if not (query.where or query.annotations or query.is_sliced):
        return _whole_table(queryset.model, query.order_by), ()  # type: ignore[arg-type] # a class can be a key
    return _behind_from(query.clone())


@lru_cache(maxsize=1024)
def _whole_table(model: type[Model], order_by: tuple[str, ...]) -> str:
    """The same for all rows of a table, in an order: what most lists are, and half of what the ORM takes for them."""
    return _behind_from(model._default_manager.order_by(*order_by).query)[0]


def _behind_from(query: Query) -> tuple[str, tuple[Any, ...]]:
    """Of a query that is nobody else's. It selects its key alone: the ORM takes its time for each column."""
    query.clear_select_clause()
    query.add_fields(["pk"])
    sql, params = query.sql_with_params()
    return sql.partition(" FROM ")[2], params
