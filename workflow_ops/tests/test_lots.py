"""Calls of several actions together: what goes wrong with one is not the others'."""

from collections import Counter

import psycopg
import pytest
from psycopg import sql

from core.db import connection
from core.models import Actor
from tenants import queue, running
from tenants.lots import Lot
from tenants.running import Outcome
from tests.jobs import run_jobs, waiting_jobs
from users.services.people import person_create
from workflow_ops.models import ActionAttempt, Incident, TaskInstance, WorkflowInstance
from workflow_ops.services import calls, lots
from workflow_ops.tests.documents import TICKETS, flow, form, statements
from workflow_ops.tests.outside import Said
from workflow_ops.tests.test_actions import CALL, FIELDS, document

STATUSES = ("COMPLETED", "COMPLETED")


@pytest.fixture(autouse=True)
def _all_answers_together(monkeypatch):
    """However busy the machine is."""
    monkeypatch.setattr(lots, "GATHER_SECONDS", 30)


@pytest.fixture
def shop(publish, start, outside):
    """`shop(5, 6)`: tickets of these amounts, each with a call that is to be made; answers name the amount."""
    publish(document("shop", outside.url, input_transform={"amount": {"$": {"var": "amount"}}}))

    def shop(*amounts):
        outside.answers(lambda call: Said(body={"id": f"PO-{call['amount']}"}))
        for amount in amounts:
            start("shop", amount=amount)

    return shop


def fetch():
    connection.set_schema_to_public()
    return queue.fetch_lot(queues=["actions"], worker=None, together=["actions.call"], most=6)


def run_lot(acme):
    """Run what is due as one lot: what it leaves to be run singly, which is not run yet."""
    rests = []
    lot = Lot(fetch(), rests.append, lambda count: None, lambda job, seconds: None)
    running.run_together(lot)
    connection.set_tenant(acme)
    return rests


def run_rests(acme, rests):
    """Run what a lot has left; how each ended."""
    outcomes = []
    for rest in sorted(rests, key=lambda rest: rest.job.id):  # answers come in any order
        ended = running.run(rest.job, rest)
        running.settle(rest.job, ended)
        outcomes.append(ended.outcome)
    connection.set_tenant(acme)
    return outcomes


def stand():
    """(amount, status of run and task, order, statuses of attempts) of each run."""
    found = []
    for run in WorkflowInstance.objects.order_by("pk"):
        task = run.tasks.get(task__key="call")
        attempts = [attempt.status for attempt in task.attempts.order_by("number")]
        found.append((run.data["amount"], run.status, task.status, run.data.get("order"), attempts))
    return found


def done(amount):
    return (amount, "COMPLETED", "COMPLETED", f"PO-{amount}", ["SUCCEEDED"])


def called(outside):
    return Counter(call.json()["amount"] for call in outside.calls)


def test_a_lot(shop, outside, acme_db):
    shop(1, 2, 3)
    assert run_lot(acme_db) == []
    assert stand() == [done(1), done(2), done(3)]
    assert (called(outside), waiting_jobs()) == ({1: 1, 2: 1, 3: 1}, [])
    assert len({call.headers["idempotency-key"] for call in outside.calls}) == 3
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM public.procrastinate_jobs WHERE queue_name = 'actions'")
        assert cursor.fetchone() == (0,)
    assert run_jobs() == []


def test_a_lot_takes_few_statements(shop, acme_db):
    """Six singly take more than sixty."""
    shop(0)
    run_lot(acme_db)
    shop(*range(1, 7))
    made = statements(lambda: run_lot(acme_db))
    assert sum("INSERT INTO action_attempts" in one for one in made) == 1
    assert len(made) <= 22
    assert stand() == [done(amount) for amount in range(7)]


@pytest.mark.parametrize(
    ("said", "now"),
    [
        (Said(503), (2, "IN_PROGRESS", "PENDING", None, ["FAILED"])),
        (Said(404), (2, "ERROR", "ERROR", None, ["FAILED"])),
        (Said(body={"id": 5}), (2, "ERROR", "ERROR", None, ["FAILED"])),
    ],
)
def test_one_of_them_fails(shop, outside, acme_db, said, now):
    shop(1, 2, 3)
    usual = outside.answer
    outside.answers(lambda call: said if call["amount"] == 2 else usual(call))
    rests = run_lot(acme_db)
    assert [done(1), done(3)] == [row for row in stand() if row[0] != 2]
    assert [rest.job.args["task"] for rest in rests] == [TaskInstance.objects.order_by("pk")[1].pk]
    assert run_rests(acme_db, rests) == [Outcome.DONE]
    assert stand() == [done(1), now, done(3)]
    assert called(outside) == {1: 1, 2: 1, 3: 1}


def test_what_is_on_hold_or_was_called_before_is_left_alone(shop, outside, acme_db, tom):
    shop(1, 2, 3)
    first, second, _ = WorkflowInstance.objects.order_by("pk")
    assert tom.post(f"{TICKETS}{first.ticket.pk}/hold/").status_code == 200
    calls.action_claim(task_id=second.tasks.get().pk, generation=1)
    rests = run_lot(acme_db)
    assert (len(rests), called(outside)) == (2, {3: 1})
    assert run_rests(acme_db, rests) == [Outcome.DONE, Outcome.LATER]
    assert [row[1:3] for row in stand()] == [("ON_HOLD", "PENDING"), ("IN_PROGRESS", "IN_PROGRESS"), STATUSES]
    assert ActionAttempt.objects.count() == 2


def test_one_can_not_be_sent(publish, start, outside, acme_db):
    body = {"amount": {"$": {"/": [10, {"var": "amount"}]}}}
    publish(document("shop", outside.url, input_transform=body))
    outside.answers(lambda call: Said(body={"id": "x"}))
    for amount in (1, 0, 2):
        start("shop", amount=amount)
    rests = run_lot(acme_db)
    assert (len(rests), sorted(called(outside))) == (1, [5, 10])
    assert run_rests(acme_db, rests) == [Outcome.DONE]
    assert [row[1] for row in stand()] == ["COMPLETED", "ERROR", "COMPLETED"]


def test_what_waits_for_a_callback_is_called_singly(publish, start, outside, acme_db):
    publish(document("shop", outside.url, task_type="ASYNC_ACTION"))
    start("shop", amount=1)
    start("shop", amount=2)
    assert (len(rests := run_lot(acme_db)), outside.calls) == (2, [])
    assert run_rests(acme_db, rests) == [Outcome.DONE] * 2
    assert len(outside.calls) == 2


def test_two_tasks_of_one_run(publish, start, outside, acme_db):
    """Each sees what the other has led to: what joins them opens once."""
    tasks = [
        ("start", {"split": "parallel", "task_type": "SYNC_ACTION", "action": "compute", "output_transform": {}}),
        *(
            (key, {**CALL, "action_url": outside.url, "output_transform": {}, "output_schema": form([])})
            for key in "ab"
        ),
        ("end", {"join": "parallel"}),
    ]
    links = [(None, "start"), ("start", "a"), ("start", "b"), ("a", "end"), ("b", "end"), ("end", None)]
    publish(flow("both", tasks, links, fields=FIELDS))
    for _ in range(2):
        start("both")
    assert run_lot(acme_db) == []
    assert Counter(TaskInstance.objects.values_list("task__key", "status")) == {
        **{(key, "COMPLETED"): 2 for key in ("start", "a", "b")},
        ("end", "OPEN"): 2,
    }
    assert (
        Counter(TaskInstance.objects.filter(task__key="end").values_list("instance", flat=True)).most_common(1)[0][1]
        == 1
    )


def test_the_transaction_that_records_breaks(shop, outside, acme_db):
    """By one that the database refuses: the others are recorded singly, and nobody is called again."""
    shop(1, 2, 3)
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
            " IF NEW.data ->> 'order' = 'PO-2' THEN RAISE 'not this one'; END IF; RETURN NEW; END $$;"
            "CREATE TRIGGER refuse BEFORE UPDATE ON workflow_instances FOR EACH ROW EXECUTE FUNCTION refuse()"
        )
    rests = run_lot(acme_db)
    assert [row[1] for row in stand()] == ["IN_PROGRESS"] * 3
    assert run_rests(acme_db, rests) == [Outcome.DONE, Outcome.AGAIN, Outcome.DONE]
    assert stand() == [done(1), (2, "IN_PROGRESS", "IN_PROGRESS", None, ["RUNNING"]), done(3)]
    assert called(outside) == {1: 1, 2: 1, 3: 1}
    assert not Incident.objects.exists()


def test_the_transaction_that_claims_breaks(shop, outside, acme_db):
    """Nothing is called without an attempt that is there."""
    shop(1, 2)
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
            " IF NEW.body LIKE '%2%' THEN RAISE 'not this one'; END IF; RETURN NEW; END $$;"
            "CREATE TRIGGER refuse BEFORE INSERT ON action_attempts FOR EACH ROW EXECUTE FUNCTION refuse()"
        )
    rests = run_lot(acme_db)
    assert (len(rests), outside.calls, ActionAttempt.objects.count()) == (2, [], 0)
    assert run_rests(acme_db, rests) == [Outcome.DONE, Outcome.AGAIN]
    assert (stand()[0], called(outside)) == (done(1), {1: 1})


@pytest.fixture
def rows(own_database):
    """A connection of its own, whose statements are committed."""
    with psycopg.connect(own_database.url, autocommit=True) as other:
        yield other


def table(company, name):
    return sql.Identifier(company.schema_name, name)


def test_one_is_locked_and_one_cancelled_during_the_calls(rows, shop, outside, acme_db, uma):
    """What can be recorded is, at once; the one that was cancelled is late, and is told so."""
    shop(1, 2, 3)
    locked, cancelled, _ = WorkflowInstance.objects.order_by("pk")
    usual = outside.answer
    lock = sql.SQL("SELECT FROM {} WHERE id = %s FOR UPDATE").format(table(acme_db, "workflow_instances"))
    cancel = sql.SQL("UPDATE {} SET status = 'CANCELLED' WHERE instance_id = %s").format(
        table(acme_db, "task_instances")
    )

    def answer(call):
        if call["amount"] == 1:
            rows.execute("BEGIN")
            rows.execute(lock, [locked.pk])
        if call["amount"] == 2:
            with psycopg.connect(rows.info.dsn, password=rows.info.password, autocommit=True) as other:
                other.execute(cancel, [cancelled.pk])
        return usual(call)

    outside.answers(answer)
    rests = run_lot(acme_db)
    assert ([row[1] for row in stand()][2], len(rests)) == ("COMPLETED", 2)
    rows.execute("ROLLBACK")
    assert run_rests(acme_db, rests) == [Outcome.DONE] * 2
    assert [row[4] for row in stand()] == [["SUCCEEDED"], ["LATE"], ["SUCCEEDED"]]
    assert (stand()[0], stand()[2], stand()[1][3]) == (done(1), done(3), None)
    assert called(outside) == {1: 1, 2: 1, 3: 1}


def test_the_attempt_of_one_was_taken_away(rows, shop, outside, acme_db):
    """Its worker slept past the lease: what it brings for that one changes nothing."""
    shop(1, 2)
    usual = outside.answer
    take = sql.SQL("UPDATE {} SET status = 'ABANDONED', ended_at = now() WHERE body LIKE '%2%'").format(
        table(acme_db, "action_attempts")
    )

    def answer(call):
        if call["amount"] == 2:
            rows.execute(take)
        return usual(call)

    outside.answers(answer)
    rests = run_lot(acme_db)
    assert run_rests(acme_db, rests) == [Outcome.DONE]
    assert stand() == [done(1), (2, "IN_PROGRESS", "IN_PROGRESS", None, ["LATE"])]


def test_two_companies(shop, outside, acme, globex, api, in_company, acme_db):
    shop(1, 2)
    made = api("workflow_creator", globex).post(
        "/api/workflow/upload/",
        document("shop", outside.url, input_transform={"amount": {"$": {"var": "amount"}}}),
        query={"publish": "true"},
    )
    assert made.status_code == 201
    for amount in (3, 4):
        data = {"ticket_definition": "shop", "data": {"amount": amount}}
        assert api("user", globex).post(TICKETS, data).status_code == 201
    assert (run_lot(acme), run_lot(acme)) == ([], [])
    assert stand() == [done(1), done(2)]
    with in_company(globex):
        assert stand() == [done(3), done(4)]
    assert called(outside) == {1: 1, 2: 1, 3: 1, 4: 1}


def test_people_whose_turn_it_is_get_tasks_in_turn(publish, start, outside, acme_db):
    """What one step gives to whom depends on the one before."""
    look = ("look", {"assignment_policy": "shortest_queue"})
    made = document("shop", outside.url, ("call", "look"), ("look", None), tasks=[look])
    made["transitions"] = [one for one in made["transitions"] if (one["from"], one["to"]) != ("call", None)]
    publish(made)
    for n in range(2):
        person_create(
            actor=Actor(), email=f"w{n}@acme.example", password="a rather long one 7", system_roles=["task_worker"]
        )
    outside.answers(lambda call: Said(body={"id": "x"}))
    for amount in range(3):
        start("shop", amount=amount)
    rests = run_lot(acme_db)
    assert run_rests(acme_db, rests) == [Outcome.DONE] * 3
    assert len(set(TaskInstance.objects.filter(task__key="look").values_list("assignee", flat=True))) == 3
    assert called(outside).total() == 3
