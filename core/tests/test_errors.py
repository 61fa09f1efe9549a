"""Every exception as the one envelope, through a view and through what lies outside of views."""

import json

import psycopg
import pytest
from django.core import exceptions as django_exceptions
from django.db import DataError, IntegrityError, OperationalError, connection, transaction
from django.db.models import ProtectedError
from django.http import Http404, UnreadablePostError
from django.http.multipartparser import MultiPartParserError
from django.test import RequestFactory
from rest_framework import exceptions as drf
from rest_framework.views import APIView

from core import constraints
from core.errors import Fault, Refused, conflict, denied, invalid, not_found, response_for, stale
from core.permissions import Anyone
from core.tests.things import Thing, make_things


def through_a_view(exc, method="get"):
    class View(APIView):
        authentication_classes = ()
        permission_classes = (Anyone,)
        throttle_classes = ()

        def get(self, request):
            raise exc

    return View.as_view()(getattr(RequestFactory(), method)("/"))


def body(answer):
    assert answer["Content-Type"] == "application/json"
    return json.loads(answer.content)


def fault(code, detail, attr=None):
    return {"code": code, "detail": detail, "attr": attr}


UNREADABLE = [fault("bad_request", "The request can't be read.")]
NOT_FOUND = [fault("not_found", "Not found.")]
TWO = Refused([Fault("a", "A.", "x.0"), Fault("b", "B.")], status=422, extra={"problems": [1]})


@pytest.mark.parametrize(
    "exc, status, kind, errors",
    [
        (invalid("Bad.", attr="a.b", code="bad"), 400, "validation_error", [fault("bad", "Bad.", "a.b")]),
        (denied(), 403, "client_error", [fault("permission_denied", "You may not do this.")]),
        (denied("No.", code="quota_exceeded"), 403, "client_error", [fault("quota_exceeded", "No.")]),
        (not_found(), 404, "client_error", NOT_FOUND),
        (conflict("In use.", code="in_use"), 409, "client_error", [fault("in_use", "In use.")]),
        (
            stale(),
            412,
            "client_error",
            [fault("stale", "This has been changed since you read it: read it again.")],
        ),
        (Http404("secret"), 404, "client_error", NOT_FOUND),
        (drf.NotFound("secret"), 404, "client_error", NOT_FOUND),
        (
            django_exceptions.PermissionDenied("secret"),
            403,
            "client_error",
            [fault("permission_denied", "You may not do this.")],
        ),
        (drf.NotAuthenticated("Sign in."), 401, "client_error", [fault("not_authenticated", "Sign in.")]),
        (drf.AuthenticationFailed("Wrong."), 401, "client_error", [fault("authentication_failed", "Wrong.")]),
        (
            drf.AuthenticationFailed({"detail": "Bad token.", "code": "token_not_valid", "messages": [{"x": "y"}]}),
            401,
            "client_error",
            [fault("token_not_valid", "Bad token.")],
        ),
        (drf.MethodNotAllowed("PUT"), 405, "client_error", [fault("method_not_allowed", 'Method "PUT" not allowed.')]),
        (drf.UnsupportedMediaType("a/b"), 415, "client_error", None),
        (drf.ParseError("Broken."), 400, "validation_error", [fault("parse_error", "Broken.")]),
        (drf.Throttled(wait=2.1), 429, "client_error", None),
        (drf.ValidationError("Wrong."), 400, "validation_error", [fault("invalid", "Wrong.")]),
        (
            drf.ValidationError({"a": ["X.", "Y."], "b": {"c": [{}, {"d": ["Z."]}]}, "non_field_errors": ["All."]}),
            400,
            "validation_error",
            [
                fault("invalid", "X.", "a"),
                fault("invalid", "Y.", "a"),
                fault("invalid", "Z.", "b.c.1.d"),
                fault("invalid", "All."),
            ],
        ),
        (drf.ValidationError([{}, {"a": ["X."]}]), 400, "validation_error", [fault("invalid", "X.", "1.a")]),
        (
            drf.ValidationError({"a": {"0": ["X."]}, "b": {"non_field_errors": ["Y."]}}, code="odd"),
            400,
            "validation_error",
            [fault("odd", "X.", "a.0"), fault("odd", "Y.", "b")],
        ),
        (
            django_exceptions.ValidationError({"a": ["X."], "__all__": ["Y."]}),
            400,
            "validation_error",
            [fault("invalid", "X.", "a"), fault("invalid", "Y.")],
        ),
        (
            django_exceptions.ValidationError(["X.", "Y."]),
            400,
            "validation_error",
            [fault("invalid", "X."), fault("invalid", "Y.")],
        ),
        (
            django_exceptions.RequestDataTooBig("big"),
            413,
            "client_error",
            [fault("too_large", "The request is larger than 10 MB.")],
        ),
        (django_exceptions.SuspiciousOperation("hm"), 400, "validation_error", UNREADABLE),
        (django_exceptions.TooManyFieldsSent("many"), 400, "validation_error", UNREADABLE),
        (django_exceptions.BadRequest("hm"), 400, "validation_error", UNREADABLE),
        (MultiPartParserError("hm"), 400, "validation_error", UNREADABLE),
        (UnreadablePostError("gone"), 400, "validation_error", UNREADABLE),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else "",
)
def test_refusals(exc, status, kind, errors):
    for answer in (through_a_view(exc), response_for(exc)):
        assert answer.status_code == status
        found = body(answer)
        assert set(found) == {"type", "errors"}
        assert found["type"] == kind
        if errors is None:
            (error,) = found["errors"]
            assert set(error) == {"code", "detail", "attr"}
        else:
            assert found["errors"] == errors


def test_more_than_one_fault_and_what_stands_beside():
    answer = response_for(TWO)
    assert answer.status_code == 422
    assert body(answer) == {
        "type": "client_error",
        "errors": [fault("a", "A.", "x.0"), fault("b", "B.")],
        "problems": [1],
    }
    assert str(TWO) == "x.0: A.; B."


def test_headers():
    assert through_a_view(drf.Throttled(wait=2.1))["Retry-After"] == "3"
    assert through_a_view(drf.Throttled())["Retry-After"] == "1"
    assert through_a_view(drf.NotAuthenticated())["WWW-Authenticate"] == 'Bearer realm="api"'
    answer = through_a_view(None, method="post")
    assert (answer.status_code, answer["Allow"]) == (405, "GET, HEAD, OPTIONS")


@pytest.mark.parametrize(
    "exc", [ZeroDivisionError("secret"), OperationalError("secret"), IntegrityError("secret"), KeyError("secret")]
)
def test_faults_of_ours(exc, caplog):
    answer = through_a_view(exc)
    assert answer.status_code == 500
    found = body(answer)
    assert found["type"] == "server_error"
    assert found["errors"][0]["code"] == "error"
    assert b"secret" not in answer.content
    (entry,) = caplog.records
    assert entry.exc_info[1] is exc


def caught(call):
    """The exception of a database statement, and the connection as it was before."""
    with pytest.raises(Exception) as found, transaction.atomic():
        call()
    return found.value


@pytest.fixture
def _things(db):
    constraints._messages.cache_clear()
    make_things()


@pytest.mark.usefixtures("_things")
class TestDatabase:
    def check(self, exc, status, *errors):
        answer = through_a_view(exc)
        assert answer.status_code == status
        assert body(answer)["errors"] == list(errors)

    def test_a_constraint_with_a_message(self):
        Thing.objects.create(name="one")
        exc = caught(lambda: Thing.objects.create(name="one"))
        self.check(exc, 409, fault("conflict", "There is such a thing."))

    def test_a_unique_index_without(self):
        with connection.cursor() as cursor:
            cursor.execute("CREATE UNIQUE INDEX test_thing_size ON test_things (size)")
        Thing.objects.create(name="one")
        exc = caught(lambda: Thing.objects.create(name="two"))
        self.check(exc, 409, fault("conflict", "This exists already."))

    def test_a_reference_to_nothing(self):
        def call():
            Thing.objects.create(name="one", part_of_id=7)
            connection.check_constraints()

        detail = "This is in use elsewhere, or what it refers to has just been removed."
        self.check(caught(call), 409, fault("in_use", detail))

    def test_a_constraint_without_a_message_is_a_fault_of_ours(self):
        assert through_a_view(caught(lambda: Thing.objects.create(name="one", size=-1))).status_code == 500

    def test_protected(self):
        whole = Thing.objects.create(name="whole")
        Thing.objects.create(name="part", part_of=whole)
        exc = caught(whole.delete)
        assert isinstance(exc, ProtectedError)
        self.check(exc, 409, fault("in_use", "This is in use by: thing."))

    def test_what_no_column_holds(self):
        exc = caught(lambda: Thing.objects.create(name="x" * 21))
        assert isinstance(exc, DataError)
        self.check(exc, 400, fault("out_of_range", "A value is outside what can be stored."))

    @pytest.mark.parametrize("sqlstate", ["40001", "40P01", "55P03"])
    def test_somebody_else_is_writing(self, sqlstate):
        def call():
            with connection.cursor() as cursor:
                cursor.execute(f"DO $$ BEGIN RAISE EXCEPTION 'x' USING ERRCODE = '{sqlstate}'; END $$")

        self.check(caught(call), 409, fault("conflict", "Somebody else is writing this now: try again."))

    @pytest.mark.parametrize("sqlstate", ["08006", "57P01", "57P02", "57P03", "53300"])
    def test_the_database_is_away(self, sqlstate):
        def call():
            with connection.cursor() as cursor:
                cursor.execute(f"DO $$ BEGIN RAISE EXCEPTION 'secret' USING ERRCODE = '{sqlstate}'; END $$")

        self.check(caught(call), 503, fault("unavailable", "The database does not answer: try again."))

    def test_what_went_on_too_long_is_a_fault_of_ours(self):
        def call():
            with connection.cursor() as cursor:
                cursor.execute("DO $$ BEGIN RAISE EXCEPTION 'secret' USING ERRCODE = '57014'; END $$")

        assert through_a_view(caught(call)).status_code == 500


@pytest.mark.parametrize("text", ["connection refused", "the connection is closed"])
def test_a_connection_that_is_not_there(text):
    exc = OperationalError("secret")
    exc.__cause__ = psycopg.OperationalError(text)
    answer = through_a_view(exc)
    assert (answer.status_code, answer["Retry-After"]) == (503, "1")
    assert body(answer) == {
        "type": "server_error",
        "errors": [fault("unavailable", "The database does not answer: try again.")],
    }


class TestOutsideOfViews:
    """What Django itself answers, on both kinds of hosts."""

    @pytest.mark.parametrize("host", ["localhost", "acme.localhost"])
    @pytest.mark.parametrize("path", ["/nothing/here/", "/api/nothing/", "/api/tenants/acme/nothing/", "/%F0%28"])
    def test_no_such_address(self, client, db, host, path):
        answer = client.get(path, headers={"host": host})
        assert answer.status_code == 404
        assert body(answer) == {"type": "client_error", "errors": NOT_FOUND}

    def test_nul_in_an_address(self, client, db):
        for path in ("/api/%00/", "/health/?a=%00"):
            answer = client.get(path, headers={"host": "localhost"})
            assert (answer.status_code, body(answer)["errors"][0]["code"]) == (400, "nul")

    def test_a_fault_of_a_middleware(self, client, own_database):
        """The companies can't be looked up."""
        client.raise_request_exception = False
        with connection.cursor() as cursor:
            cursor.execute("ALTER TABLE companies RENAME TO elsewhere")
        answer = client.get("/api/me/", headers={"host": "acme.localhost"})
        assert answer.status_code == 500
        assert body(answer)["type"] == "server_error"
        assert b"companies" not in answer.content
