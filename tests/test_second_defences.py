"""Where two defences stand one behind the other: the second, alone."""

import pytest

from core.errors import Refused
from tests.routes import written
from users.models import User
from workflow_design.models import TaskDefinition, TicketDefinition, WorkflowDefinition, WorkflowTransition
from workflow_design.services import tasks, tickets, transitions, workflows
from workflow_design.tests.documents import PURCHASE, UPLOAD


def test_a_person_who_is_disabled_by_hand(api, acme_db):
    """Disabling ends sign-ins; a row that an operator changes by SQL ends none, and yet lets nobody in."""
    uma = api("user")
    assert uma.get("/api/me/").status_code == 200
    User.objects.filter(pk=uma.user.pk).update(is_active=False)
    assert uma.get("/api/me/").status_code == 401
    assert uma.post("/api/token/refresh/", {"refresh": uma.refresh}).status_code == 401


@pytest.mark.parametrize(
    ("model", "update", "delete", "name"),
    [
        (WorkflowDefinition, workflows.workflow_update, workflows.workflow_delete, "workflow_id"),
        (TaskDefinition, tasks.task_update, tasks.task_delete, "task_id"),
        (WorkflowTransition, transitions.transition_update, transitions.transition_delete, "transition_id"),
        (TicketDefinition, tickets.ticket_update, tickets.ticket_delete, "ticket_id"),
    ],
)
def test_somebody_wrote_after_the_view_looked(api, acme_db, model, update, delete, name):
    """If-Match was right when the view looked; under the row's lock it isn't any more."""
    alice = api("workflow_creator")
    alice.post(UPLOAD, PURCHASE)
    row = model.objects.latest("pk")
    before = written()
    for call, values in ((update, {"values": {"title": "Late"}, "partial": True}), (delete, {})):
        with pytest.raises(Refused) as caught:
            call(user=alice.user, expected=row.revision - 1, **{name: row.pk}, **values)
        assert caught.value.status == 412
    assert written() == before
