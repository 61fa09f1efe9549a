"""Spare schemas made and taken by several at once, and by one that is killed."""

import json
import os
import time

import pytest
from django.db import connection, transaction

from core.models import Actor
from tenants import building, schemas, spares
from tenants.models import Company, SpareSchema
from tenants.services import company_create
from tenants.tests.catalogue import company_schemas, recorded_spares, spare_schemas
from tests import warm
from tests.parallel import at_once

SECONDS = 60


@pytest.fixture
def before(shared_database):
    """The companies' schemas of before; there is no spare."""
    for spare in SpareSchema.objects.all():
        schemas.drop(spare.schema_name)
        spare.delete()
    return company_schemas()


@pytest.mark.usefixtures("quick_schemas")
class TestQuickly:
    def test_several_make_no_more_than_are_wanted(self, before):
        made = at_once(4, lambda _: spares.fill(3))
        assert sum(made) == 3
        assert recorded_spares() == spare_schemas()
        assert len(recorded_spares()) == 3

    def test_everybody_gets_another(self, before):
        spares.fill(4)
        made = at_once(8, lambda number: company_create(name=f"Company {number}", actor=Actor()))
        assert [type(one) for one in made] == [Company] * 8
        assert {one.schema_name for one in made} == {f"company-{number}" for number in range(8)}
        assert company_schemas() == before | {one.schema_name for one in made}
        assert spare_schemas() == recorded_spares() == set()
        assert schemas.state() == schemas.State([], [])

    def test_one_slug_is_one_company(self, before):
        spares.fill(3)
        made = at_once(10, lambda _: company_create(name="Same", slug="same", actor=Actor()))
        assert sum(isinstance(one, Company) for one in made) == 1
        refused = [one for one in made if not isinstance(one, Company)]
        assert {(one.status, one.faults[0].attr, one.faults[0].code) for one in refused} == {(400, "slug", "taken")}
        assert company_schemas() == before | {"same"}
        assert len(recorded_spares()) == 2

    def test_one_name_is_as_many_companies(self, before):
        spares.fill(6)
        made = at_once(6, lambda _: company_create(name="Twin", actor=Actor()))
        assert {one.slug for one in made} == {"twin", *(f"twin-{number}" for number in range(2, 7))}
        assert spare_schemas() == recorded_spares() == set()

    def test_after_a_sign_up_the_number_is_made_up(self, before, settings):
        settings.SPARE_SCHEMAS = 2
        company_create(name="New", actor=Actor())
        thread = spares._refill._thread
        assert thread is not None
        assert thread.daemon
        thread.join(SECONDS)
        assert len(recorded_spares()) == 2
        assert recorded_spares() == spare_schemas()


def test_killed_in_the_middle(before, shared_database, tmp_path):
    """SIGKILL at whatever moment: the table and the schemas agree, and the next one makes what is missing."""
    script = tmp_path / "script.json"
    script.write_text(json.dumps(building._script))
    environment = {**os.environ, "DATABASE_URL": shared_database.url}
    with (tmp_path / "log").open("wb") as log:
        process = warm.start("tenants.tests.spare_filler", ["50", str(script)], environment, log)
    deadline = time.monotonic() + SECONDS
    while not _is_building() or not recorded_spares():
        assert process.poll() is None
        assert time.monotonic() < deadline
    process.kill()
    process.wait(10)
    with transaction.atomic():
        spares._lock()  # the killed one's backend has noticed
        assert recorded_spares() == spare_schemas()
    assert 1 <= len(recorded_spares()) < 50
    assert spares.fill(len(recorded_spares()) + 1) == 1


def _is_building():
    """Whether another connection is in the middle of making a spare."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_sleep(0.01), EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND granted"
            " AND database = (SELECT oid FROM pg_database WHERE datname = current_database()))"
        )
        return cursor.fetchone()[1]
