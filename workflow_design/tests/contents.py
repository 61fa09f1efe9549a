"""What lies in the tables, to show that nothing has changed."""

from __future__ import annotations

from django.db import connection

_TABLES = """
SELECT format('%%I.%%I', schemaname, tablename) FROM pg_tables
WHERE schemaname IN (%s, 'public') ORDER BY 1
"""


def contents(schema: str) -> dict[str, tuple[int, str | None]]:
    """(rows, a hash over all of them) of every table of a company's schema and of the public one."""
    with connection.cursor() as cursor:
        cursor.execute(_TABLES, [schema])
        tables = [name for (name,) in cursor.fetchall()]
        found = {}
        for table in tables:
            cursor.execute(f"SELECT count(*), md5(string_agg(t::text, ';' ORDER BY t::text)) FROM {table} t")
            found[table] = cursor.fetchone()
    return found
