import pytest

from workflow_design.tests.documents import PURCHASE, UPLOAD, WORKFLOWS


@pytest.fixture
def alice(api):
    """Creates workflows at acme, where Will does tasks."""
    api("task_worker")
    return api("workflow_creator")


@pytest.fixture
def workflow(alice):
    """A workflow without anything in it."""
    return alice.post(WORKFLOWS, {"key": "leave", "title": "Leave request"}).json()


@pytest.fixture
def purchase(alice):
    """The purchase document, uploaded: the answer."""
    response = alice.post(UPLOAD, PURCHASE)
    assert response.status_code == 201, response.content
    return response.json()
