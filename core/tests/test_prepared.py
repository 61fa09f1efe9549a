"""Constant statements by PostgreSQL's own library: values, transactions, errors."""

import uuid
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

import psycopg
import pytest
from django.db import IntegrityError, transaction

from core import prepared
from core.db import connection, fetch_all, fetch_once

MOMENT = datetime(2026, 11, 20, 17, 14, 37, 587660, tzinfo=UTC)
NUMBER = uuid.UUID("12345678-1234-5678-1234-567812345678")


@pytest.fixture
def own(db):
    """A connection of the test's own, without a transaction."""
    with _connect() as found:
        yield found


def _connect():
    connection.ensure_connection()
    info = connection.connection.info
    return psycopg.connect(info.dsn, password=info.password, autocommit=True, prepare_threshold=None)


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        (None, "int"),
        (True, "bool"),
        (False, "bool"),
        (-(2**62), "bigint"),
        (7, "smallint"),
        (0.1, "float8"),
        ("", "text"),
        ("ü, 'quoted' \\ and %s", "text"),
        (' {"b": 1, "a": 1} ', "json"),
        (NUMBER, "uuid"),
        (MOMENT, "timestamptz"),
    ],
)
def test_what_goes_in_comes_out(own, value, kind):
    given = repr(value) if isinstance(value, float) else value
    assert prepared.run(own, f"SELECT %s::{kind}, 1", [given]) == [(value, 1)]


def test_moments_are_told_in_utc(own):
    east = MOMENT.astimezone(timezone(timedelta(hours=5)))
    own.execute("SET timezone = 'UTC'")
    [(told,)] = prepared.run(own, "SELECT %s::timestamptz", [east])
    assert (told, told.utcoffset()) == (MOMENT, timedelta(0))


def test_lists(own):
    told = "SELECT array_to_json(%s::bigint[])::text, array_to_json(%s::text[])::text"
    assert prepared.run(own, told, [[1, 2**40], ["a b", 'c"d', "e\\f", "{,}", ""]]) == [
        ("[1,1099511627776]", '["a b","c\\"d","e\\\\f","{,}",""]')
    ]
    assert prepared.run(own, told, [[], []]) == [("[]", "[]")]


@pytest.mark.parametrize("params", [[1.5], [[None]], [object()], [b"x"]])
def test_other_values_are_refused(own, params):
    with pytest.raises(TypeError, match="is no value for"):
        prepared.run(own, "SELECT %s::text", params)


def test_other_columns_are_refused(own):
    with pytest.raises(TypeError, match="gives no values of PostgreSQL's type 1186"):
        prepared.run(own, "SELECT interval '1 s'")


@pytest.mark.parametrize("value", ["a\0b", ["a\0b"]])
def test_a_text_is_never_cut_at_nul(own, value):
    with pytest.raises(psycopg.DataError, match="NUL"):
        prepared.run(own, "SELECT %s::text", [value])


def test_names_and_percent_signs(own):
    statement = "SELECT %(a)s::int + %(b)s::int + %(a)s::int, 'x%%' LIKE %(c)s::text"
    assert prepared.run(own, statement, {"c": "x%", "a": 2, "b": 5, "unused": object()}) == [(9, True)]


def test_each_is_prepared_once(own):
    for number in range(3):
        assert prepared.run(own, "SELECT %s::int", [number]) == [(number,)]
    assert own.execute("SELECT statement FROM pg_prepared_statements").fetchall() == [("SELECT $1::int",)]


def test_one_that_the_server_has_forgotten_is_prepared_again(own):
    prepared.run(own, "SELECT 1")
    own.execute("DEALLOCATE ALL")
    with pytest.raises(psycopg.errors.InvalidSqlStatementName):
        prepared.run(own, "SELECT 1")
    assert prepared.run(own, "SELECT 1") == [(1,)]


def test_nothing_to_tell(own):
    own.execute("CREATE TEMP TABLE things (id int)")
    assert prepared.run(own, "INSERT INTO things VALUES (%s)", [1]) == []
    assert prepared.run(own, "UPDATE things SET id = 2 WHERE id = %s RETURNING id", [5]) == []
    assert own.execute("SELECT * FROM things").fetchall() == [(1,)]


def test_a_transaction_is_begun_where_one_is_wanted(own):
    own.execute("CREATE TEMP TABLE things (id int)")
    own.autocommit = False
    prepared.run(own, "INSERT INTO things VALUES (%s)", [1])
    own.rollback()
    prepared.run(own, "INSERT INTO things VALUES (%s)", [2])
    own.commit()
    own.rollback()
    assert prepared.run(own, "SELECT id FROM things") == [(2,)]


def test_after_an_error_the_connection_goes_on(own):
    with pytest.raises(psycopg.errors.DivisionByZero):
        prepared.run(own, "SELECT 1 / %s::int", [0])
    assert prepared.run(own, "SELECT 1 / %s::int", [1]) == [(1,)]
    with pytest.raises(psycopg.errors.UndefinedTable):
        prepared.run(own, "SELECT * FROM nothing_of_this_name")


def test_a_connection_that_was_ended(own):
    with _connect() as other:
        other.execute("SELECT pg_terminate_backend(%s)", [own.info.backend_pid])
    with pytest.raises(psycopg.OperationalError):
        prepared.run(own, "SELECT 1")
    assert own.broken


def test_errors_are_djangos_and_name_the_constraint(acme):
    connection.set_tenant(acme)
    insert = "INSERT INTO company_roles (name, description, created_at, updated_at) VALUES (%s, '', now(), now())"
    fetch_all(insert, ["Twice"])
    with pytest.raises(IntegrityError) as caught, transaction.atomic():
        fetch_all(insert, ["Twice"])
    assert caught.value.__cause__.diag.constraint_name == "company_role_name_unique"
    assert fetch_all("SELECT count(*) FROM company_roles WHERE name = %s", ["Twice"]) == [(1,)]


def test_one_of_many_is_not_kept(own):
    for number in range(3):
        assert prepared.run_once(own, f"SELECT %s::int + {number}", [1]) == [(1 + number,)]
    assert own.execute("SELECT count(*) FROM pg_prepared_statements").fetchall() == [(0,)]


def test_what_only_psycopg_knows_takes_its_cursor(acme):
    connection.set_tenant(acme)
    assert fetch_once("SELECT %s::numeric + 1", [Decimal("1.50")]) == [(Decimal("2.50"),)]
    assert fetch_once("SELECT id FROM company_roles WHERE name = %s AND '100%%' = %s", ["nobody's", "100%"]) == []
