"""Subscribing addresses to what happens: who may, what is kept, what is told when."""

import json
from contextlib import suppress
from threading import Barrier, BrokenBarrierError, Event

import pytest
from django.db import connection, transaction
from django_tenants.utils import tenant_context
from standardwebhooks import Webhook as Verifier

from core.errors import Refused
from core.models import History
from tests.jobs import run_jobs, waiting_jobs
from tests.parallel import at_once
from tests.people import person
from workflow_design.services.upload import Options, upload
from workflow_ops.models import Ticket, Webhook, WebhookDelivery, WebhookEvent
from workflow_ops.services.tickets import ticket_open
from workflow_ops.services.webhooks import MAX_WEBHOOKS, webhook_create, webhook_delete
from workflow_ops.tests.documents import TASKS, TICKETS, flow, statements

pytestmark = pytest.mark.usefixtures("desk")

WEBHOOKS = "/api/webhooks/"
ALL = list(WebhookEvent.values)


@pytest.fixture
def ada(api):
    """Is the company's admin."""
    return api("admin")


@pytest.fixture
def subscribe(ada, acme_db):
    """`subscribe(url, *events)`: the webhook, with its secret."""

    def subscribe(url="https://crm.example/hooks", *events, **more):
        made = ada.post(WEBHOOKS, {"url": url, "events": list(events) or ALL, **more})
        assert made.status_code == 201, made.content
        return made.json()

    return subscribe


def told():
    """(event, data) of every delivery that was made, in order."""
    return [(row.event, json.loads(row.body)["data"]) for row in WebhookDelivery.objects.order_by("pk")]


def events():
    return [event for event, _ in told()]


# --- Subscribing ---


def test_a_secret_is_shown_once(subscribe, ada, acme):
    made = subscribe("https://crm.example/hooks", "task.opened", "ticket.created", description="CRM")
    assert made == {
        "id": made["id"],
        "company": "acme",
        "url": "https://crm.example/hooks",
        "events": ["ticket.created", "task.opened"],
        "is_active": True,
        "description": "CRM",
        "previous_secret_until": None,
        "failing_since": None,
        "paused_until": None,
        "created_by": ada.user.pk,
        "created_at": made["created_at"],
        "updated_at": made["updated_at"],
        "secret": made["secret"],
    }
    secret = made.pop("secret")
    assert secret.startswith("whsec_")
    assert ada.get(f"{WEBHOOKS}{made['id']}/").json() == made
    assert ada.get(WEBHOOKS).json()["results"] == [made]
    webhook = Webhook.objects.get()
    assert secret.removeprefix("whsec_") not in webhook.sealed
    assert secret not in str(list(History.objects.values()))


@pytest.mark.parametrize(
    ("body", "attr"),
    [
        ({"url": "crm.example/hooks"}, "url"),
        ({"url": "ftp://crm.example/"}, "url"),
        ({"url": "https://me:secret@crm.example/"}, "url"),
        ({"url": "https://crm.example/a b"}, "url"),
        ({"url": "https://crm.example/" + "x" * 2000}, "url"),
        ({"url": 5}, "url"),
        ({"events": []}, "events"),
        ({"events": ["ticket.eaten"]}, "events.0"),
        ({"events": ["webhook.test"]}, "events.0"),
        ({"events": "ticket.created"}, "events"),
        ({"is_active": "yes"}, "is_active"),
        ({"description": "x" * 256}, "description"),
    ],
)
def test_what_is_refused(body, attr, ada, acme_db):
    answer = ada.post(WEBHOOKS, {"url": "https://crm.example/", "events": ["ticket.created"], **body})
    assert (answer.status_code, answer.json()["errors"][0]["attr"]) == (400, attr)
    assert not Webhook.objects.exists()


def test_changing_and_removing(subscribe, ada):
    one = f"{WEBHOOKS}{subscribe(description='CRM')['id']}/"
    sealed = Webhook.objects.get().sealed
    changed = ada.patch(one, {"events": ["incident.opened"], "is_active": False}).json()
    assert (changed["events"], changed["is_active"], changed["description"]) == (["incident.opened"], False, "CRM")
    assert "secret" not in changed
    replaced = ada.put(one, {"url": "https://other.example/?token=t", "events": ["ticket.created"]}).json()
    assert (replaced["url"], replaced["is_active"]) == ("https://other.example/?token=t", True)
    assert replaced["description"] == ""
    assert Webhook.objects.get().sealed == sealed
    assert ada.patch(one, {"url": "nowhere"}).status_code == 400
    assert ada.delete(one).status_code == 204
    assert ada.get(one).status_code == 404
    done = [(row.event, row.actor) for row in History.objects.filter(subject_type="webhook").order_by("pk")]
    assert done == [(f"webhook.{what}", ada.user.email) for what in ("created", "changed", "changed", "deleted")]
    assert "token=t" not in str(list(History.objects.values_list("detail")))


def test_at_most_twenty(subscribe, ada):
    for _ in range(MAX_WEBHOOKS):
        subscribe()
    answer = ada.post(WEBHOOKS, {"url": "https://crm.example/", "events": ["ticket.created"]})
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (409, "too_many")
    assert Webhook.objects.count() == MAX_WEBHOOKS


def test_at_most_twenty_at_once(own_database, acme):
    given = {"user": None, "url": "https://crm.example/", "events": ["ticket.created"]}
    with tenant_context(acme):
        for _ in range(MAX_WEBHOOKS - 1):
            webhook_create(**given)

    all_four = Barrier(4)

    def one_more(_):
        with tenant_context(acme), transaction.atomic():
            made = webhook_create(**given)
            # Nobody commits before the others had their chance to add one too.
            with suppress(BrokenBarrierError):
                all_four.wait(timeout=0.5)
            return made

    refused = [answer for answer in at_once(4, one_more) if isinstance(answer, Refused)]
    assert [(answer.status, answer.faults[0].code) for answer in refused] == [(409, "too_many")] * 3
    with tenant_context(acme):
        assert Webhook.objects.count() == MAX_WEBHOOKS


def test_one_that_is_removed_just_when_it_is_to_be_told(own_database, acme):
    """The ticket is opened all the same."""
    with tenant_context(acme):
        alice, uma = person("workflow_creator", acme), person("user", acme)
        document = flow("plain", ["one"], [(None, "one"), ("one", None)])
        upload(user=alice, document=document, options=Options(publish=True, accept_unproved=True))
        webhook, _ = webhook_create(user=alice, url="https://crm.example/", events=ALL)
    removed = Event()

    def waiting():
        """Whether somebody waits for a lock of ours."""
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted")
            return cursor.fetchone()[0] > 0

    def act(number):
        with tenant_context(acme):
            if number:
                assert removed.wait(20)
                return ticket_open(user=uma, ticket_definition="plain", data={})
            with transaction.atomic():
                webhook_delete(user=alice, webhook_id=webhook.pk)
                removed.set()
                return any(waiting() or Event().wait(0.02) for _ in range(1000))

    waited, ticket = at_once(2, act)
    assert waited is True
    assert isinstance(ticket, Ticket), ticket
    with tenant_context(acme):
        assert (Webhook.objects.count(), WebhookDelivery.objects.count(), waiting_jobs()) == (0, 0, [])


def test_rotating(subscribe, ada):
    made = subscribe()
    rotate = f"{WEBHOOKS}{made['id']}/rotate-secret/"
    new = ada.post(rotate, {"hours": 2}).json()
    assert new["secret"] != made["secret"]
    assert new["previous_secret_until"] > new["updated_at"]
    assert ada.post(rotate, {"hours": 0}).json()["previous_secret_until"] is None
    for hours in (-1, 721, "2", 1.5, None, True):
        assert ada.post(rotate, {"hours": hours}).status_code == 400
    assert History.objects.filter(event="webhook.secret_rotated").count() == 2


# --- What is told when ---


def test_a_ticket_from_beginning_to_end(subscribe, publish, start, done):
    publish(flow("pair", ["first", "second"], [(None, "first"), ("first", "second"), ("second", None)]))
    subscribe()
    ticket = start("pair")
    assert done(done(ticket, "first")["ticket"], "second")["ticket"]["status"] == "COMPLETED"
    assert events() == [
        *("ticket.created", "task.opened", "task.completed", "task.opened", "task.completed", "ticket.completed")
    ]
    first, opened, completed, *_, closed = [data for _, data in told()]
    execution = first["execution"]["id"]
    about = {
        "ticket": {"id": ticket["id"], "number": ticket["number"], "status": "IN_PROGRESS"},
        "execution": {"id": execution, "status": "IN_PROGRESS"},
        "workflow": {"key": "pair", "version": 1},
    }
    task = {"id": ticket["open_tasks"][0]["id"], "number": opened["task"]["number"], "key": "first"}
    assert first == about
    assert opened == {**about, "task": {**task, "status": "OPEN"}}
    assert completed == {**about, "task": {**task, "status": "COMPLETED"}}
    assert (closed["ticket"]["status"], closed["execution"]["status"]) == ("COMPLETED", "COMPLETED")


def test_a_cancelled_ticket(subscribe, ask, uma):
    ticket = ask()
    subscribe()
    assert uma.post(f"{TICKETS}{ticket['id']}/cancel/").status_code == 200
    assert [(event, data["ticket"]["status"]) for event, data in told()] == [("ticket.cancelled", "CANCELLED")]


def test_an_execution_without_a_ticket(subscribe, publish, alice):
    pk = publish(flow("plain", ["one"], [(None, "one"), ("one", None)]))
    subscribe()
    alice.post(f"/api/workflow/workflows/{pk}/execute/", {"input": {}})
    assert [(event, data["ticket"]) for event, data in told()] == [("task.opened", None)]


def test_incidents_and_computed_tasks(subscribe, publish, start):
    compute = {"task_type": "SYNC_ACTION", "action": "compute"}
    integer = {"type": "object", "properties": {"n": {"type": "integer"}}}
    tasks = [
        ("fine", {**compute, "output_transform": {"n": 1}, "output_schema": integer}),
        ("wrong", {**compute, "output_transform": {"n": {"$": {"var": "_data.given"}}}, "output_schema": integer}),
    ]
    links = [(None, "fine"), ("fine", "wrong"), ("wrong", None)]
    document = flow("sums", tasks, links, fields=[{"FieldName": "given", "FieldType": "json"}])
    publish({**document, "tickets": [{"key": "sums", "title": "Sums", "fields": {"given": None}}]})
    subscribe()
    ticket = start("sums", given="one")
    assert events() == ["ticket.created", "task.completed", "incident.opened"]
    (_, _), (_, computed), (_, stopped) = told()
    assert (computed["task"]["key"], computed["task"]["status"]) == ("fine", "COMPLETED")
    assert stopped["incident"] == {"id": stopped["incident"]["id"], "status": "NEW", "task": "wrong"}
    assert (stopped["ticket"]["id"], stopped["ticket"]["status"]) == (ticket["id"], "ERROR")


def test_each_webhook_is_told_what_it_wants(subscribe, ask):
    one, two = subscribe("https://one.example/", "ticket.created"), subscribe("https://two.example/")
    subscribe("https://three.example/", "ticket.created", is_active=False)
    subscribe("https://four.example/", "incident.opened")
    ask()
    found = WebhookDelivery.objects.order_by("pk").values_list("webhook", "event")
    assert list(found) == [(one["id"], "ticket.created"), (two["id"], "ticket.created"), (two["id"], "task.opened")]
    assert len(waiting_jobs("webhooks.deliver")) == 3


def test_nothing_is_told_of_what_was_undone(subscribe, desk, uma):
    subscribe()
    point = transaction.savepoint()
    uma.post(TICKETS, {"ticket_definition": "desk", "data": {"topic": "x"}})
    assert WebhookDelivery.objects.count() == len(waiting_jobs("webhooks.deliver")) == 2
    transaction.savepoint_rollback(point)
    assert WebhookDelivery.objects.count() == len(waiting_jobs("webhooks.deliver")) == 0


def test_it_costs_little_where_nobody_listens(subscribe, ask, will, uma):
    def completing():
        pk = ask()["open_tasks"][0]["id"]
        return len(statements(lambda: will.post(f"{TASKS}{pk}/complete/", {"output": {"priority": 1}})))

    before = completing()
    subscribe("https://one.example/", "incident.opened")
    subscribe("https://two.example/", is_active=False)
    # A transaction.
    assert completing() == before + 2
    # The deliveries and their jobs.
    for number in range(3):
        subscribe(f"https://more{number}.example/")
    assert completing() == before + 4


def test_another_company_hears_nothing(subscribe, ask, api, globex, in_company, outside):
    """Its webhook has the same id, and the same address."""
    subscribe(outside.url, "ticket.created")
    other = api("admin", globex)
    theirs = other.post(WEBHOOKS, {"url": outside.url, "events": ALL}).json()
    ask()
    with in_company(globex):
        assert not WebhookDelivery.objects.exists()
    run_jobs()
    (call,) = outside.calls
    with pytest.raises(Exception, match="No matching signature"):
        Verifier(theirs["secret"]).verify(call.body, call.headers)
    with in_company(globex):
        assert other.get(f"{WEBHOOKS}{theirs['id']}/deliveries/").json()["count"] == 0
