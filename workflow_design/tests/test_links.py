"""What the database itself says of transitions, whoever writes them: their tasks and their workflow are there, and the
tasks are the workflow's own."""

from __future__ import annotations

import pytest
from django.db import IntegrityError, connection, transaction

from workflow_design.models import TaskDefinition, WorkflowDefinition
from workflow_design.services.upload import upload

pytestmark = pytest.mark.usefixtures("cast")

LINK = """
INSERT INTO workflow_transitions (workflow_id, from_task_id, to_task_id, created_at, updated_at, revision, content_hash,
    priority, is_default, on_event, position)
VALUES (%s, %s, %s, now(), now(), 1, '', 0, false, 'completed', 9)
"""


@pytest.fixture
def workflows(acme_db):
    """Two workflows of two tasks each, by id, with the ids of their tasks."""
    for key in ("one", "other"):
        tasks = [{"key": name, "title": name, "task_type": "FORM"} for name in ("a", "b")]
        links = [{"from": None, "to": "a"}, {"from": "a", "to": "b"}, {"from": "b", "to": None}]
        upload(user=None, document={"workflow": {"key": key, "title": key}, "tasks": tasks, "transitions": links})
    return {
        workflow.pk: list(TaskDefinition.objects.filter(workflow=workflow).order_by("key").values_list("pk", flat=True))
        for workflow in WorkflowDefinition.objects.order_by("pk")
    }


def run(*statements):
    """Run statements with their values, and have everything checked at once."""
    with transaction.atomic(), connection.cursor() as cursor:
        for sql, *values in statements:
            cursor.execute(sql, values)
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")


def link(*values):
    """Insert one by SQL: workflow, from, to."""
    run((LINK, *values))


def test_a_link_of_own_tasks_and_one_of_none_can_be_stored(workflows):
    (one, (a, b)), _ = workflows.items()
    link(one, b, a)
    link(one, None, None)


def test_tasks_of_another_workflow_cannot_be_linked(workflows):
    (one, (a, _)), (_, (foreign, _)) = workflows.items()
    for ends in ((foreign, None), (None, foreign), (a, foreign), (foreign, a)):
        with pytest.raises(IntegrityError, match=r"transition_(from|to)_own_task"):
            link(one, *ends)


def test_a_link_has_a_workflow(workflows):
    _, (_, (a, _)) = workflows.items()
    missing = max(workflows) + 1
    with pytest.raises(IntegrityError, match="transition_of_workflow"):
        link(missing, None, None)
    with pytest.raises(IntegrityError, match="transition_from_own_task"):
        link(missing, a, None)


def test_a_workflow_whose_tickets_end_at_once_cannot_be_taken_away_from_its_link(workflows):
    one, _ = workflows
    link(one, None, None)
    tasks = "DELETE FROM task_definitions WHERE workflow_id = %s"
    workflow = "DELETE FROM workflow_definitions WHERE id = %s"
    with pytest.raises(IntegrityError, match="transition_of_workflow"):
        run((tasks, one), (workflow, one))
    WorkflowDefinition.objects.get(pk=one).delete()
    assert list(WorkflowDefinition.objects.values_list("key", flat=True)) == ["other"]
