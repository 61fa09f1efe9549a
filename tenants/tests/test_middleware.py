"""Which company a request is for, by host and by path."""

import pytest
from django.conf import settings
from django.db import connection
from django.http import HttpResponse
from django.test import RequestFactory

from tenants import hosts
from tenants.middleware import CompanyMiddleware
from tenants.models import Company, Domain


class Seen:
    """What a view would have seen."""

    company = path_info = path = urlconf = schema = None
    called = False


def send(path="/api/me/", host="localhost", **meta):
    seen = Seen()

    def view(request):
        seen.called = True
        seen.company, seen.path_info, seen.path = request.company, request.path_info, request.path
        seen.urlconf = request.urlconf if hasattr(request, "urlconf") else None
        with connection.cursor() as cursor:
            cursor.execute("SELECT current_schema()")
            (seen.schema,) = cursor.fetchone()
        return HttpResponse("seen")

    answer = CompanyMiddleware(view)(RequestFactory().get(path, headers={"host": host}, **meta))
    return answer, seen


def assert_unknown(answer, seen):
    assert not seen.called
    assert answer.status_code == 404
    assert (
        answer.content == b'{"type":"client_error","errors":[{"code":"not_found","detail":"Not found.","attr":null}]}'
    )


@pytest.mark.parametrize(
    "host",
    [
        "acme.localhost",
        "acme.localhost:8000",
        "ACME.LocalHost",
        "acme.localhost.",
        "acme.localhost.:8000",
        "AcMe.LOCALHOST:1",
    ],
)
def test_by_host(acme, host):
    answer, seen = send(host=host)
    assert answer.content == b"seen"
    assert (seen.company, seen.schema, seen.urlconf) == (acme, "acme", settings.ROOT_URLCONF)
    assert (seen.path_info, seen.path) == ("/api/me/", "/api/me/")


@pytest.mark.parametrize(
    "host",
    ["localhost", "localhost:8000", "LOCALHOST", "localhost.", "127.0.0.1", "127.0.0.1:80", "[::1]", "[::1]:8000"],
)
def test_the_public_host(db, host):
    answer, seen = send(host=host)
    assert answer.content == b"seen"
    assert (seen.company, seen.schema, seen.urlconf) == (None, "public", settings.PUBLIC_SCHEMA_URLCONF)


@pytest.mark.parametrize(
    "host",
    [
        "nobody.localhost",
        "acme.localhost.evil.example",
        "xacme.localhost",
        "localhost.acme",
        "acme",
        "[::2]",
        "[::1",
        "::1",
    ]
    + ["acme.localhost:80:80", "acme..localhost", "acme.localhost..", "acme localhost", "acme_localhost", "a" * 300]
    + ["0x7f.1", "", ".", ":", ":80", "acme.localhost:x", "acme.localhost/", "user@acme.localhost"],
)
def test_unknown_hosts(db, host):
    assert_unknown(*send(host=host))


def test_another_domain_of_a_company(acme):
    Domain.objects.create(domain="tickets.acme.example", tenant=acme, is_primary=False)
    assert send(host="tickets.acme.example")[1].company == acme


@pytest.mark.parametrize(
    "host", ["localhost", "globex.localhost", "acme.localhost", "unknown.example", "[::1]:80", "::bad"]
)
@pytest.mark.parametrize("by", ["slug", "id"])
def test_by_path_whatever_the_host(acme, host, by):
    key = acme.slug if by == "slug" else acme.pk
    answer, seen = send(f"/api/tenants/{key}/workflow/tasks/7/", host=host)
    assert answer.content == b"seen"
    assert (seen.company, seen.schema, seen.urlconf) == (acme, "acme", settings.ROOT_URLCONF)
    assert seen.path_info == "/api/workflow/tasks/7/"
    assert seen.path == f"/api/tenants/{key}/workflow/tasks/7/"


@pytest.mark.parametrize(
    "key",
    [
        "initech",
        "0",
        "-1",
        "999999999",
        "9" * 18,
        "9" * 19,
        "9" * 400,
        "ACME",
        "acme%20",
        "",
        "a'b",
        "%C2%B2",
        "%D9%A1",
    ]
    + ["1.0", "+1", "1e0", "x" * 300, "public", "spare_1", "acme;", "%FF"],
)
def test_by_path_to_nobody(acme, key):
    assert_unknown(*send(f"/api/tenants/{key}/me/", host="acme.localhost"))


def test_one_company_in_a_path_and_no_second(acme, globex):
    _, seen = send("/api/tenants/acme/tenants/globex/me/")
    assert (seen.company, seen.path_info) == (acme, "/api/tenants/globex/me/")


def test_other_paths_go_by_host(acme, globex):
    _, seen = send("/admin/tenants/globex/", host="acme.localhost")
    assert (seen.company, seen.path_info) == (acme, "/admin/tenants/globex/")


@pytest.mark.parametrize("path", ["/health/", "/ready/"])
def test_probes_may_call_the_server_what_they_like(path, django_assert_num_queries, db):
    answer, seen = send(path, host="10.0.0.17:8000")
    assert answer.content == b"seen"
    assert seen.company is None


def test_the_connection_is_left_on_public(acme):
    send(host="acme.localhost")
    assert connection.schema_name == "public"
    with pytest.raises(ZeroDivisionError):
        CompanyMiddleware(lambda request: 1 / 0)(RequestFactory().get("/", headers={"host": "acme.localhost"}))
    assert connection.schema_name == "public"


def test_what_a_thread_did_before_does_not_matter(acme):
    connection.set_tenant(acme)
    _, seen = send(host="localhost")
    assert (seen.company, seen.schema) == (None, "public")


class TestCache:
    def test_one_look_up_for_many_requests(self, acme, django_assert_num_queries):
        hosts.company_for_host("acme.localhost")
        with django_assert_num_queries(0):
            assert hosts.company_for_host("acme.localhost").plan.key == "ENTERPRISE"

    def test_what_is_not_there_is_not_remembered(self, acme):
        assert hosts.company_for_key("later") is None
        Company.objects.filter(pk=acme.pk).update(slug="later")
        assert hosts.company_for_key("later") == acme

    def test_forgotten(self, acme):
        hosts.company_for_key("acme")
        Company.objects.filter(pk=acme.pk).update(name="Renamed")
        assert hosts.company_for_key("acme").name == "Acme"
        hosts.forget()
        assert hosts.company_for_key("acme").name == "Renamed"

    def test_from_a_companys_schema(self, acme_db):
        assert hosts.company_for_key("globex").slug == "globex"
