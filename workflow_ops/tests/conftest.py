"""Who acts here is there in every test, made once a file."""

import pytest
from django_tenants.utils import tenant_context

from core.http_client import client
from tests.database import commits
from workflow_design.models import WorkflowDefinition
from workflow_design.services.checks import Report
from workflow_design.services.publish import freeze
from workflow_design.services.stored import load
from workflow_design.tests.documents import UPLOAD
from workflow_ops.tests.documents import DESK, TASKS, TICKETS, Publisher
from workflow_ops.tests.outside import Outside


@pytest.fixture(autouse=True)
def _at_acme(cast, acme_db):
    """Everybody is there in every test of this folder, and the connection is on acme's schema."""


@pytest.fixture
def alice(api):
    """Creates workflows at acme."""
    return api("workflow_creator")


@pytest.fixture
def uma(api):
    """Opens tickets."""
    return api("user")


@pytest.fixture
def will(api):
    """Does tasks."""
    return api("task_worker")


@pytest.fixture
def tom(api):
    """Sees and repairs every ticket."""
    return api("ticket_admin")


@pytest.fixture(scope="module")
def file_publish(cast):
    """`publish` for fixtures of a file: what they publish is there in every test of it."""
    alice = cast["workflow_creator"]
    with tenant_context(alice.company):
        yield Publisher(alice)


@pytest.fixture
def publish(request, alice, file_publish):
    """`publish(document)`: the id of the workflow, which is published."""
    return Publisher(alice, {} if commits(request) else file_publish.made)


@pytest.fixture
def publish_unchecked(alice):
    """The same for what the checks would refuse: runs must cope with whatever a version holds."""

    def publish(document):
        made = alice.post(UPLOAD, document)
        assert made.status_code in (200, 201), made.content
        pk = made.json()["workflow"]["id"]
        workflow = WorkflowDefinition.objects.select_for_update().get(pk=pk)
        freeze(None, workflow, load(pk).bundle, Report(problems=[], proved=False, assumptions=[]), shown=[])
        return pk

    return publish


@pytest.fixture(scope="module")
def desk(file_publish):
    """The help desk, published: the id of its workflow."""
    return file_publish(DESK)


@pytest.fixture
def ask(desk, uma):
    """`ask(topic="…")`: a ticket of Uma's at the help desk."""

    def ask(by=uma, **data):
        made = by.post(TICKETS, {"ticket_definition": "desk", "data": {"topic": "Printer", **data}})
        assert made.status_code == 201, made.content
        return made.json()

    return ask


@pytest.fixture
def done(will):
    """`done(ticket, "triage", priority=1)`: Will completes the open task of this key; the answer."""

    def done(ticket, key, by=will, **output):
        pk = next(task["id"] for task in ticket["open_tasks"] if task["task_key"] == key)
        answer = by.post(f"{TASKS}{pk}/complete/", {"output": output})
        assert answer.status_code == 200, answer.content
        return answer.json()

    return done


@pytest.fixture(scope="module")
def neighbour():
    """The system outside of a file's tests: for documents that call it, published with `file_publish`."""
    with Outside() as server:
        yield server


@pytest.fixture
def outside(neighbour, settings):
    """A system outside, which may be called."""
    settings.ALLOWED_PRIVATE_HOSTS = [neighbour.host]
    yield neighbour
    client.close()
    neighbour.forget()


@pytest.fixture
def start(uma):
    """`start("key", amount=5)`: a ticket of this type."""

    def start(key, **data):
        made = uma.post(TICKETS, {"ticket_definition": key, "data": data})
        assert made.status_code == 201, made.content
        return made.json()

    return start
