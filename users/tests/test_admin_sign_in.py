"""Sessions: /admin/login/ of a company and of the platform."""

import pytest
from django.contrib.sessions.models import Session
from django.db import connection
from django_tenants.utils import tenant_context

from tests.people import PASSWORD, Caller, person
from users.models import User
from users.tests.pages import Browser, admin_browser, text_of
from users.tests.test_authentication import INVALID
from users.tests.test_login import login

pytestmark = pytest.mark.usefixtures("cast")

NEW = "an entirely other sentence 8"


@pytest.fixture
def browser(acme):
    return Browser("acme.localhost")


@pytest.fixture
def ada(acme):
    return person("admin", acme)


@pytest.fixture
def operator(acme):
    connection.set_schema_to_public()
    user = User(email="op@example.com", system_roles=["admin"])
    user.set_password(PASSWORD)
    user.save()
    return user


def test_the_way_in(browser, ada):
    away = browser.get("/admin/")
    assert (away.status_code, away.headers["Location"]) == (302, "/admin/login/?next=/admin/")
    page = browser.get("/admin/login/")
    assert "Email address" in text_of(page)
    assert "Acme" in text_of(page)
    there = browser.sign_in("ADA@acme.example")
    assert (there.status_code, there.headers["Location"]) == (302, "/admin/")
    cookie = there.cookies["sessionid"]
    assert (cookie["httponly"], cookie["samesite"], cookie["domain"]) == (True, "Lax", "")
    assert "Recent actions" not in text_of(browser.get("/admin/"))


@pytest.mark.parametrize("email, password", [("ada@acme.example", "x"), ("x@acme.example", PASSWORD), ("", "")])
def test_not_with_wrong_ones(browser, ada, email, password):
    page = browser.sign_in(email, password)
    assert page.status_code == 200
    assert "sessionid" not in page.cookies
    assert browser.get("/admin/").status_code == 302


def test_one_message_for_all_that_is_wrong(browser, ada, acme):
    with tenant_context(acme):
        User.objects.create(email="off@acme.example", password=ada.password, is_active=False, system_roles=["admin"])
    for email, password in [("ada@acme.example", "x"), ("x@acme.example", "x"), ("off@acme.example", PASSWORD)]:
        assert "Wrong email address or password." in text_of(browser.sign_in(email, password))


def test_wrong_passwords_count_as_the_apis_do(browser, ada, acme, settings):
    settings.THROTTLE_BAD_PASSWORDS = "2/day"
    login(Caller(acme), "ada@acme.example", "x")
    browser.sign_in("ada@acme.example", "x")
    assert "Too many wrong passwords" in text_of(browser.sign_in("ada@acme.example"))
    assert browser.get("/admin/").status_code == 302


def test_the_key_of_the_session_changes_at_sign_in(browser, ada, acme):
    with tenant_context(acme):
        from django.contrib.sessions.backends.db import SessionStore

        store = SessionStore()
        store["planted"] = True
        store.save()
    browser.client.cookies["sessionid"] = store.session_key
    browser.sign_in("ada@acme.example")
    assert browser.client.cookies["sessionid"].value != store.session_key
    with tenant_context(acme):
        assert not Session.objects.filter(pk=store.session_key).exists()


def test_does_not_lead_away(browser, ada):
    there = browser.sign_in("ada@acme.example", following="https://evil.example/")
    assert there.headers["Location"] == "/admin/"


@pytest.mark.parametrize("role", ["user", "ticket_admin", "task_worker", "workflow_creator", ()])
def test_others_come_no_further(browser, acme, role):
    user = person(role, acme)
    browser.sign_in(user.email)
    for path in ("/admin/", "/admin/users/user/", "/admin/core/history/"):
        assert browser.get(path).status_code == 302


@pytest.mark.parametrize("change", [{"is_active": False}, {"system_roles": ["user"]}, {"password": "md5$x$x"}], ids=str)
def test_a_session_ends_with_what_it_stands_on(acme, ada, change):
    browser = admin_browser(acme)
    assert browser.get("/admin/").status_code == 200
    with tenant_context(acme):
        User.objects.filter(pk=ada.pk).update(**change)
    assert browser.get("/admin/").status_code == 302


def test_a_suspended_company(acme, browser, ada):
    inside = admin_browser(acme)
    acme.is_active = False
    acme.save()
    assert inside.get("/admin/").status_code == 302
    assert "This company is suspended." in text_of(browser.sign_in("ada@acme.example"))


def test_a_session_is_its_companys(acme, globex, ada):
    key = admin_browser(acme).client.cookies["sessionid"].value
    person("admin", globex)
    other = Browser("globex.localhost")
    other.client.cookies["sessionid"] = key
    assert other.get("/admin/").status_code == 302
    public = Browser("localhost")
    public.client.cookies["sessionid"] = key
    assert public.get("/admin/").status_code == 302


def test_an_operators_session_is_no_way_into_a_company_whose_tables_are_missing(acme, ada, operator):
    inside = Browser("localhost")
    assert inside.sign_in("op@example.com").status_code == 302
    assert inside.get("/admin/").status_code == 200
    connection.set_schema_to_public()
    with connection.cursor() as cursor:
        cursor.execute("ALTER SCHEMA acme RENAME TO elsewhere")
    company = Browser("acme.localhost")
    company.client.cookies["sessionid"] = inside.client.cookies["sessionid"].value
    assert company.get("/admin/").status_code == 302
    assert "Wrong email" in text_of(company.sign_in("op@example.com"))


def test_operators_and_people_of_companies_are_not_the_same(acme, ada, operator):
    platform = Browser("localhost")
    assert "Wrong email" in text_of(platform.sign_in("ada@acme.example"))
    company = Browser("acme.localhost")
    assert "Wrong email" in text_of(company.sign_in("op@example.com"))


def test_a_session_is_no_token(acme, api):
    browser = admin_browser(acme)
    assert browser.get("/api/me/").status_code == 401


def test_admin_is_not_below_a_path(acme):
    browser = admin_browser(acme)
    assert browser.get("/api/tenants/acme/admin/").status_code == 404


def test_signing_out(acme):
    browser = admin_browser(acme)
    assert browser.send("/admin/logout/", {}, at="/admin/").status_code == 200
    assert browser.get("/admin/").status_code == 302


def test_changing_ones_password(acme, api):
    caller, here, there = api("admin"), admin_browser(acme), admin_browser(acme)
    path = "/admin/password_change/"
    wrong = here.send(path, {"old_password": "x", "new_password1": NEW, "new_password2": NEW})
    assert "This is not your password." in text_of(wrong)
    weak = here.send(path, {"old_password": PASSWORD, "new_password1": "1234", "new_password2": "1234"})
    assert "This password is too short." in text_of(weak)
    assert caller.get("/api/me/").status_code == 200
    done = here.send(path, {"old_password": PASSWORD, "new_password1": NEW, "new_password2": NEW})
    assert done.status_code == 302
    assert here.get("/admin/").status_code == 200
    assert there.get("/admin/").status_code == 302
    assert caller.get("/api/me/").json() == INVALID
    assert login(caller, "ada@acme.example", NEW).status_code == 200
