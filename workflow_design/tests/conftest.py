from copy import deepcopy

import pytest

from workflow_design.tests.documents import PURCHASE, UPLOAD, WORKFLOWS


@pytest.fixture
def alice(cast, api):
    """Creates workflows at acme, where Will does tasks."""
    return api("workflow_creator")


@pytest.fixture(scope="module")
def files_workflow(cast):
    """For files whose tests all begin with the workflow: it is made once."""
    return _made(cast["workflow_creator"], WORKFLOWS, {"key": "leave", "title": "Leave request"})


@pytest.fixture(scope="module")
def files_purchase(cast):
    """For files whose tests all begin with the purchase document: it is uploaded once."""
    return _made(cast["workflow_creator"], UPLOAD, PURCHASE)


@pytest.fixture
def workflow(request, alice):
    """A workflow without anything in it."""
    if "files_workflow" in request.fixturenames:
        return deepcopy(request.getfixturevalue("files_workflow"))
    return _made(alice, WORKFLOWS, {"key": "leave", "title": "Leave request"})


@pytest.fixture
def purchase(request, alice):
    """The purchase document, uploaded: the answer."""
    if "files_purchase" in request.fixturenames:
        return deepcopy(request.getfixturevalue("files_purchase"))
    return _made(alice, UPLOAD, PURCHASE)


def _made(alice, address, body):
    response = alice.post(address, body)
    assert response.status_code == 201, response.content
    return response.json()
