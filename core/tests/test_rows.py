"""Rows that PostgreSQL writes as JSON."""

import json
from datetime import datetime

import pytest
from django.db import connection
from django.db.models import F
from django.test.utils import CaptureQueriesContext

from core import rows as rows_module
from core.rows import Rows
from core.tests.things import Thing, make_things

ROWS = Rows(
    id="test_things.id",
    company=":company",
    name="test_things.name",
    share="test_things.size || '%'",
    nested="json_build_object('b', test_things.size, 'a', :company::text)",
    created_at="test_things.created_at",
)


@pytest.fixture(autouse=True)
def _things(acme_db):
    make_things()
    Thing.objects.bulk_create(Thing(name=f"thing {number}", size=number) for number in range(7))


def names(page):
    return [row["name"] for row in json.loads(f"[{page.rows}]")]


def test_one(django_assert_num_queries):
    thing = Thing.objects.get(size=3)
    with django_assert_num_queries(1):
        text, revision = ROWS.one(Thing.objects.filter(size=3), "revision")
    row = json.loads(text)
    # PostgreSQL leaves out zeros at the end of a second's fraction.
    row["created_at"] = datetime.fromisoformat(row["created_at"]).isoformat()
    assert list(row) == list(ROWS.names) == ["id", "company", "name", "share", "nested", "created_at"]
    assert row["created_at"].endswith("+00:00")
    assert {**row, "created_at": datetime.fromisoformat(row["created_at"])} == {
        "id": thing.pk,
        "company": "acme",
        "name": "thing 3",
        "share": "3%",
        "nested": {"b": 3, "a": "acme"},
        "created_at": thing.created_at,
    }
    assert list(row["nested"]) == ["b", "a"]
    assert revision == 1


def test_none():
    assert ROWS.one(Thing.objects.filter(size=99)) is None


def test_all():
    assert [json.loads(text)["share"] for text in ROWS.all(Thing.objects.order_by("-size")[:2])] == ["6%", "5%"]


@pytest.mark.parametrize(
    "limit, offset, expected",
    [(3, 0, [6, 5, 4]), (3, 5, [1, 0]), (1, 3, [3]), (200, 0, [6, 5, 4, 3, 2, 1, 0]), (5, 7, [])],
)
def test_page(limit, offset, expected, django_assert_num_queries):
    with django_assert_num_queries(1):
        page = ROWS.page(Thing.objects.order_by("-size"), limit=limit, offset=offset)
    assert page.count == 7
    assert names(page) == [f"thing {number}" for number in expected]


def test_page_of_a_narrowed_list():
    page = ROWS.page(Thing.objects.filter(size__gt=4, name__contains="%").order_by("pk"), limit=5, offset=0)
    assert (page.count, page.rows) == (0, "")
    page = ROWS.page(Thing.objects.filter(size__gt=4).order_by("pk"), limit=5, offset=0)
    assert (page.count, names(page)) == (2, ["thing 5", "thing 6"])


def test_page_of_what_can_hold_nothing(django_assert_num_queries):
    with django_assert_num_queries(0):
        page = ROWS.page(Thing.objects.filter(pk__in=[]).order_by("pk"), limit=5, offset=0)
    assert (page.count, page.rows) == (0, "")


def test_counting_stops(monkeypatch):
    monkeypatch.setattr(rows_module, "COUNT_LIMIT", 6)
    page = ROWS.page(Thing.objects.order_by("pk"), limit=2, offset=0)
    assert (page.count, len(names(page))) == (None, 2)
    monkeypatch.setattr(rows_module, "COUNT_LIMIT", 7)
    assert ROWS.page(Thing.objects.order_by("pk"), limit=2, offset=0).count == 7


@pytest.fixture
def page(monkeypatch):
    """Two of the things in `queryset`, where 5 are many and 2 more of them are remembered."""
    monkeypatch.setattr(rows_module, "COUNT_LIMIT", 4)
    monkeypatch.setattr(rows_module, "COUNT_MARGIN", 2)
    monkeypatch.setattr(rows_module, "KNOWN_SECONDS", 3600)
    monkeypatch.setattr(rows_module, "_long", {})

    def page(**narrowed):
        with CaptureQueriesContext(connection) as captured:
            found = ROWS.page(Thing.objects.filter(**narrowed).order_by("pk"), limit=2, offset=2)
        return found.count, names(found), "count(*)" in captured[-1]["sql"]

    return page


@pytest.mark.parametrize("narrowed", [{}, {"size__gte": 0}])
def test_long_lists_are_not_counted_again_at_once(page, narrowed):
    assert page(**narrowed) == (None, ["thing 2", "thing 3"], True)
    Thing.objects.filter(size=2).delete()
    assert page(**narrowed) == (None, ["thing 3", "thing 4"], False)


def test_what_is_long_may_be_short_for_others(page, in_company, globex):
    assert page() == (None, ["thing 2", "thing 3"], True)
    assert page(size__gte=2) == (None, ["thing 4", "thing 5"], True)
    assert page(size__gte=3) == (4, ["thing 5", "thing 6"], True)
    with in_company(globex):
        make_things()
        Thing.objects.bulk_create(Thing(name=f"other {number}", size=number) for number in range(3))
        assert page() == (3, ["other 2"], True)


def test_lists_that_are_hardly_long_are_counted_each_time(page):
    Thing.objects.filter(size=0).delete()
    assert page() == (None, ["thing 3", "thing 4"], True)
    Thing.objects.filter(size__lte=2).delete()
    assert page() == (4, ["thing 5", "thing 6"], True)


def test_long_lists_are_counted_again_later(page, monkeypatch):
    monkeypatch.setattr(rows_module, "KNOWN_SECONDS", 0)
    assert page() == (None, ["thing 2", "thing 3"], True)
    Thing.objects.filter(size__lte=2).delete()
    assert page() == (4, ["thing 5", "thing 6"], True)


def test_few_long_lists_are_remembered(page, monkeypatch):
    monkeypatch.setattr(rows_module, "MAX_KNOWN", 1)
    assert page() == page(size__gte=0) == (None, ["thing 2", "thing 3"], True)
    assert page(size__gte=0)[2] is False
    assert page()[2] is True


def test_text_that_looks_like_something_else():
    strange = 'a"b\\c\n%s :company'
    Thing.objects.filter(size=0).update(name=strange)
    text, *_ = ROWS.one(Thing.objects.filter(size=0))
    assert json.loads(text)["name"] == strange


def test_on_the_public_host_there_is_no_company(acme):
    connection.set_schema_to_public()
    make_things()
    Thing.objects.create(name="public")
    text, *_ = ROWS.one(Thing.objects.all())
    assert json.loads(text)["company"] == ""


def test_rows_in_the_order_of_their_ids_whatever_the_number_of_digits():
    for pk in (1000, 999, 10_000):
        Thing.objects.create(pk=pk, name=f"far {pk}")
    found = [json.loads(text)["id"] for text in ROWS.all(Thing.objects.filter(pk__gte=999).order_by("pk"))]
    assert found == [999, 1000, 10_000]


def test_a_page_has_an_order():
    with pytest.raises(ValueError, match="ordered by columns"):
        ROWS.page(Thing.objects.order_by(), limit=1, offset=0)


def test_the_order_may_not_hold_values():
    with pytest.raises(ValueError, match="ordered by columns"):
        ROWS.page(Thing.objects.order_by(F("size") + 1), limit=1, offset=0)


def test_distinct_is_refused():
    with pytest.raises(ValueError, match="DISTINCT"):
        ROWS.all(Thing.objects.distinct())
