"""Which schemas there are, and what one holds, according to PostgreSQL."""

from __future__ import annotations

from django.db import connection

from tenants.models import SpareSchema

QUERIES = {
    "columns": """
        SELECT c.relname, c.relkind, a.attnum, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull,
               a.attidentity, a.attgenerated, pg_get_expr(d.adbin, d.adrelid)
        FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
        LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
        WHERE c.relnamespace = %(schema)s::regnamespace AND c.relkind IN ('r', 'v', 'm', 'p')""",
    "constraints": """
        SELECT conrelid::regclass::text, conname, contype, condeferrable, condeferred, convalidated,
               pg_get_constraintdef(oid)
        FROM pg_constraint WHERE connamespace = %(schema)s::regnamespace""",
    "indexes": "SELECT tablename, indexname, indexdef FROM pg_indexes WHERE schemaname = %(schema)s",
    "triggers": """
        SELECT tgrelid::regclass::text, tgname, tgenabled, pg_get_triggerdef(t.oid)
        FROM pg_trigger t JOIN pg_class c ON c.oid = tgrelid
        WHERE c.relnamespace = %(schema)s::regnamespace AND NOT tgisinternal""",
    "functions": """
        SELECT proname, pg_get_functiondef(oid) FROM pg_proc WHERE pronamespace = %(schema)s::regnamespace""",
    "sequences": """
        SELECT sequencename, data_type::text, start_value, increment_by, cycle
        FROM pg_sequences WHERE schemaname = %(schema)s""",
    # A rollback leaves them where they are.
    "numbers given": "SELECT sequencename, last_value FROM pg_sequences WHERE schemaname = %(schema)s",
    "types": "SELECT typname, typtype FROM pg_type WHERE typnamespace = %(schema)s::regnamespace",
    "comments": """
        SELECT objoid::regclass::text, objsubid, description FROM pg_description d JOIN pg_class c ON c.oid = objoid
        WHERE c.relnamespace = %(schema)s::regnamespace""",
}


def spare_schemas() -> set[str]:
    """The spares in the database, whatever the table says."""
    return _names("starts_with(nspname, 'spare_')")


def recorded_spares() -> set[str]:
    """The spares that the table knows."""
    return set(SpareSchema.objects.values_list("schema_name", flat=True))


def company_schemas() -> set[str]:
    """Every schema that is neither PostgreSQL's nor public nor a spare."""
    return _names("nspname !~ '^(pg_|information_schema|public|spare_)'")


def _names(condition: str) -> set[str]:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT nspname FROM pg_namespace WHERE {condition}")
        return {name for (name,) in cursor.fetchall()}


def catalogue(schema: str) -> dict[str, list[str]]:
    """Everything that stands in `schema`: tables, constraints, indexes, triggers, functions, sequences, rows. Its name
    is left out: two equal ones compare equal."""
    found = {}
    with connection.cursor() as cursor:
        for kind, query in QUERIES.items():
            cursor.execute(query, {"schema": schema})
            found[kind] = sorted(_without(schema, row) for row in cursor.fetchall())
        cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = %s ORDER BY 1", [schema])
        for (table,) in cursor.fetchall():
            cursor.execute(f'SELECT * FROM "{schema}"."{table}"')
            # The times at which rows were made differ.
            found[f"rows of {table}"] = sorted(
                repr([value for value in row if not hasattr(value, "year")]) for row in cursor.fetchall()
            )
    return found


def _without(schema: str, row: tuple) -> str:
    return repr(row).replace(f'"{schema}".', "").replace(f"{schema}.", "")
