"""A schema that repeats what the migrations did is the schema that the migrations make."""

import pytest
from django.apps import apps
from django.conf import settings
from django.db import connection, transaction
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.operations import RunPython, RunSQL, SeparateDatabaseAndState

from tenants import building, schemas
from tenants.tests.catalogue import catalogue


def _only(app, module):
    """Setting: no other app has migrations, and this one has those of `module`."""
    return {**{config.label: None for config in apps.get_app_configs()}, app: module}


@pytest.fixture
def _nothing_recorded(monkeypatch, settings):
    """As in a process that begins; and there are two migrations, because all of them take seconds."""
    monkeypatch.setattr(building, "_script", None)
    settings.MIGRATION_MODULES = _only("core", "core.migrations")


@pytest.mark.usefixtures("db")
class TestBuild:
    def test_all_equal_what_migrating_makes(self):
        """The first of the template was built by recording, the second of it and one of now by repeating that."""
        with connection.cursor() as cursor:
            cursor.execute("CREATE SCHEMA by_hand")
        schemas.migrate("by_hand")
        expected = catalogue("by_hand")
        assert len(expected["columns"]) > 50
        assert expected["triggers"]
        assert catalogue(building.build()) == expected
        del expected["numbers given"]  # to rows of other tests
        for name in ("acme", "globex"):
            found = catalogue(name)
            del found["numbers given"]
            assert found == expected

    @pytest.mark.usefixtures("_nothing_recorded")
    def test_the_second_equals_the_first(self, acme, in_company):
        with in_company(acme), connection.cursor() as cursor:
            first = building.build()
            assert building._script is not None
            second = building.build()
            cursor.execute("SELECT 1")
            with connection.cursor() as after:
                after.execute("SELECT current_schema()")
                assert after.fetchone() == ("acme",), "the connection is where it was"
        found = catalogue(first)
        assert set(found) > {"rows of history", "rows of django_migrations"}
        assert found["triggers"]
        assert catalogue(second) == found

    @pytest.mark.usefixtures("_nothing_recorded")
    def test_the_second_is_one_statement(self, django_assert_max_num_queries):
        building.build()
        with django_assert_max_num_queries(8):
            building.build()

    @pytest.mark.usefixtures("_nothing_recorded")
    def test_nothing_of_the_first_is_in_the_second(self):
        first = building.build()
        second = building.build()
        schemas.drop(first)
        with connection.cursor() as cursor:
            cursor.execute(
                f"SELECT count(*), max(applied) > now() - interval '1 hour' FROM \"{second}\".django_migrations"
            )
            assert cursor.fetchone() == (len(MigrationLoader(None).graph.nodes), True)

    @pytest.mark.usefixtures("_nothing_recorded")
    def test_where_code_takes_part_every_schema_is_migrated(self, settings):
        settings.MIGRATION_MODULES = _only("core", "tenants.tests.migrations_with_code")
        for name in (building.build(), building.build()):
            assert catalogue(name)["rows of places"] == [repr([name])]
        assert building._script is None

    @pytest.mark.usefixtures("_nothing_recorded")
    def test_undone_with_its_transaction(self):
        building.build()
        with pytest.raises(ZeroDivisionError), transaction.atomic():  # noqa: PT012
            name = building.build()
            raise ZeroDivisionError
        with connection.cursor() as cursor:
            cursor.execute("SELECT to_regnamespace(%s)", [name])
            assert cursor.fetchone() == (None,)


class TestOurMigrations:
    """What the migrations of companies have to keep to."""

    def migrations(self):
        labels = {config.label for config in apps.get_app_configs() if config.name in settings.TENANT_APPS}
        nodes = MigrationLoader(None).graph.nodes
        return [migration for (label, _), migration in nodes.items() if label in labels]

    def test_they_can_be_repeated(self):
        assert building._repeatable()

    def test_they_run_in_a_transaction(self):
        assert all(migration.atomic for migration in self.migrations())


@pytest.mark.parametrize(
    "operation, expected",
    [
        (RunSQL("SELECT 1"), True),
        (RunPython(RunPython.noop), False),
        (SeparateDatabaseAndState(database_operations=[RunSQL("SELECT 1")]), True),
        (SeparateDatabaseAndState(database_operations=[RunPython(RunPython.noop)]), False),
    ],
)
def test_what_is_sql(operation, expected):
    assert building._is_sql(operation) is expected
