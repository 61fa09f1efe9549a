"""Spare schemas: taken by sign-ups, made anew, never half-made and never two companies'."""

import pytest
from django.conf import settings
from django.db import DataError, connection, transaction

from core.models import Actor
from tenants import building, schemas, spares
from tenants.models import SpareSchema
from tenants.services import company_create
from tenants.tests.catalogue import company_schemas, recorded_spares, spare_schemas


@pytest.mark.usefixtures("quick_schemas")
class TestFill:
    def test_makes_what_is_missing(self, db):
        assert spares.fill(2) == 2
        assert spares.fill(2) == 0
        assert spares.fill(3) == 1
        assert recorded_spares() == spare_schemas()
        assert len(recorded_spares()) == 3
        assert set(SpareSchema.objects.values_list("migration_hash", flat=True)) == {schemas.migration_hash()}

    def test_one_that_fails_leaves_nothing(self, db, monkeypatch):
        monkeypatch.setattr(building, "_script", ("CREATE TABLE one (); SELECT 1 / 0", "-"))
        with pytest.raises(DataError, match="division by zero"):
            spares.fill(1)
        assert spare_schemas() == recorded_spares() == set()


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
        assert spare_schemas() == recorded_spares() == set()

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
        assert spare_schemas() == recorded_spares()

    def test_an_undone_sign_up_gives_it_back(self, db):
        spares.fill(1)
        before = spare_schemas()
        with pytest.raises(ZeroDivisionError), transaction.atomic():  # noqa: PT012
            company_create(name="New", actor=Actor())
            raise ZeroDivisionError
        assert spare_schemas() == recorded_spares() == before

    def test_a_stale_one_is_left_alone(self, db):
        spares.fill(1)
        SpareSchema.objects.update(migration_hash="of other migrations")
        company_create(name="New", actor=Actor())
        assert len(spare_schemas()) == 1

    def test_one_whose_schema_is_gone_is_left_alone(self, db):
        spares.fill(1)
        (name,) = recorded_spares()
        schemas.drop(name)
        company_create(name="New", actor=Actor())
        assert "new" in company_schemas()
        assert recorded_spares() == {name}


@pytest.mark.usefixtures("quick_schemas")
class TestStale:
    def test_dropped(self, db):
        spares.fill(2)
        stale = SpareSchema.objects.first()
        SpareSchema.objects.filter(pk=stale.pk).update(migration_hash="of other migrations")
        assert spares.drop_stale() == 1
        assert recorded_spares() == spare_schemas()
        assert len(recorded_spares()) == 1
        assert stale.schema_name not in recorded_spares()


@pytest.mark.usefixtures("quick_schemas")
class TestRefill:
    def test_not_wanted(self, db, django_capture_on_commit_callbacks):
        assert settings.SPARE_SCHEMAS == 0
        with django_capture_on_commit_callbacks(execute=True) as called:
            company_create(name="New", actor=Actor())
        assert called != []
        assert spares._refill._thread is None
        assert recorded_spares() == set()
