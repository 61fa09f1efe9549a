"""Publishing at the same moment as others publish and write: every version once, none lost.

RACE_ROUNDS says how many rounds there are (5 unless set).
"""

import os

import pytest

from tests.parallel import at_once
from tests.people import Caller
from workflow_design.models import WorkflowDefinition, WorkflowVersion
from workflow_design.tests.documents import PURCHASE, UPLOAD, WORKFLOWS

ROUNDS = int(os.environ.get("RACE_ROUNDS", "5"))


@pytest.fixture
def alice(own_database, api):
    return api("workflow_creator")


@pytest.fixture
def address(alice):
    return f"{WORKFLOWS}{alice.post(UPLOAD, PURCHASE).json()['workflow']['id']}/"


def again(caller):
    """The same person, in a thread of its own."""
    return Caller(caller.company, caller.user, {"access": caller.access, "refresh": caller.refresh})


def test_publishing_at_once_makes_one_version_a_round(alice, address, in_company, acme):
    for round_ in range(1, ROUNDS + 1):
        assert alice.patch(address, {"guidelines": f"Round {round_}"}).status_code == 200
        answers = at_once(8, lambda _: again(alice).post(f"{address}publish/", {}))
        assert sorted(answer.status_code for answer in answers) == [200] * 7 + [201]
        assert {answer.json()["version"] for answer in answers} == {round_}
    with in_company(acme):
        made = WorkflowVersion.objects.order_by("number")
        numbers = list(made.values_list("number", "document__workflow__guidelines"))
    print(f"{ROUNDS} rounds of 8 publishes: {len(numbers)} versions")
    assert numbers == [(round_, f"Round {round_}") for round_ in range(1, ROUNDS + 1)]


def test_writers_and_publishers_at_once_lose_nothing(alice, address, in_company, acme):
    def change_and_publish(number):
        caller, made = again(alice), []
        for step in range(ROUNDS):
            assert caller.patch(address, {"guidelines": f"{number}.{step}"}).status_code == 200
            answer = caller.post(f"{address}publish/", {"note": f"{number}.{step}"})
            if answer.status_code == 201:
                made.append((answer.json()["version"], f"{number}.{step}"))
        return made

    made = sorted(pair for found in at_once(6, change_and_publish) for pair in found)
    with in_company(acme):
        versions = WorkflowVersion.objects.order_by("number")
        stored = list(versions.values_list("number", "note"))
        hashes = [bytes(value) for value in versions.values_list("content_hash", flat=True)]
        workflow = WorkflowDefinition.objects.get()
    assert made == stored
    assert [number for number, _ in stored] == list(range(1, len(stored) + 1))
    assert (workflow.published_version, bytes(workflow.published_hash)) == (len(stored), hashes[-1])
