"""Webhooks and deliveries in the company's admin site, to look at."""

import pytest

from tests.jobs import run_jobs
from workflow_ops.models import Webhook
from workflow_ops.tests.outside import Said
from workflow_ops.tests.test_admin import PAGES, browser, page_of

__all__ = ["browser"]


@pytest.fixture
def hook(api, acme_db, outside):
    """A webhook whose first message was not taken."""
    outside.says(Said(500, {"why": "no"}))
    body = {"url": outside.url, "events": ["ticket.created"], "description": "<b>CRM</b>"}
    made = api("admin").post("/api/webhooks/", body).json()
    delivery = api("admin").post(f"/api/webhooks/{made['id']}/test/").json()
    run_jobs()
    return {**made, "delivery": delivery["id"]}


def test_webhooks(browser, hook, outside):
    page = page_of(browser, "webhook", hook["id"])
    for shown in (outside.url, "ticket.created", "webhook.tested", "webhook.created", "The answer was 500."):
        assert shown in page
    raw = browser.get(f"{PAGES}webhook/{hook['id']}/change/").content.decode()
    for hidden in ("<b>CRM", hook["secret"], Webhook.objects.get().sealed):
        assert hidden not in raw


def test_deliveries(browser, hook):
    page = page_of(browser, "webhookdelivery", hook["delivery"])
    for shown in ("webhook.test", "Pending", "The answer was 500.", '"why": "no"', '"webhook-signature": "********"'):
        assert shown in page


def test_nothing_can_be_written(browser, hook):
    for kind, pk in (("webhook", hook["id"]), ("webhookdelivery", hook["delivery"])):
        assert browser.get(f"{PAGES}{kind}/").status_code == 200
        assert browser.get(f"{PAGES}{kind}/add/").status_code == 403
        assert browser.get(f"{PAGES}{kind}/{pk}/delete/").status_code == 403
        assert browser.send(f"{PAGES}{kind}/{pk}/change/", {"is_active": "false"}, at="/admin/").status_code == 403
