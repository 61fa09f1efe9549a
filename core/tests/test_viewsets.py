"""The base of REST resources, with a resource made for the purpose."""

import json
from typing import Any

import django_filters
import pytest
from django.db import transaction
from django.test import RequestFactory
from rest_framework import serializers

from core import rows as rows_module
from core.errors import not_found, stale
from core.permissions import Anyone
from core.rows import Rows
from core.serializers import StrictCharField
from core.tests.things import Thing, make_things
from core.viewsets import BaseViewSet


class ThingSerializer(serializers.Serializer):
    name = StrictCharField(max_length=20)
    size = serializers.IntegerField(default=0, min_value=0, max_value=2**31 - 1)


class ThingFilter(django_filters.FilterSet):
    size = django_filters.NumberFilter()
    name = django_filters.ChoiceFilter(choices=[("a", "a"), ("b", "b")])


class PlainViewSet(BaseViewSet):
    """Without a search, a filter, an ETag; of something that may not exist."""

    authentication_classes = ()
    permission_classes = (Anyone,)
    throttle_classes = ()
    rows = Rows(id="test_things.id", name="test_things.name", size="test_things.size")
    serializer_class = ThingSerializer
    orderings = {**BaseViewSet.orderings, "name": "name", "size": "size"}
    parent = True

    def get_queryset(self):
        return Thing.objects.exclude(name="hidden")

    def check_parent(self):
        if not self.parent:
            raise not_found()


class ThingViewSet(PlainViewSet):
    filterset_class = ThingFilter
    revision = "revision"

    def search(self, queryset, text):
        return queryset.filter(name__icontains=text)

    def perform_create(self, values, **kwargs):
        return Thing.objects.create(**values).pk

    def perform_update(self, pk, values, expected):
        with transaction.atomic():
            thing = Thing.objects.select_for_update().get(pk=pk)
            if expected is not None and thing.revision != expected:
                raise stale()
            Thing.objects.filter(pk=pk).update(**values, revision=thing.revision + 1)

    def perform_destroy(self, pk, expected):
        Thing.objects.get(pk=pk).delete()


LIST = {"get": "list", "post": "create"}
SINGLE = {"get": "retrieve", "put": "update", "patch": "partial_update", "delete": "destroy"}


BAD_SIZES: tuple[Any, ...] = ("x", 1.5, True, None, -1, 1e300, [1], {})
NO_OBJECTS: tuple[Any, ...] = ([], "x", 5, None)


def call(method, query="", pk=None, body=..., view=ThingViewSet, path="/api/things/", **headers):
    actions = LIST if pk is None else SINGLE
    kwargs = {} if pk is None else {"id": str(pk)}
    data = b"" if body is ... else json.dumps(body)
    request = RequestFactory().generic(
        method,
        path + query,
        data=data,
        content_type="application/json",
        headers={"host": "acme.localhost:8000", **headers},
    )
    answer = view.as_view(actions)(request, **kwargs)
    return answer, json.loads(answer.content) if answer.content else None


@pytest.fixture(autouse=True)
def _things(acme_db):
    make_things()


@pytest.fixture
def seven():
    return Thing.objects.bulk_create(
        Thing(name="ab"[number % 2] + "x" * number, size=number % 3) for number in range(7)
    )


def sizes(found):
    return [row["size"] for row in found["results"]]


@pytest.mark.usefixtures("seven")
class TestList:
    def test_page(self, django_assert_num_queries, seven):
        with django_assert_num_queries(1):
            answer, found = call("GET")
        assert answer.status_code == 200
        assert answer["Content-Type"] == "application/json"
        assert list(found) == ["count", "next", "previous", "results"]
        assert (found["count"], found["next"], found["previous"]) == (7, None, None)
        assert found["results"] == [{"id": one.pk, "name": one.name, "size": one.size} for one in seven]

    def test_links(self):
        path = "/api/tenants/acme/things/"
        _, found = call("GET", "?limit=2&offset=3&ordering=-id&search=x%26", path=path)
        assert found["next"] is None
        start = f"http://acme.localhost:8000{path}?"
        _, found = call("GET", "?limit=2&offset=3&ordering=-id&search=x", path=path)
        assert found["count"] == 6
        assert found["next"] == f"{start}ordering=-id&search=x&limit=2&offset=5"
        assert found["previous"] == f"{start}ordering=-id&search=x&limit=2&offset=1"
        _, found = call("GET", "?limit=4&offset=4")
        assert found["next"] is None
        assert found["previous"] == "http://acme.localhost:8000/api/things/?limit=4&offset=0"

    def test_following_the_links_shows_each_row_once(self, seven):
        seen, query = [], "?limit=3&ordering=size"
        while query:
            _, found = call("GET", query)
            seen += [row["id"] for row in found["results"]]
            query = found["next"] and "?" + found["next"].partition("?")[2]
        assert seen == [one.pk for one in sorted(seven, key=lambda one: (one.size, one.pk))]

    def test_beyond_what_is_counted(self, monkeypatch):
        monkeypatch.setattr(rows_module, "COUNT_LIMIT", 5)
        _, found = call("GET", "?limit=2")
        assert found["count"] is None
        assert found["next"].endswith("?limit=2&offset=2")

    @pytest.mark.parametrize(
        "query", ["?limit=200", "?limit=", "?offset=10000000", "?format=xml", "?limit=007", "?unknown=1"]
    )
    def test_taken(self, query):
        assert call("GET", query)[0].status_code == 200

    @pytest.mark.parametrize(
        "query, attr",
        [(f"?limit={bad}", "limit") for bad in ("0", "-1", "201", "x", "1.5", "1e1", "%D9%A3", "99999999999", "+1")]
        + [(f"?offset={bad}", "offset") for bad in ("-1", "10000001", "x", "9" * 400)]
        + [("?ordering=password", "ordering"), ("?ordering=name,", "ordering"), ("?ordering=--id", "ordering")]
        + [("?ordering=pk", "ordering"), ("?ordering=name__x", "ordering"), ("?size=x", "size"), ("?name=c", "name")],
    )
    def test_refused(self, query, attr):
        answer, found = call("GET", query)
        assert answer.status_code == 400
        assert [error["attr"] for error in found["errors"]] == [attr]

    def test_more_than_one_bad_filter(self):
        _, found = call("GET", "?size=x&name=c")
        assert {error["attr"] for error in found["errors"]} == {"size", "name"}

    @pytest.mark.parametrize(
        "ordering, expected",
        [
            ("size", [0, 0, 0, 1, 1, 2, 2]),
            ("-size", [2, 2, 1, 1, 0, 0, 0]),
            ("-id", [0, 2, 1, 0, 2, 1, 0]),
            ("size,-id", [0, 0, 0, 1, 1, 2, 2]),
            (" size , name ", [0, 0, 0, 1, 1, 2, 2]),
        ],
    )
    def test_ordering(self, ordering, expected):
        assert sizes(call("GET", f"?ordering={ordering}")[1]) == expected

    def test_filter_and_search(self):
        assert sizes(call("GET", "?size=2")[1]) == [2, 2]
        assert call("GET", "?search=%20XXXXX%20")[1]["count"] == 2
        assert call("GET", "?search=")[1]["count"] == 7

    def test_a_list_without_a_search(self):
        answer, found = call("GET", "?search=x", view=PlainViewSet)
        assert (answer.status_code, found["errors"][0]["attr"]) == (400, "search")

    def test_a_list_of_what_does_not_exist(self, monkeypatch):
        monkeypatch.setattr(PlainViewSet, "parent", False)
        assert call("GET", view=PlainViewSet)[0].status_code == 200
        Thing.objects.all().delete()
        assert call("GET", view=PlainViewSet)[0].status_code == 404


@pytest.fixture
def thing():
    return Thing.objects.create(name="one", size=4, revision=8)


class TestSingle:
    def test_retrieve(self, thing, django_assert_num_queries):
        with django_assert_num_queries(1):
            answer, found = call("GET", pk=thing.pk)
        assert (answer.status_code, answer["ETag"]) == (200, '"8"')
        assert found == {"id": thing.pk, "name": "one", "size": 4}
        assert not call("GET", pk=thing.pk, view=PlainViewSet)[0].has_header("ETag")

    @pytest.mark.parametrize("method", ["GET", "PUT", "PATCH", "DELETE"])
    def test_what_is_hidden_is_as_if_not_there(self, method):
        hidden = Thing.objects.create(name="hidden")
        answers = [call(method, pk=pk, body={"name": 5}, **{"if-match": '"0"'}) for pk in (hidden.pk, 10**17)]
        assert [answer.status_code for answer, _ in answers] == [404, 404]
        assert answers[0][1] == answers[1][1]
        assert Thing.objects.get(pk=hidden.pk).revision == 1

    def test_create(self):
        answer, found = call("POST", body={"name": "new", "size": 2, "unknown": 1})
        thing = Thing.objects.get()
        assert (answer.status_code, answer["ETag"]) == (201, '"1"')
        assert found == {"id": thing.pk, "name": "new", "size": 2}

    def test_put_replaces(self, thing):
        answer, found = call("PUT", pk=thing.pk, body={"name": "two"})
        assert (answer.status_code, answer["ETag"]) == (200, '"9"')
        assert found == {"id": thing.pk, "name": "two", "size": 0}

    def test_patch_changes_what_is_named(self, thing):
        assert call("PATCH", pk=thing.pk, body={"name": "two"})[1] == {"id": thing.pk, "name": "two", "size": 4}

    def test_delete(self, thing):
        answer, found = call("DELETE", pk=thing.pk)
        assert (answer.status_code, found) == (204, None)
        assert not Thing.objects.exists()

    @pytest.mark.parametrize("given", ['"8"', 'W/"8"', '"7", "8"', "*", "", ' "8" '])
    def test_if_match(self, thing, given):
        assert call("PATCH", pk=thing.pk, body={"size": 5}, **{"if-match": given})[0].status_code == 200

    @pytest.mark.parametrize("given", ['"7"', '"88"', "8", '"*"', '""', "nonsense"])
    @pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
    def test_if_match_of_something_older(self, thing, given, method):
        answer, found = call(method, pk=thing.pk, body={"name": 5}, **{"if-match": given})
        assert (answer.status_code, found["errors"][0]["code"]) == (412, "stale")
        assert Thing.objects.values_list("name", "size", "revision").get() == ("one", 4, 8)

    @pytest.mark.parametrize(
        "body, attr",
        [
            ({}, "name"),
            ({"name": 5}, "name"),
            ({"name": None}, "name"),
            ({"name": "x" * 21}, "name"),
            ({"name": ""}, "name"),
        ]
        + [({"name": "x", "size": bad}, "size") for bad in BAD_SIZES]
        + [(bad, None) for bad in NO_OBJECTS]
        + [(..., "name")],
    )
    def test_a_bad_body(self, body, attr):
        answer, found = call("POST", body=body)
        assert answer.status_code == 400
        assert [error["attr"] for error in found["errors"]] == [attr]
        assert not Thing.objects.exists()

    def test_a_whole_number_may_be_written_with_a_point(self):
        assert call("POST", body={"name": "x", "size": 3.0})[1]["size"] == 3

    def test_only_json(self, thing):
        request = RequestFactory().post("/", "name=x", content_type="application/x-www-form-urlencoded")
        answer = ThingViewSet.as_view(LIST)(request)
        assert answer.status_code == 415
        assert Thing.objects.count() == 1
