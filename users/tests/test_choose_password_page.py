"""/password/{uid}/{token}/: the page that mails lead to."""

import pytest
from django.test import Client
from django.utils.http import urlsafe_base64_encode
from django_tenants.utils import tenant_context

from tests.people import PASSWORD, Caller, person
from users.models import User
from users.services import links
from users.tests.test_login import login

pytestmark = pytest.mark.usefixtures("cast")

NEW = "an entirely other sentence 8"


@pytest.fixture
def browser():
    return Client(headers={"host": "acme.localhost"}, enforce_csrf_checks=True)


@pytest.fixture
def uma(acme):
    return person("user", acme)


@pytest.fixture(params=[links.RESET, links.INVITE], ids=["reset", "invite"])
def address(request, acme, uma):
    with tenant_context(acme):
        return f"/password/{urlsafe_base64_encode(str(uma.pk).encode())}/{request.param.make_token(uma)}/"


def send(browser, address, password, again=None):
    token = browser.get(address).context["csrf_token"]
    values = {"password": password, "again": password if again is None else again, "csrfmiddlewaretoken": str(token)}
    return browser.post(address, values)


def test_shows_a_form_and_uses_nothing_up(browser, address, acme):
    for _ in range(2):
        page = browser.get(address)
        assert page.status_code == 200
        assert page.headers["Cache-Control"] == "no-store"
        text = page.content.decode()
        assert "<h1>Acme</h1>" in text
        assert "uma@acme.example" in text
        assert text.count('type="password"') == 2
        assert "<script" not in text


def test_sets_the_password(browser, address, acme):
    page = send(browser, address, NEW)
    assert page.status_code == 200
    assert "Your password is set" in page.content.decode()
    assert login(Caller(acme), "uma@acme.example", NEW).status_code == 200
    again = browser.get(address)
    assert again.status_code == 400
    assert "not valid, or not any more" in again.content.decode()


@pytest.mark.parametrize(
    "password, again, why",
    [
        (NEW, "other", "This is not the same."),
        ("1234", None, "This password is too short."),
        ("uma@acme.example", None, "too similar"),
        ("", None, "This field is required."),
    ],
)
def test_refused(browser, address, acme, password, again, why):
    page = send(browser, address, password, again)
    assert page.status_code == 400
    assert why in page.content.decode()
    assert login(Caller(acme), "uma@acme.example", PASSWORD).status_code == 200
    assert send(browser, address, NEW).status_code == 400, "signing in has ended the link"


def test_needs_the_forms_own_token(browser, address, acme):
    assert browser.post(address, {"password": NEW, "again": NEW}).status_code == 403
    assert login(Caller(acme), "uma@acme.example", PASSWORD).status_code == 200


def test_not_in_another_company(address, globex):
    assert Client(headers={"host": "globex.localhost"}).get(address).status_code == 400


def test_not_on_the_public_host(address):
    assert Client(headers={"host": "localhost"}).get(address).status_code == 404


def test_not_in_a_suspended_company(browser, address, acme, uma):
    acme.is_active = False
    acme.save()
    page = browser.get(address)
    assert (page.status_code, "This company is suspended." in page.content.decode()) == (403, True)


def test_markup_is_text(browser, address, acme):
    acme.name = "<script>alert(1)</script>"
    acme.save()
    assert "&lt;script&gt;alert(1)" in browser.get(address).content.decode()


def test_a_disabled_person(browser, address, acme, uma):
    with tenant_context(acme):
        User.objects.update(is_active=False)
    assert browser.get(address).status_code == 400
