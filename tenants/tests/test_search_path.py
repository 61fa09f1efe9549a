"""The connection's search path, which PostgreSQL tells of: set where it must be, and only there."""

from django.db import transaction
from django.test.utils import CaptureQueriesContext

from core.db import connection, fetch_all, fetch_row

ASKED = "SELECT current_schema()::text"


def ask(company):
    """What a request of the company's asks first: its answer, and the statements that it took."""
    connection.set_tenant(company)
    with CaptureQueriesContext(connection) as queries:
        row = fetch_row(ASKED, [])
    return row, [query["sql"] for query in queries]


def test_it_is_set_when_another_company_comes(acme, globex):
    for company in (acme, globex, acme):
        row, sent = ask(company)
        assert row == (company.schema_name,)
        assert sent == [f'SET search_path = "{company.schema_name}", "public"; {ASKED}']


def test_it_stays_for_the_same_company(acme, globex):
    ask(globex)
    ask(acme)
    assert ask(acme) == ((acme.schema_name,), [ASKED])


def test_one_that_a_rollback_has_undone_is_set_again(acme, globex):
    ask(acme)
    with transaction.atomic():
        assert ask(globex)[0] == (globex.schema_name,)
        transaction.set_rollback(True)
    assert ask(globex)[0] == (globex.schema_name,)
    assert fetch_all(ASKED) == [(globex.schema_name,)]


def test_one_that_others_have_set_is_seen(acme, globex):
    ask(acme)
    with connection.cursor() as cursor:
        cursor.execute(f"SET search_path = {globex.schema_name}, public")
    assert ask(acme)[0] == (acme.schema_name,)


def test_statements_after_it_are_on_it(acme, globex):
    for company in (acme, acme, globex, globex):
        ask(company)
        assert fetch_all(ASKED) == [(company.schema_name,)]
        with connection.cursor() as cursor:
            cursor.execute(ASKED)
            assert cursor.fetchone() == (company.schema_name,)
