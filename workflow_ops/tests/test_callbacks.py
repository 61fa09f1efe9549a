"""ASYNC_ACTION: the call is only heard, and its callback completes the task."""

from datetime import timedelta

import pytest
from django.utils import timezone

from core.db import connection
from core.models import History
from tenants.models import Company
from tests.jobs import Outcome, run_jobs, waiting_jobs
from tests.routes import written
from workflow_ops.models import ActionAttempt, Callback, Incident, SigningSecret, TaskInstance, WorkflowInstance
from workflow_ops.services import calls
from workflow_ops.services.attempts import send
from workflow_ops.tests.callbacks import Caller
from workflow_ops.tests.documents import INCIDENTS, TASKS, TICKETS, flow, form, refused
from workflow_ops.tests.outside import Said

pytestmark = pytest.mark.usefixtures("desk")

CHECK = {
    "task_type": "ASYNC_ACTION",
    "timeout_seconds": 3600,
    "output_transform": {"result": {"$": {"var": "body.report.result"}}},
    "output_schema": form(["result"], result={"type": "string"}),
}
DONE = {"report": {"result": "clear"}}


@pytest.fixture
def nobody(api):
    """Calls without a token."""
    return api(None)


def checking(url, **values):
    return flow("check", [("check", {**CHECK, "action_url": url, **values})], [(None, "check"), ("check", None)])


@pytest.fixture(scope="module", autouse=True)
def _published(file_publish, neighbour):
    """A workflow of one call with a callback."""
    file_publish(checking(neighbour.url))


@pytest.fixture
def called(start, outside):
    """A call that was heard: who calls back."""
    start("check")
    run_jobs()
    return Caller(outside.calls[0])


def task():
    return TaskInstance.objects.get(task__key="check")


def run():
    return WorkflowInstance.objects.get()


def events():
    return list(History.objects.filter(subject_type="ticket").order_by("pk").values_list("event", flat=True))


def claimed():
    """The worker's part before the call."""
    (args,) = waiting_jobs("actions.call")
    return calls.action_claim(task_id=args["task"], generation=args["generation"])


def test_the_callback_completes_the_task(called, nobody):
    assert (task().status, task().due_at > timezone.now()) == ("PENDING", True)
    answer = called.deliver(nobody, DONE)
    assert (answer.status_code, answer.content) == (204, b"")
    assert (run().status, run().data, task().output) == ("COMPLETED", {"result": "clear"}, {"result": "clear"})
    assert events() == ["ticket.opened", "action.accepted", "task.completed"]
    assert Callback.objects.get().status == "USED"


def test_where_and_how_to_call_back(called, acme):
    assert called.received.headers["ticketflower-callback-url"] == f"http://acme.localhost/api/callbacks/{task().pk}/"
    assert called.secret.startswith("whsec_")
    sent = ActionAttempt.objects.get()
    assert called.secret not in str(sent.request) + str(sent.response) + str(sent.body)
    assert sent.request["headers"]["TicketFlower-Callback-Secret"] == "********"


def test_by_path(called, api):
    assert called.deliver(api(None, by="path"), DONE).status_code == 204
    assert run().status == "COMPLETED"


def altered(headers, name, value):
    return {**headers, name: value}


def test_what_is_not_signed_is_refused(called, nobody):
    body = b'{"report": {"result": "clear"}}'
    good = called.headers(body)
    name, value = "webhook-signature", good["webhook-signature"]
    other = "A" if value[10] != "A" else "B"
    wrong = [
        {},
        *({key: good[key] for key in good if key != left_out} for left_out in good),
        altered(good, name, value[:10] + other + value[11:]),
        altered(good, name, value.replace("v1,", "v2,")),
        altered(good, name, value.removeprefix("v1,")),
        altered(good, name, ""),
        altered(good, name, "v1,"),
        altered(good, name, "v1,ü"),
        altered(good, "webhook-id", "d2"),
        altered(good, "webhook-id", "x" * 256),
        altered(good, "webhook-timestamp", str(int(good["webhook-timestamp"]) + 1)),
        *(altered(good, "webhook-timestamp", text) for text in ("now", "-1", "1e9", "9" * 400, "٣", "")),
        called.headers(body, secret="whsec_" + "A" * 44),
        *(called.headers(body, seconds=seconds) for seconds in (-310, 310)),
    ]
    before = written()
    for headers in wrong:
        assert refused(nobody.post(called.path, body, headers=headers)) == (401, "bad_signature"), headers
    for index in range(len(body)):
        changed = body[:index] + bytes([body[index] ^ 1]) + body[index + 1 :]
        assert nobody.post(called.path, changed, headers=good).status_code == 401
    assert nobody.post(called.path, body + b" ", headers=good).status_code == 401
    assert written() == before
    assert (task().status, Callback.objects.count()) == ("PENDING", 0)
    assert nobody.post(called.path, body, headers=good).status_code == 204


@pytest.mark.parametrize("seconds", [-290, 290])
def test_five_minutes_are_allowed(called, nobody, seconds):
    assert called.deliver(nobody, DONE, seconds=seconds).status_code == 204


def test_one_good_signature_among_several(called, nobody):
    body = b'{"report": {"result": "clear"}}'
    headers = called.headers(body)
    several = f"v1a,xxxx v1,{'A' * 44} {headers['webhook-signature']}"
    assert nobody.post(called.path, body, headers={**headers, "webhook-signature": several}).status_code == 204


def test_a_secret_is_good_for_its_own_task(called, nobody, start, outside):
    start("check")
    run_jobs()
    second = Caller(outside.calls[1])
    assert second.secret != called.secret
    assert second.deliver(nobody, DONE, secret=called.secret).status_code == 401
    assert second.deliver(nobody, DONE).status_code == 204


def test_another_companys_task(called, api, globex, in_company):
    """The same task number, asked of the other company."""
    strange = api(None, globex)
    assert refused(called.deliver(strange, DONE)) == (404, "not_found")
    assert (task().status, Callback.objects.count()) == ("PENDING", 0)


def test_the_other_companys_task_of_the_same_number(called, api, acme, globex, in_company, outside):
    """What is signed for one of them is forged for the other."""
    alice, uma = api("workflow_creator", globex), api("user", globex)
    assert alice.post("/api/workflow/upload/", checking(outside.url), query={"publish": "true"}).status_code == 201
    own = task().pk
    with in_company(globex):
        assert uma.post(TICKETS, {"ticket_definition": "check", "data": {}}).status_code == 201
        with connection.cursor() as cursor:
            cursor.execute("UPDATE task_instances SET id = %s", [own])
        # With a signing secret that is the same, too.
        SigningSecret.objects.create(number=1, sealed=secret_of(acme, in_company))
    strange = api(None, globex)
    assert refused(called.deliver(strange, DONE)) == (401, "bad_signature")
    with in_company(globex):
        assert (task().status, Callback.objects.count()) == ("PENDING", 0)


def secret_of(company, in_company):
    with in_company(company):
        return SigningSecret.objects.get().sealed


def test_what_waits_for_no_callback_is_unknown(called, nobody, ask):
    form_task = ask()["open_tasks"][0]["id"]
    for pk in (form_task, 999_999_999):
        headers = called.headers(b"{}")
        assert refused(nobody.post(f"/api/callbacks/{pk}/", b"{}", headers=headers)) == (404, "not_found")


def test_a_delivery_counts_once(called, nobody):
    assert called.deliver(nobody, DONE).status_code == 204
    before = written()
    assert called.deliver(nobody, {"report": {"result": "other"}}).status_code == 204
    assert written() == before
    assert (run().data, Callback.objects.count()) == ({"result": "clear"}, 1)


def test_a_second_delivery_is_late(called, nobody):
    called.deliver(nobody, DONE)
    for _ in range(2):
        answer = called.deliver(nobody, {"report": {"result": "other"}}, "d2")
        assert refused(answer) == (409, "task_closed")
    assert run().data == {"result": "clear"}
    assert events()[-2:] == ["task.completed", "callback.late"]
    rows = Callback.objects.order_by("pk").values_list("status", "content__body")
    assert list(rows) == [("USED", DONE), ("LATE", None)]  # of the late one only that it came


def test_after_a_cancel(called, nobody, uma):
    uma.post(f"{TICKETS}{run().ticket.pk}/cancel/")
    assert refused(called.deliver(nobody, DONE)) == (409, "task_closed")
    assert (task().status, task().output, events()[-1]) == ("CANCELLED", None, "callback.late")


BODIES = [
    (b"{", 400),
    (b'{"a": NaN}', 400),
    (b'{"a":1,"a":2}', 400),
    (b"[" * 101, 400),
    (b'"' + b"x" * 2**20 + b'"', 413),
]


@pytest.mark.parametrize(("body", "status"), BODIES, ids=range(len(BODIES)))
def test_bodies_that_are_not_taken(called, nobody, body, status):
    assert nobody.post(called.path, body, headers=called.headers(body)).status_code == status
    assert (task().status, Callback.objects.count()) == ("PENDING", 0)


def test_a_large_body_is_not_hashed(called, nobody):
    """Whoever knows the number of a task could else have the server hash 10 MB with each secret it might be."""
    large = b"x" * 1_048_577
    forged = {**called.headers(b"{}"), "webhook-signature": " ".join(["v1,AAAA"] * 50)}
    assert nobody.post(called.path, large, headers=forged).status_code == 413
    assert nobody.post(called.path, large[1:], headers=forged).status_code == 401


def test_secrets_beyond_the_ten_newest(called, nobody, api):
    for _ in range(9):
        assert api("admin").post("/api/signing-secrets/", {"hours": 720}).status_code == 201
    assert called.deliver(nobody, {"report": {"result": 5}}).status_code == 204
    assert api("admin").post("/api/signing-secrets/", {"hours": 720}).status_code == 201
    assert called.deliver(nobody, DONE, "d2").status_code == 401


def test_other_types(called, nobody):
    body = b"result=clear"
    headers = called.headers(body)
    form_type = "application/x-www-form-urlencoded"
    assert nobody.post(called.path, body, headers=headers, content_type=form_type).status_code == 415


def test_no_body_is_one_too(publish, start, outside, nobody):
    result = {"$": {"cat": ["got ", {"var": "body"}, {"var": "headers.webhook-id"}]}}
    publish(checking(outside.url, output_transform={"result": result}))
    start("check")
    run_jobs()
    caller = Caller(outside.calls[0])
    assert nobody.post(caller.path, b"", headers=caller.headers(b"")).status_code == 204
    assert run().data == {"result": "got d1"}


def test_a_callback_that_comes_before_the_calls_own_answer(start, outside, nobody):
    start("check")
    claim = claimed()
    reply = send(claim.call)
    assert called_back(outside, nobody) == 204
    assert (task().status, Callback.objects.get().status) == ("IN_PROGRESS", "KEPT")
    calls.action_record(claim, reply)
    assert (task().status, run().data, Callback.objects.get().status) == ("COMPLETED", {"result": "clear"}, "USED")
    assert events() == ["ticket.opened", "callback.kept", "task.completed"]


def called_back(outside, nobody, body=DONE, delivery="d1"):
    return Caller(outside.calls[-1]).deliver(nobody, body, delivery).status_code


@pytest.mark.parametrize("status", [404, 500])
def test_it_says_more_than_a_bad_answer(start, outside, nobody, status):
    outside.says(Said(status))
    start("check")
    claim = claimed()
    reply = send(claim.call)
    assert called_back(outside, nobody) == 204
    calls.action_record(claim, reply)
    assert (task().status, run().status, run().data) == ("COMPLETED", "COMPLETED", {"result": "clear"})
    assert ActionAttempt.objects.get().outcome == f"http_{status}"


def test_of_several_that_came_early_the_first_counts(start, outside, nobody):
    start("check")
    claim = claimed()
    reply = send(claim.call)
    assert called_back(outside, nobody) == 204
    assert called_back(outside, nobody, {"report": {"result": "second"}}, "d2") == 204
    calls.action_record(claim, reply)
    assert run().data == {"result": "clear"}
    assert list(Callback.objects.order_by("pk").values_list("status", flat=True)) == ["USED", "LATE"]


def test_it_is_kept_over_the_workers_death(start, outside, nobody):
    start("check")
    send(claimed().call)
    assert called_back(outside, nobody) == 204
    ActionAttempt.objects.update(lease_until=timezone.now())
    run_jobs()
    assert (task().status, run().data, len(outside.calls)) == ("COMPLETED", {"result": "clear"}, 1)
    assert ActionAttempt.objects.get().status == "ABANDONED"


def test_between_two_attempts_it_counts_at_once(start, outside, nobody):
    outside.says(Said(500))
    start("check")
    run_jobs()
    assert called_back(outside, nobody) == 204
    assert (task().status, run().data) == ("COMPLETED", {"result": "clear"})
    ActionAttempt.objects.update(retry_at=timezone.now())
    run_jobs(now=timezone.now() + timedelta(days=1))
    assert len(outside.calls) == 1


def test_on_hold_it_is_kept(called, nobody, tom):
    address = f"{TICKETS}{run().ticket.pk}/"
    tom.post(f"{address}hold/")
    assert called.deliver(nobody, DONE).status_code == 204
    assert (task().status, Callback.objects.get().status, run().status) == ("PENDING", "KEPT", "ON_HOLD")
    tom.post(f"{address}resume/")
    run_jobs()
    assert (task().status, run().status, run().data) == ("COMPLETED", "COMPLETED", {"result": "clear"})


def suspend(company, suspended):
    Company.objects.filter(pk=company.pk).update(is_active=not suspended)


def test_of_a_suspended_company_it_is_kept(called, nobody, acme):
    suspend(acme, True)
    assert called.deliver(nobody, DONE).status_code == 204
    assert [job.outcome for job in run_jobs()] == [Outcome.PARKED]
    assert (task().status, Callback.objects.get().status) == ("PENDING", "KEPT")
    suspend(acme, False)
    run_jobs(now=timezone.now() + timedelta(minutes=5))
    assert (task().status, run().data) == ("COMPLETED", {"result": "clear"})


def test_there_is_an_end_to_deliveries(called, nobody):
    assert called.deliver(nobody, DONE).status_code == 204
    for number in range(2, 51):
        assert called.deliver(nobody, DONE, f"d{number}").status_code == 409
    before = written()
    assert refused(called.deliver(nobody, DONE, "d51")) == (409, "too_many_callbacks")
    assert written() == before
    assert Callback.objects.count() == 50


def test_what_it_brings_can_be_wrong(called, nobody, tom):
    assert called.deliver(nobody, {"report": {}}).status_code == 204
    (row,) = tom.get(INCIDENTS).json()["results"]
    assert (row["kind"], row["code"]) == ("ACTION", "error")
    assert row["message"].startswith("Check: It failed. The output is not what it must be: result ")
    assert row["trace"] == 'output_transform gave {"result":null}'


def test_of_an_earlier_generation_it_is_late(called, nobody, tom, outside):
    called.deliver(nobody, {"report": {}})
    assert tom.post(f"{INCIDENTS}{Incident.objects.get().pk}/retry/").status_code == 200
    run_jobs()
    first, second = (Caller(call) for call in outside.calls)
    assert first.secret != second.secret
    assert refused(first.deliver(nobody, DONE, "d2")) == (409, "task_closed")
    assert (task().status, events()[-1]) == ("PENDING", "callback.late")
    assert second.deliver(nobody, DONE, "d3").status_code == 204
    assert run().status == "COMPLETED"


def test_a_ticket_admin_may_answer_in_its_place(called, nobody, tom):
    assert tom.post(f"{TASKS}{task().pk}/complete/", {"output": {"result": "asked"}}).status_code == 200
    assert refused(called.deliver(nobody, DONE)) == (409, "task_closed")
    assert run().data == {"result": "asked"}
