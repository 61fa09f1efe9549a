"""`Idempotency-Key` on calls that open tickets, start executions and complete tasks."""

from datetime import timedelta

import pytest
from django.utils import timezone

from tests.parallel import at_once
from workflow_design.tests.documents import UPLOAD, WORKFLOWS
from workflow_ops.models import IdempotentAnswer, Ticket, WorkflowInstance
from workflow_ops.tests.documents import TASKS, TICKETS, errors, flow, refused

pytestmark = pytest.mark.usefixtures("desk")

KEY = {"Idempotency-Key": "order-4711"}
BODY = {"ticket_definition": "desk", "data": {"topic": "Printer"}}


def test_the_same_call_again_is_answered_again(desk, uma):
    first = uma.post(TICKETS, BODY, headers=KEY)
    assert first.status_code == 201
    uma.post(f"{TICKETS}{first.json()['id']}/cancel/")
    again = uma.post(TICKETS, BODY, headers=KEY)
    # As it was then, to the byte.
    assert (again.status_code, again.content) == (201, first.content)
    assert again.headers["Content-Type"] == first.headers["Content-Type"]
    assert (Ticket.objects.count(), IdempotentAnswer.objects.count()) == (1, 1)
    assert uma.post(TICKETS, BODY).status_code == 201
    assert uma.post(TICKETS, BODY, headers={"Idempotency-Key": "other"}).status_code == 201
    assert Ticket.objects.count() == 3


def test_another_body_with_the_same_key(desk, uma):
    uma.post(TICKETS, BODY, headers=KEY)
    for body in ({**BODY, "subject": "x"}, {}, b"{}"):
        assert refused(uma.post(TICKETS, body, headers=KEY)) == (409, "idempotency_key_reused")
    assert Ticket.objects.count() == 1


def test_a_key_is_a_persons_for_an_address(desk, uma, tom, ask, will):
    first = uma.post(TICKETS, BODY, headers=KEY).json()["id"]
    second = tom.post(TICKETS, BODY, headers=KEY).json()["id"]
    assert first != second
    for pk in (first, second):
        task = uma.get(f"{TICKETS}{first}/").json()["open_tasks"][0]["id"] if pk == first else None
        if task:
            answer = will.post(f"{TASKS}{task}/complete/", {"output": {"priority": 0}}, headers=KEY)
            assert answer.json()["task"]["status"] == "COMPLETED"
    assert IdempotentAnswer.objects.count() == 3


def test_by_host_and_by_path_it_is_the_same_address(desk, uma, api):
    by_host = uma.post(TICKETS, BODY, headers=KEY)
    by_path = api("user", by="path").post(TICKETS, BODY, headers=KEY)
    assert by_path.content == by_host.content
    assert Ticket.objects.count() == 1


def test_companies_have_their_own(desk, uma, api, globex, in_company):
    carol = api(("workflow_creator", "user"), globex)
    document = flow("desk", ["a"], [], fields=[{"FieldName": "topic", "FieldType": "string"}])
    document["tickets"][0]["fields"] = {"topic": None}
    assert carol.call("POST", UPLOAD, document, query={"publish": "true"}).status_code == 201
    ours, theirs = uma.post(TICKETS, BODY, headers=KEY), carol.post(TICKETS, BODY, headers=KEY)
    assert (ours.json()["company"], theirs.json()["company"]) == ("acme", "globex")
    with in_company(globex):
        assert IdempotentAnswer.objects.count() == 1


def test_refusals_are_not_kept(desk, uma, alice):
    wrong = {**BODY, "data": {}}
    assert uma.post(TICKETS, wrong, headers=KEY).status_code == 400
    assert uma.post(TICKETS, wrong, headers=KEY).status_code == 400
    assert alice.post(f"{WORKFLOWS}{desk}/deactivate/").status_code == 200
    assert uma.post(TICKETS, BODY, headers=KEY).status_code == 409
    assert IdempotentAnswer.objects.count() == 0
    assert alice.post(f"{WORKFLOWS}{desk}/activate/").status_code == 200
    assert uma.post(TICKETS, BODY, headers=KEY).status_code == 201


def test_complete_and_execute(desk, ask, will, alice):
    address = f"{TASKS}{ask()['open_tasks'][0]['id']}/complete/"
    first = will.post(address, {"output": {"priority": 1}}, headers=KEY)
    again = will.post(address, {"output": {"priority": 1}}, headers=KEY)
    assert (first.status_code, again.status_code, again.content) == (200, 200, first.content)
    assert refused(will.post(address, {"output": {"priority": 2}}, headers=KEY)) == (409, "idempotency_key_reused")
    assert refused(will.post(address, {"output": {"priority": 1}})) == (409, "task_closed")
    before = WorkflowInstance.objects.count()
    execute = f"{WORKFLOWS}{desk}/execute/"
    first = alice.post(execute, {"input": {}}, headers=KEY)
    assert alice.post(execute, {"input": {}}, headers=KEY).content == first.content
    assert WorkflowInstance.objects.count() == before + 1


def test_for_a_day(desk, uma):
    first = uma.post(TICKETS, BODY, headers=KEY)
    IdempotentAnswer.objects.update(created_at=timezone.now() - timedelta(hours=23, minutes=59))
    assert uma.post(TICKETS, BODY, headers=KEY).content == first.content
    IdempotentAnswer.objects.update(created_at=timezone.now() - timedelta(hours=24, seconds=1))
    second = uma.post(TICKETS, {**BODY, "subject": "New"}, headers=KEY)
    assert (second.status_code, second.json()["subject"]) == (201, "New")
    assert (Ticket.objects.count(), IdempotentAnswer.objects.count()) == (2, 1)


@pytest.mark.parametrize("key", ["", "x" * 256, "a\tb"])
def test_keys_that_are_none(desk, uma, key):
    answer = uma.post(TICKETS, BODY, headers={"Idempotency-Key": key})
    assert (answer.status_code, errors(answer)) == (400, [(None, "bad_idempotency_key")])
    assert Ticket.objects.count() == 0


def test_who_lost_the_role_gets_no_answer_again(desk, alice):
    execute = f"{WORKFLOWS}{desk}/execute/"
    assert alice.post(execute, {"input": {}}, headers=KEY).status_code == 201
    alice.user.system_roles = ["user"]
    alice.user.save()
    assert alice.post(execute, {"input": {}}, headers=KEY).status_code == 403


def test_many_at_once_are_one(own_database, api, acme, in_company):
    """In as many threads with connections of their own."""
    uma, alice = api("user"), api("workflow_creator")
    document = flow("desk", ["a"], [])
    assert alice.call("POST", UPLOAD, document, query={"publish": "true"}).status_code == 201
    body = {"ticket_definition": "desk", "data": {}}
    answers = at_once(8, lambda _: uma.post(TICKETS, body, headers=KEY))
    assert {(answer.status_code, answer.content) for answer in answers} == {(201, answers[0].content)}
    with in_company(acme):
        assert (Ticket.objects.count(), IdempotentAnswer.objects.count()) == (1, 1)
