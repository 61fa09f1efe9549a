"""Which schemas lack a migration, and the command that gives it to them."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command, get_commands
from django.db import connection
from django.test.utils import CaptureQueriesContext

from core.models import Actor
from tenants import schemas, spares
from tenants.models import SpareSchema
from tenants.services import company_create
from tenants.tests.catalogue import catalogue


def run(*arguments, **options):
    """(exit code, what the command printed, what it complained about)."""
    out, err = StringIO(), StringIO()
    try:
        call_command(*arguments, stdout=out, stderr=err, **options)
    except SystemExit as error:
        return error.code, out.getvalue(), err.getvalue()
    return 0, out.getvalue(), err.getvalue()


def execute(query, *values):
    with connection.cursor() as cursor:
        cursor.execute(query, values)


def take_one(schema):
    """The schema's history is not yet append-only: it stands before core's second migration."""
    execute(f"DROP TRIGGER history_append_only ON {schema}.history")
    execute(f"DROP FUNCTION {schema}.history_refuses_change()")
    execute(f"DELETE FROM {schema}.django_migrations WHERE app = 'core' AND name = '0002_history_is_append_only'")


@pytest.fixture
def acme_lacks_one(db):
    take_one("acme")


@pytest.mark.usefixtures("quick_schemas")
class TestState:
    def test_nothing_lacks(self, db):
        assert schemas.state() == schemas.State([], [])

    def test_the_number_of_statements_is_the_same_for_many(self, db):
        counts = []
        for number in range(3):
            company_create(name=f"Company {number}", actor=Actor())
            with CaptureQueriesContext(connection) as queries:
                assert schemas.state().lacking == []
            counts.append(sum("SET search_path" not in query["sql"] for query in queries.captured_queries))
        assert counts == [4, 4, 4]

    def test_a_company_lacks(self, db):
        execute("DELETE FROM globex.django_migrations WHERE app = 'users' AND name = '0001_initial'")
        assert schemas.state() == schemas.State(["globex"], [])

    def test_public_lacks(self, db):
        execute("DELETE FROM public.django_migrations WHERE app = 'tenants'")
        assert schemas.state() == schemas.State(["public"], [])

    def test_a_schema_without_the_table(self, db):
        execute("DROP TABLE acme.django_migrations")
        assert schemas.state() == schemas.State(["acme"], [])

    def test_a_schema_that_is_missing(self, db):
        execute("DROP SCHEMA acme CASCADE")
        assert schemas.state() == schemas.State([], ["acme"])

    def test_more_than_this_code_knows_is_no_lack(self, db):
        execute("INSERT INTO acme.django_migrations (app, name, applied) VALUES ('core', '9999_later', now())")
        assert schemas.state() == schemas.State([], [])

    def test_an_empty_database(self, db):
        execute("DROP SCHEMA public CASCADE")
        execute("CREATE SCHEMA public")
        assert schemas.state() == schemas.State(["public"], [])

    def test_names_that_need_quoting(self, db):
        company_create(name="x", slug="or-1-1", actor=Actor())
        execute('DELETE FROM "or-1-1".django_migrations')
        assert schemas.state() == schemas.State(["or-1-1"], [])


class TestMigrateSchemas:
    def test_nothing_to_do(self, db):
        assert run("migrate_schemas") == (0, "Every schema is up to date.\n", "")

    @pytest.mark.usefixtures("acme_lacks_one")
    def test_only_those_that_lack_something(self):
        expected = catalogue("globex")
        code, out, err = run("migrate_schemas")
        assert (code, err) == (0, "")
        assert out.startswith("[1/1] acme: migrated in ")
        assert out.count("\n") == 1
        found = catalogue("acme")
        for part in ("columns", "constraints", "triggers", "functions"):
            assert found[part] == expected[part]
        assert schemas.state() == schemas.State([], [])

    @pytest.mark.usefixtures("acme_lacks_one")
    def test_check(self):
        assert run("migrate_schemas", "--check") == (1, "acme lacks a migration.\n", "")
        assert schemas.state().lacking == ["acme"]
        run("migrate_schemas")
        assert run("migrate_schemas", "--check") == (0, "", "")

    @pytest.mark.usefixtures("acme_lacks_one")
    def test_migrate_does_the_same(self):
        assert get_commands()["migrate"] == get_commands()["migrate_schemas"] == "tenants"
        code, out, _ = run("migrate")
        assert (code, out[:12]) == (0, "[1/1] acme: ")
        assert schemas.state().lacking == []

    def test_an_empty_database(self, own_database):
        expected = catalogue("public")
        for schema in ("acme", "globex", "public"):
            execute(f"DROP SCHEMA {schema} CASCADE")
        execute("CREATE SCHEMA public")
        code, out, _ = run("migrate_schemas")
        assert (code, out.splitlines()[0][:14]) == (0, "[1/1] public: ")
        found = catalogue("public")
        assert {key for key in found if found[key] != expected[key]} <= {
            *("rows of companies", "rows of domains", "rows of history", "rows of django_migrations"),
            *("rows of django_content_type", "rows of attempts", "sequences", "numbers given"),
        }
        company_create(name="First", actor=Actor())

    @pytest.mark.usefixtures("acme_lacks_one")
    def test_one_that_fails_does_not_keep_the_others_from_it(self):
        execute("CREATE FUNCTION acme.history_refuses_change() RETURNS int LANGUAGE sql AS 'SELECT 1'")
        execute("DROP TABLE globex.django_admin_log")
        execute("DELETE FROM globex.django_migrations WHERE app = 'admin'")
        with pytest.raises(CommandError, match="Not migrated: acme"):
            run("migrate_schemas")
        assert schemas.state().lacking == ["acme"]

    def test_a_missing_schema_is_said_and_not_made(self, db):
        execute("DROP SCHEMA acme CASCADE")
        code, out, err = run("migrate_schemas")
        assert (code, out) == (0, "Every schema is up to date.\n")
        assert err == "acme: the company's schema is not in the database; restore it from a backup.\n"
        assert schemas.state().missing == ["acme"]

    @pytest.mark.usefixtures("quick_schemas")
    def test_stale_spares_are_made_anew(self, db):
        spares.fill(2)
        stale = SpareSchema.objects.order_by("id")[0]
        SpareSchema.objects.filter(pk=stale.pk).update(migration_hash="of other migrations")
        code, out, _ = run("migrate_schemas")
        assert (code, out) == (0, "Every schema is up to date.\nSpare schemas made anew: 1.\n")
        assert SpareSchema.objects.filter(migration_hash=schemas.migration_hash()).count() == 2
        execute(f"DO $$ BEGIN ASSERT to_regnamespace('{stale.schema_name}') IS NULL; END $$")

    def test_in_parallel_processes(self, own_database, monkeypatch):
        monkeypatch.setenv("DATABASE_URL", own_database.url)
        take_one("acme")
        take_one("globex")
        code, out, err = run("migrate_schemas", "--parallel", "2")
        assert (code, err) == (0, "")
        assert [line[:13] for line in out.splitlines()] == ["[1/2] acme: m", "[2/2] globex:"]
        assert schemas.state() == schemas.State([], [])

    def test_an_impossible_number_of_processes(self, db):
        with pytest.raises(CommandError, match="at least 1"):
            run("migrate_schemas", "--parallel", "0")
