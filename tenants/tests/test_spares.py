"""Spare schemas: taken by sign-ups, made anew, never half-made and never two companies'."""

import json
import os
import signal
import subprocess
import sys
import time

import pytest
from django.conf import settings
from django.db import DataError, connection, transaction

from core.models import Actor
from tenants import building, schemas, spares
from tenants.models import Company, SpareSchema
from tenants.services import company_create
from tests.parallel import at_once

# Another process that makes spares, all of them by the statements that it is told.
FILL = """
import django, json, sys
django.setup()
from tenants import building, spares
building._script = tuple(json.load(sys.stdin))
spares.fill(50)
"""


def spare_schemas():
    """Those in the database, whatever the table says."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT nspname FROM pg_namespace WHERE starts_with(nspname, 'spare_')")
        return {name for (name,) in cursor.fetchall()}


def company_schemas():
    with connection.cursor() as cursor:
        cursor.execute("SELECT nspname FROM pg_namespace WHERE nspname !~ '^(pg_|information_schema|public|spare_)'")
        return {name for (name,) in cursor.fetchall()}


def recorded():
    return set(SpareSchema.objects.values_list("schema_name", flat=True))


@pytest.mark.usefixtures("quick_schemas")
class TestFill:
    def test_makes_what_is_missing(self, db):
        assert spares.fill(2) == 2
        assert spares.fill(2) == 0
        assert spares.fill(3) == 1
        assert recorded() == spare_schemas()
        assert len(recorded()) == 3
        assert set(SpareSchema.objects.values_list("migration_hash", flat=True)) == {schemas.migration_hash()}

    def test_several_at_once_make_no_more_than_are_wanted(self, own_database):
        made = at_once(4, lambda _: spares.fill(3))
        assert sum(made) == 3
        assert recorded() == spare_schemas()
        assert len(recorded()) == 3

    def test_one_that_fails_leaves_nothing(self, db, monkeypatch):
        monkeypatch.setattr(building, "_script", ("CREATE TABLE one (); SELECT 1 / 0", "-"))
        with pytest.raises(DataError, match="division by zero"):
            spares.fill(1)
        assert spare_schemas() == recorded() == set()


@pytest.mark.usefixtures("quick_schemas")
class TestTake:
    def test_a_company_gets_the_spare(self, db):
        spares.fill(1)
        with connection.cursor() as cursor:
            cursor.execute("SELECT oid FROM pg_namespace WHERE starts_with(nspname, 'spare_')")
            (oid,) = cursor.fetchone()
            company_create(name="New", actor=Actor())
            cursor.execute("SELECT oid FROM pg_namespace WHERE nspname = 'new'")
            assert cursor.fetchone() == (oid,)
        assert spare_schemas() == recorded() == set()

    def test_taken_in_a_handful_of_statements(self, db, django_assert_max_num_queries):
        spares.fill(1)
        with django_assert_max_num_queries(12):
            company_create(name="New", actor=Actor())

    def test_a_refused_sign_up_takes_none(self, db):
        from core.errors import Refused

        spares.fill(1)
        with pytest.raises(Refused):
            company_create(name="Other", slug="acme", actor=Actor())
        assert len(spare_schemas()) == 1
        assert spare_schemas() == recorded()

    def test_an_undone_sign_up_gives_it_back(self, db):
        spares.fill(1)
        before = spare_schemas()
        with pytest.raises(ZeroDivisionError), transaction.atomic():  # noqa: PT012
            company_create(name="New", actor=Actor())
            raise ZeroDivisionError
        assert spare_schemas() == recorded() == before

    def test_a_stale_one_is_left_alone(self, db):
        spares.fill(1)
        SpareSchema.objects.update(migration_hash="of other migrations")
        company_create(name="New", actor=Actor())
        assert len(spare_schemas()) == 1

    def test_one_whose_schema_is_gone_is_left_alone(self, db):
        spares.fill(1)
        (name,) = recorded()
        schemas.drop(name)
        company_create(name="New", actor=Actor())
        assert "new" in company_schemas()
        assert recorded() == {name}

    def test_in_parallel_everybody_gets_another(self, own_database):
        spares.fill(4)
        made = at_once(8, lambda number: company_create(name=f"Company {number}", actor=Actor()))
        assert [type(one) for one in made] == [Company] * 8
        assert {one.schema_name for one in made} == {f"company-{number}" for number in range(8)}
        assert company_schemas() == {"acme", "globex", *(one.schema_name for one in made)}
        assert spare_schemas() == recorded() == set()
        assert schemas.state() == schemas.State([], [])

    def test_one_slug_at_once_is_one_company(self, own_database):
        spares.fill(3)
        made = at_once(10, lambda _: company_create(name="Same", slug="same", actor=Actor()))
        assert sum(isinstance(one, Company) for one in made) == 1
        refused = [one for one in made if not isinstance(one, Company)]
        assert {(one.status, one.faults[0].attr, one.faults[0].code) for one in refused} == {(400, "slug", "taken")}
        assert company_schemas() == {"acme", "globex", "same"}
        assert len(recorded()) == 2

    def test_one_name_at_once_is_as_many_companies(self, own_database):
        spares.fill(6)
        made = at_once(6, lambda _: company_create(name="Same", actor=Actor()))
        assert {one.slug for one in made} == {"same", *(f"same-{number}" for number in range(2, 7))}
        assert spare_schemas() == recorded() == set()


@pytest.mark.usefixtures("quick_schemas")
class TestStale:
    def test_dropped(self, db):
        spares.fill(2)
        stale = SpareSchema.objects.first()
        SpareSchema.objects.filter(pk=stale.pk).update(migration_hash="of other migrations")
        assert spares.drop_stale() == 1
        assert recorded() == spare_schemas()
        assert len(recorded()) == 1
        assert stale.schema_name not in recorded()


@pytest.mark.usefixtures("quick_schemas")
class TestRefill:
    def test_after_a_sign_up_the_number_is_made_up(self, own_database, settings):
        settings.SPARE_SCHEMAS = 2
        company_create(name="New", actor=Actor())
        thread = spares._refill._thread
        assert thread is not None
        assert thread.daemon
        thread.join(60)
        assert len(recorded()) == 2
        assert recorded() == spare_schemas()

    def test_not_wanted(self, db, django_capture_on_commit_callbacks):
        assert settings.SPARE_SCHEMAS == 0
        with django_capture_on_commit_callbacks(execute=True) as called:
            company_create(name="New", actor=Actor())
        assert called != []
        assert spares._refill._thread is None
        assert recorded() == set()


def test_killed_in_the_middle(own_database):
    """SIGKILL at whatever moment: the table and the schemas agree, and the next one makes what is missing."""
    process = subprocess.Popen(
        [sys.executable, "-c", FILL],
        cwd=settings.BASE_DIR,
        env={**os.environ, "DATABASE_URL": own_database.url},
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
    )
    with process.stdin:
        process.stdin.write(json.dumps(building._script).encode())
    deadline = time.monotonic() + 60
    while not _is_building() or not recorded():
        assert process.poll() is None
        assert time.monotonic() < deadline
    process.send_signal(signal.SIGKILL)
    process.wait(10)
    with transaction.atomic():
        spares._lock()  # the killed one's backend has noticed
        assert recorded() == spare_schemas()
    assert 1 <= len(recorded()) < 50
    assert spares.fill(len(recorded()) + 1) == 1


def _is_building():
    """Whether another connection is in the middle of making a spare."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_sleep(0.01), EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND granted"
            " AND database = (SELECT oid FROM pg_database WHERE datname = current_database()))"
        )
        return cursor.fetchone()[1]
