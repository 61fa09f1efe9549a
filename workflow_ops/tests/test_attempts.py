"""GET /api/tasks/{id}/attempts/, /api/signing-secrets/, and how many statements a call takes."""

from datetime import timedelta

import pytest
from django.utils import timezone

from core.models import History
from core.sealing import unseal
from tests.jobs import run_jobs, waiting_jobs
from users.tests.pages import admin_browser, text_of
from workflow_ops.models import Incident, SigningSecret, TaskInstance
from workflow_ops.services import calls
from workflow_ops.tests.callbacks import Caller
from workflow_ops.tests.documents import INCIDENTS, TASKS, errors, statements
from workflow_ops.tests.outside import Said
from workflow_ops.tests.test_actions import document, run_retries
from workflow_ops.tests.test_callbacks import DONE, checking

pytestmark = pytest.mark.usefixtures("desk")

SECRETS = "/api/signing-secrets/"


@pytest.fixture
def ada(api):
    """Runs the company."""
    return api("admin")


@pytest.fixture(scope="module", autouse=True)
def _published(file_publish, neighbour):
    file_publish(document("shop", neighbour.url))
    file_publish(checking(neighbour.url))


def test_attempts_are_shown_without_secrets(publish, start, outside, tom):
    outside.says(
        Said(503, {"token": "abc", "why": "busy"}, {"Set-Cookie": "sid=abc"}),
        Said(404),
        Said(body={"id": "x", "password": "abc"}),
    )
    body = {"amount": {"$": {"var": "amount"}}, "api_key": "abc"}
    publish(document("shop", outside.url + "?token=abc&page=2", input_transform=body))
    start("shop", amount=5)
    run_retries()
    tom.post(f"{INCIDENTS}{Incident.objects.get().pk}/retry/")
    run_jobs()
    answer = tom.get(f"{TASKS}{TaskInstance.objects.get().pk}/attempts/")
    rows = answer.json()["results"]
    assert "abc" not in answer.content.decode()
    assert [(row["generation"], row["number"], row["status"], row["outcome"]) for row in rows] == [
        (1, 1, "FAILED", "http_503"),
        (1, 2, "FAILED", "http_404"),
        (2, 1, "SUCCEEDED", "http_200"),
    ]
    first, second, third = rows
    assert (first["request"]["method"], first["request"]["url"]) == ("POST", f"{outside.url}?token=********&page=2")
    assert first["request"]["body"] == second["request"]["body"] == {"amount": 5, "api_key": "********"}
    assert (first["response"]["status"], first["response"]["body"]) == (503, {"token": "********", "why": "busy"})
    assert (first["error"], first["retry_at"] is None) == ("The answer was 503.", False)
    assert (third["error"], third["retry_at"], third["response"]["body"]["id"]) == ("", None, "x")
    assert all(row["duration_ms"] >= 0 and row["ended_at"] >= row["started_at"] for row in rows)


def test_the_log_of_an_execution_tells_them(publish, start, outside, tom):
    outside.says(Said(503), Said(body={"id": "x"}))
    publish(document("shop", outside.url))
    start("shop")
    run_retries()
    execution = tom.get("/api/executions/").json()["results"][0]["id"]
    rows = tom.get(f"/api/executions/{execution}/logs/").json()["results"]
    assert [(row["task"], row["status"], row["message"], row["error"]) for row in rows] == [
        (None, "IN_PROGRESS", "ticket.opened by uma@acme.example", None),
        ("call", "PENDING", "action.failed by system", "The answer was 503."),
        ("call", "COMPLETED", "task.completed by system", None),
    ]
    assert rows[1]["data"]["attempt"] == {"generation": 1, "number": 1, "outcome": "http_503"}


def test_a_task_that_is_none(tom, desk):
    assert tom.get(f"{TASKS}999999999/attempts/").status_code == 404


def test_a_call_takes_so_many_statements(publish, start, outside):
    """Claim: BEGIN, run, attempts, input, attempt, task, COMMIT. Record: BEGIN, run, attempt, attempt, step, COMMIT."""
    outside.says(*[Said(body={"id": "x"})] * 2)
    publish(document("shop", outside.url))
    for _ in range(2):
        start("shop")
    first, second = waiting_jobs("actions.call")
    calls.action_go_on(task_id=first["task"], generation=1)
    assert len(statements(lambda: calls.action_go_on(task_id=second["task"], generation=1))) <= 13


@pytest.fixture
def check(publish, start, outside):
    """`check()`: a new call that waits for its callback."""
    publish(checking(outside.url))

    def check():
        start("check")
        run_jobs()
        return Caller(outside.calls[-1])

    return check


def test_secrets_are_rotated_with_overlap(check, ada, api):
    nobody, old = api(None), check()
    first = SigningSecret.objects.get()
    made = ada.post(SECRETS, {"hours": 2})
    assert (made.status_code, made.json()["number"], made.json()["valid_until"]) == (201, 2, None)
    new = check()
    first.refresh_from_db()
    assert timedelta(hours=2) > first.valid_until - timezone.now() > timedelta(hours=1, minutes=59)
    assert old.deliver(nobody, DONE).status_code == 204
    assert new.deliver(nobody, DONE).status_code == 204
    stale = check()
    ada.post(SECRETS, {"hours": 0})
    assert stale.deliver(nobody, DONE).status_code == 401
    assert check().deliver(nobody, DONE).status_code == 204


def test_nobody_is_shown_a_secret(check, ada):
    check()
    ada.post(SECRETS, {})
    answer = ada.get(SECRETS)
    assert [(row["number"], row["valid_until"] is None) for row in answer.json()["results"]] == [(1, False), (2, True)]
    assert set(answer.json()["results"][0]) == {
        *("id", "company", "number", "valid_until", "created_by", "created_at", "updated_at")
    }
    for row in SigningSecret.objects.all():
        assert unseal(row.sealed) not in answer.content.decode()
        assert unseal(row.sealed) not in row.sealed
    entry = History.objects.get(event="signing_secret.rotated")
    assert (entry.actor, entry.detail) == (ada.user.email, {"hours": 24})


@pytest.mark.parametrize("hours", [-1, 721, "1", 1.5, True, None])
def test_hours_that_are_none(acme_db, ada, hours):
    assert errors(ada.post(SECRETS, {"hours": hours})) == [("hours", "out_of_range")]
    assert not SigningSecret.objects.exists()


def test_a_secret_that_cannot_be_opened(check, ada, settings, tom):
    """Another SECRET_KEY: the present call fails and says why; a new secret mends it."""
    check()
    SigningSecret.objects.update(sealed="gone")
    check()
    assert Incident.objects.get().message == (
        "Check: It failed. The company's signing secret can't be opened: make a new one."
    )
    ada.post(SECRETS, {})
    tom.post(f"{INCIDENTS}{Incident.objects.get().pk}/retry/")
    run_jobs()
    assert TaskInstance.objects.latest("pk").status == "PENDING"


def test_the_admin_site_shows_them(publish, start, outside, acme):
    outside.says(Said(503), Said(404))
    publish(document("shop", outside.url))
    start("shop")
    run_retries()
    page = f"/admin/workflow_ops/taskinstance/{TaskInstance.objects.get().pk}/change/"
    text = text_of(admin_browser(acme).get(page))
    assert "1.1 · Failed · http_503 · " in text
    assert "1.2 · Failed · http_404 · " in text
    assert "action.failed" in text
