"""The company's admin site: people, roles, the company, history."""

import html

import pytest
from django_tenants.utils import tenant_context

from core.models import History
from tenants.models import Company
from tests.people import person
from users.mail import wait_until_sent
from users.models import CompanyRole, User
from users.tests.pages import admin_browser, text_of
from users.tests.test_authentication import INVALID

pytestmark = pytest.mark.usefixtures("cast")


@pytest.fixture(scope="module")
def files_browser(cast):
    return admin_browser(cast["admin"].company)


@pytest.fixture
def browser(acme, files_browser):
    return files_browser.again()


@pytest.fixture
def buyer(acme):
    with tenant_context(acme):
        return CompanyRole.objects.create(name="buyer")


def form(user, **changes):
    return {
        "email": user.email,
        "first_name": user.first_name,
        "last_name": user.last_name,
        "system_roles": user.system_roles,
        "is_active": "on",
        **changes,
    }


def page_of(user):
    return f"/admin/users/user/{user.pk}/change/"


def test_the_list(browser, acme, globex, buyer):
    person("user", acme), person("user", globex)
    text = text_of(browser.get("/admin/users/user/"))
    assert "uma@acme.example" in text
    assert "globex" not in text
    assert "ada" not in text_of(browser.get("/admin/users/user/", q="um")).partition("2 people")[2]
    found = text_of(browser.get("/admin/users/user/", system_role="user"))
    assert "uma@acme.example" in found
    assert "Company admin" in text
    assert browser.get("/admin/users/user/", company_role=buyer.pk).status_code == 200
    assert browser.get("/admin/users/user/", company_role="x").status_code == 200
    assert browser.get("/admin/users/user/", q="'&|").status_code == 200


def test_an_invitation(browser, acme, buyer, mailoutbox, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        there = browser.send(
            "/admin/users/user/add/",
            {"email": "New@acme.example", "system_roles": ["user"], "company_roles": [buyer.pk], "is_active": "on"},
        )
    wait_until_sent()
    assert there.status_code == 302
    with tenant_context(acme):
        user = User.objects.get(email="new@acme.example")
        assert (user.system_roles, [role.name for role in user.company_roles.all()]) == (["user"], ["buyer"])
        event = History.objects.get(event="user.created", subject_id=user.pk)
        assert event.actor == "ada@acme.example"
    assert [mail.to for mail in mailoutbox] == [["new@acme.example"]]


def test_a_taken_address(browser, acme):
    page = browser.send("/admin/users/user/add/", {"email": "ADA@acme.example", "is_active": "on"})
    assert page.status_code == 200
    assert "Somebody with this email address exists already." in text_of(page)


def test_a_change(browser, acme, buyer, api):
    uma = api("user")
    changed = form(uma.user, last_name="<b>Karl</b>", company_roles=[buyer.pk])
    assert browser.send(page_of(uma.user), changed).status_code == 302
    assert uma.get("/api/me/").json()["company_roles"] == ["everyone", "buyer"]
    with tenant_context(acme):
        assert History.objects.get(event="user.changed").detail == {
            "last_name": {"before": "", "after": "<b>Karl</b>"},
            "company_roles": {"before": [], "after": ["buyer"]},
        }
    page = browser.get(page_of(uma.user))
    assert 'last_name: "" → "<b>Karl</b>"' in text_of(page)
    assert "<b>Karl</b>" not in page.content.decode()
    assert 'last_name: "" → "<b>Karl</b>"' in text_of(browser.get(f"/admin/users/user/{uma.user.pk}/history/"))


def test_nothing_changed_is_no_history(browser, acme):
    uma = person("user", acme)
    assert browser.send(page_of(uma), form(uma)).status_code == 302
    with tenant_context(acme):
        assert not History.objects.filter(event="user.changed").exists()


def test_what_others_changed_meanwhile_stays(browser, acme, api):
    """Only what was changed on the page is written."""
    uma = person("user", acme)
    sent = form(uma, last_name="Karl")
    with tenant_context(acme):
        User.objects.filter(pk=uma.pk).update(first_name="Umberta")
    sent["first_name"] = "Umberta"
    assert browser.send(page_of(uma), sent).status_code == 302
    with tenant_context(acme):
        assert list(History.objects.get(event="user.changed").detail) == ["last_name"]


def test_switching_somebody_off(browser, api):
    uma = api("user")
    values = form(uma.user)
    del values["is_active"]
    assert browser.send(page_of(uma.user), values).status_code == 302
    assert uma.get("/api/me/").json() == INVALID


def test_the_last_admin_stays(browser, acme):
    ada = person("admin", acme)
    page = browser.send(page_of(ada), form(ada, system_roles=["user"]))
    assert page.status_code == 200
    assert "This is the last active admin" in text_of(page)
    values = form(ada)
    del values["is_active"]
    assert "This is the last active admin" in text_of(browser.send(page_of(ada), values))
    with tenant_context(acme):
        user = User.objects.get(pk=ada.pk)
        assert (user.system_roles, user.is_active) == (["admin"], True)
        assert not History.objects.filter(event="user.changed").exists()


def test_nobody_is_deleted(browser, acme):
    uma = person("user", acme)
    assert browser.get(f"/admin/users/user/{uma.pk}/delete/").status_code == 403
    assert "Delete" not in text_of(browser.get(page_of(uma)))


def test_roles(browser, acme):
    added = browser.send("/admin/users/companyrole/add/", {"name": "buyer", "description": ""})
    assert added.status_code == 302
    with tenant_context(acme):
        role = CompanyRole.objects.get(name="buyer")
    page = f"/admin/users/companyrole/{role.pk}/change/"
    assert browser.send(page, {"name": "purchaser", "description": "Buys."}).status_code == 302
    assert "This role exists already." in text_of(
        browser.send("/admin/users/companyrole/add/", {"name": "PURCHASER", "description": ""})
    )
    assert browser.send(f"/admin/users/companyrole/{role.pk}/delete/", {"post": "yes"}).status_code == 302
    with tenant_context(acme):
        events = History.objects.filter(subject_id=role.pk, event__startswith="company_role.").order_by("pk")
        assert [row.event for row in events] == [
            "company_role.created",
            "company_role.changed",
            "company_role.deleted",
        ]


def test_roles_that_stay(browser, acme, buyer):
    with tenant_context(acme):
        person("user", acme).company_roles.add(buyer)
        everyone = CompanyRole.objects.get(name="everyone")
    for role, why in [(buyer, "people have it"), (everyone, "Everybody has this role")]:
        there = browser.send(f"/admin/users/companyrole/{role.pk}/delete/", {"post": "yes"})
        assert there.status_code == 302
        assert why in text_of(browser.get(there.headers["Location"]))
    page = browser.send(f"/admin/users/companyrole/{everyone.pk}/change/", {"name": "all", "description": ""})
    assert "Everybody has this role" in text_of(page)
    with tenant_context(acme):
        assert CompanyRole.objects.count() == 2


def test_the_company(browser, acme, globex):
    page = browser.get("/admin/tenants/company/")
    assert "Acme" in text_of(page)
    assert "Globex" not in text_of(page)
    assert browser.get(f"/admin/tenants/company/{globex.pk}/change/").status_code == 302
    path = f"/admin/tenants/company/{acme.pk}/change/"
    assert browser.send(path, {"name": "Acme & Sons", "slug": "x", "plan": "FREE"}).status_code == 302
    company = Company.objects.get(pk=acme.pk)
    assert (company.name, company.slug, company.plan_id) == ("Acme & Sons", "acme", "ENTERPRISE")
    with tenant_context(acme):
        assert History.objects.get(event="company.renamed").actor == "ada@acme.example"
    assert 'to: "Acme & Sons"' in text_of(browser.get(path))


def test_history_is_for_reading(browser, acme):
    browser.send("/admin/users/companyrole/add/", {"name": "buyer", "description": ""})
    text = text_of(browser.get("/admin/core/history/"))
    assert "company_role.created" in text
    with tenant_context(acme):
        pk = History.objects.latest("pk").pk
    assert "Save" not in text_of(browser.get(f"/admin/core/history/{pk}/change/"))
    assert browser.get("/admin/core/history/add/").status_code == 403
    assert browser.get(f"/admin/core/history/{pk}/delete/").status_code == 403
    assert browser.get("/admin/core/history/", q="buyer", event="company_role.created").status_code == 200


def test_what_is_there_and_what_is_not(browser):
    text = text_of(browser.get("/admin/"))
    for name in ("Users", "Company roles", "Companies", "History", "Workflows", "Tasks", "Transitions", "Ticket types"):
        assert name in text
    assert "Not available" not in text
    for path in ("/admin/tenants/domain/", "/admin/tenants/plan/", "/admin/auth/group/", "/admin/users/tokenfamily/"):
        assert browser.get(path).status_code == 404


def test_definitions_are_for_reading_and_markup_is_text(browser, api):
    title = "<script>alert(1)</script>"
    made = api("workflow_creator").post("/api/workflow/workflows/", {"key": "x", "title": title})
    assert made.status_code == 201
    path = "/admin/workflow_design/workflowdefinition/"
    for page in (browser.get(path), browser.get(f"{path}{made.json()['id']}/change/")):
        assert page.status_code == 200
        assert title not in page.content.decode()
        assert title in html.unescape(page.content.decode())
        assert "Save" not in text_of(page)
    assert "workflow.created" in text_of(browser.get(f"{path}{made.json()['id']}/change/"))
    assert browser.get(f"{path}add/").status_code == 403
