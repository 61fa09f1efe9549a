"""Versions in the company's admin: to look at."""

import pytest

from users.tests.pages import admin_browser, text_of
from workflow_design.models import WorkflowVersion
from workflow_design.tests.documents import PURCHASE, UPLOAD, WORKFLOWS

LIST = "/admin/workflow_design/workflowversion/"


@pytest.fixture
def version(alice, acme, in_company):
    workflow = alice.post(UPLOAD, PURCHASE).json()["workflow"]["id"]
    alice.post(f"{WORKFLOWS}{workflow}/publish/", {"note": "<b>First</b>"})
    with in_company(acme):
        return WorkflowVersion.objects.get().pk


@pytest.fixture
def browser(acme):
    return admin_browser(acme)


def test_list(browser, version):
    page = browser.get(LIST)
    assert page.status_code == 200
    assert "&lt;b&gt;First&lt;/b&gt;" in page.content.decode()
    assert "Purchase approval" in text_of(page)


def test_one_with_the_history_of_its_workflow(browser, version):
    page = browser.get(f"{LIST}{version}/change/")
    assert page.status_code == 200
    assert "ticketflower/1" in text_of(page)
    assert "workflow.published" in text_of(page)
    assert "content_hash" not in text_of(page)
    assert "workflow.published" in text_of(browser.get(f"{LIST}{version}/history/"))


def test_nobody_writes_them(browser, version, acme, in_company):
    for page in ("add/", f"{version}/delete/"):
        assert browser.get(f"{LIST}{page}").status_code == 403
    assert browser.send(f"{LIST}{version}/change/", {"note": "x"}, at=LIST).status_code == 403
    with in_company(acme):
        assert WorkflowVersion.objects.get().note == "<b>First</b>"
