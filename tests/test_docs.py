"""The documentation on both hosts: the OpenAPI document of that host's calls, and two pages that show it offline."""

import io
import json
from pathlib import Path
from urllib.parse import urlsplit

import jsonschema_rs
import pytest
import yaml
from django.core.management import call_command
from django.test import Client
from drf_spectacular import validation

from tests.browser import CHROMIUM, visit
from tests.contract import DOCUMENT, METHODS, document

HOSTS = {"company": "acme.localhost", "public": "localhost"}


def calls(found, host=None):
    """(method, path, operationId) of a document's calls, of those on one kind of host."""
    return {
        (method, path, item[method]["operationId"])
        for path, item in found["paths"].items()
        for method in METHODS
        if method in item and (host is None or host in item[method]["x-hosts"])
    }


def get(path, host):
    return Client().get(path, headers={"host": host})


def test_the_committed_document_is_that_of_the_code():
    output = io.StringIO()
    call_command("spectacular", fail_on_warn=True, stdout=output)
    assert output.getvalue().strip() == DOCUMENT.read_text().strip(), "run `make schema`"


def test_the_document_is_one_of_openapi():
    """Against the specification's own schema, as `spectacular --validate` does, which takes seconds for it."""
    specification = Path(validation.__file__).with_name("openapi_3_1_schema.json")
    jsonschema_rs.validator_for(json.loads(specification.read_bytes())).validate(document())


@pytest.mark.parametrize("kind", HOSTS)
def test_a_host_shows_its_own_calls(acme, kind):
    response = get("/api/schema/", HOSTS[kind])
    assert (response.status_code, response["Content-Type"]) == (200, "application/yaml; charset=utf-8")
    shown = yaml.load(response.content, getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    assert calls(shown) == calls(document(), kind)
    assert shown == get("/api/schema/?as=json", HOSTS[kind]).json()


def test_what_is_on_the_public_host_alone():
    both = calls(document(), "company") & calls(document(), "public")
    assert {path for _, path, _ in both} == {"/api/", "/health/", "/ready/"}
    assert {path for _, path, _ in calls(document(), "public") - both} == {"/api/create-company/"}
    assert calls(document(), "company") | calls(document(), "public") == calls(document())


def test_below_tenants_it_is_the_companys(acme):
    assert get("/api/tenants/acme/schema/", "localhost").content == get("/api/schema/", "acme.localhost").content
    assert get("/api/tenants/acme/docs/", "localhost").status_code == 200


def test_unknown_forms_are_refused(acme):
    assert get("/api/schema/?as=xml", "localhost").json()["errors"][0]["attr"] == "as"


@pytest.mark.parametrize("page", ["docs", "redoc"])
@pytest.mark.parametrize("host", HOSTS.values())
def test_pages_need_nothing_from_elsewhere(acme, page, host):
    response = get(f"/api/{page}/", host)
    assert response["Content-Type"] == "text/html; charset=utf-8"
    policy = dict(part.strip().split(" ", 1) for part in response["Content-Security-Policy"].split(";"))
    assert (policy["default-src"], policy.get("script-src")) == ("'self'", None)
    assert (policy["frame-ancestors"], policy["object-src"], policy["base-uri"]) == ("'none'", "'none'", "'none'")
    text = response.content.decode()
    assert "http" not in text
    assert "<script>" not in text


@pytest.mark.browser
@pytest.mark.skipif(CHROMIUM is None, reason="no chromium")
def test_a_browser_shows_them_offline(servers, tmp_path):
    """Each page on one of the hosts: it is the same on the other, where it reads what that one shows."""
    (server,) = servers()
    for page, host, shown, hidden in (
        ("docs", "acme.localhost", "operations-workflow-upload_definition", "create-company"),
        ("redoc", "localhost", "Create company", "Upload definition"),
    ):
        seen = visit(f"http://{host}:{server.port}/api/{page}/", tmp_path / f"{page}-{host}")
        assert shown in seen.html
        assert hidden not in seen.html
        assert f"http://{host}:{server.port}/api/schema/?as=json" in seen.requested
        assert {urlsplit(url).hostname for url in seen.requested} == {host}
        assert seen.connected
        assert seen.connected <= {"127.0.0.1", "[::1]"}
        assert seen.screenshot.stat().st_size > 20_000
