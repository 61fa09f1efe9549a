"""Sign-ups at the same moment, over HTTP, against two server processes."""

import pytest
from django.db import connection, transaction

from tenants import schemas, spares
from tenants.models import Company, SpareSchema
from tenants.tests.catalogue import company_schemas, recorded_spares, spare_schemas
from tests.parallel import at_once

PASSWORD = "correct horse battery staple"


def sign_up(server, number, address=None, **values):
    """As if from `address`; unless there is one, from another for each number."""
    body = {"company_name": "Initech", "email": f"person{number}@initech.example", "password": PASSWORD, **values}
    headers = {"X-Forwarded-For": address or f"198.51.100.{number}"}
    return server.request("POST", "/api/create-company/", body, headers=headers)


@pytest.fixture(scope="module")
def two(shared_servers):
    return shared_servers(2, THROTTLE_SIGN_UP="2/day", TRUSTED_PROXIES="1")


@pytest.fixture
def have_spares(two):
    """`have_spares(3)`: so many are there."""

    def have(count):
        for spare in SpareSchema.objects.all()[count:]:
            schemas.drop(spare.schema_name)
            spare.delete()
        spares.fill(count)

    return have


@pytest.mark.parametrize("spares_there, slug", [(2, "initech"), (0, "initrode")])
def test_one_slug(two, have_spares, spares_there, slug):
    before = company_schemas()
    have_spares(spares_there)
    answers = at_once(20, lambda number: sign_up(two[number % 2], number, slug=slug))
    assert sorted(answer.status for answer in answers) == [201] + [400] * 19
    for answer in answers:
        if answer.status == 400:
            (error,) = answer.json()["errors"]
            assert (error["code"], error["attr"]) == ("taken", "slug")
    winner = next(answer.json() for answer in answers if answer.status == 201)
    assert Company.objects.get(slug=slug).pk == winner["company"]["id"]
    assert company_schemas() == before | {slug}
    assert spare_schemas() == recorded_spares()
    assert len(spare_schemas()) == max(0, spares_there - 1)
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT email FROM {slug}.users")
        assert cursor.fetchall() == [(winner["user"]["email"],)]
        cursor.execute("SELECT count(*) FROM public.users")
        assert cursor.fetchone() == (0,)


def test_one_name(two, have_spares):
    before = company_schemas()
    have_spares(3)  # one less than it takes
    answers = at_once(4, lambda number: sign_up(two[number % 2], 100 + number, company_name="Umbrella"))
    assert [answer.status for answer in answers] == [201] * 4
    slugs = {answer.json()["company"]["slug"] for answer in answers}
    assert slugs == {"umbrella", "umbrella-2", "umbrella-3", "umbrella-4"}
    assert company_schemas() == before | slugs
    assert schemas.state() == schemas.State([], [])


def wait_for_spares(number):
    """Until another process has made so many, at most a minute."""
    with connection.cursor() as cursor:
        for _ in range(3000):
            if SpareSchema.objects.count() >= number:
                return
            cursor.execute("SELECT pg_sleep(0.02)")
    raise AssertionError(f"{SpareSchema.objects.count()} spares")


def test_too_many_from_one_address(two, have_spares):
    before = company_schemas()
    have_spares(2)
    answers = at_once(10, lambda number: sign_up(two[number % 2], 200 + number, "203.0.113.7"))
    assert sorted(answer.status for answer in answers) == [201] * 2 + [429] * 8
    assert all(int(answer.headers["Retry-After"]) >= 1 for answer in answers if answer.status == 429)
    assert len(company_schemas() - before) == 2


def test_spares_are_made_up_afterwards_until_the_server_is_asked_to_end(servers):
    (server,) = servers(1, SPARE_SCHEMAS="90")
    assert sign_up(server, 1).status == 201
    wait_for_spares(2)
    assert sign_up(server, 2).status == 201
    server.process.terminate()
    assert server.process.wait(10) == 0
    with transaction.atomic():
        spares._lock()  # what was in the making has been undone
        assert spare_schemas() == recorded_spares()
    assert 1 <= len(spare_schemas()) < 90
