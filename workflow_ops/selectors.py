"""Who sees what of tickets, tasks, executions and incidents, and what they look like."""

from __future__ import annotations

from typing import Any

from django.db.models import F, Q, QuerySet
from django.utils import timezone

from core.models import History
from core.rows import Rows
from core.search import matching
from users.models import EVERYONE, SystemRole, User
from users.selectors import company_role_names
from workflow_ops.models import Incident, TaskInstance, Ticket, VersionTask, WorkflowInstance

_UNDONE = "('OPEN', 'IN_PROGRESS', 'PENDING')"

TICKET_ROWS = Rows(
    "workflow_instances i JOIN workflow_versions version ON version.id = i.version_id WHERE i.id = tickets.instance_id",
    id="tickets.id",
    company=":company::text",
    number="tickets.id",
    ticket_definition="tickets.ticket_definition_id",
    workflow="i.workflow_id",
    workflow_version="version.number",
    status="i.status",
    subject="tickets.subject",
    conversation="i.conversation",
    # A ticket admin sees everything; others what the requester sees, and what their own tasks were given or gave.
    data="""CASE WHEN :everything THEN i.data ELSE (
            SELECT coalesce(json_object_agg(seen.key, seen.value), '{}') FROM json_each(i.data) seen
            WHERE seen.key = ANY(i.visible_fields) OR EXISTS (
                SELECT 1 FROM task_instances w
                WHERE w.instance_id = i.id AND (w.assignee_id = :viewer OR w.completed_by_id = :viewer)
                    AND ((w.input ->> seen.key) IS NOT NULL
                        -- A draft can name any field: it was not checked.
                        OR w.status IN ('COMPLETED', 'ERROR') AND (w.output ->> seen.key) IS NOT NULL)))
        END""",
    open_tasks=f"""(SELECT coalesce(json_agg(json_build_object('id', w.id, 'task_key', v.key, 'title', v.title,
            'status', w.status, 'assignee', w.assignee_id, 'due_at', w.due_at) ORDER BY w.id), '[]')
        FROM task_instances w JOIN workflow_version_tasks v ON v.id = w.task_id
        WHERE w.instance_id = tickets.instance_id AND w.status IN {_UNDONE})""",
    created_by="tickets.created_by_id",
    created_at="tickets.created_at",
    updated_at="greatest(i.updated_at, tickets.updated_at)",
)

TASK_ROWS = Rows(
    "workflow_version_tasks v, workflow_instances i LEFT JOIN tickets t ON t.instance_id = i.id"
    " WHERE v.id = task_instances.task_id AND i.id = task_instances.instance_id",
    id="task_instances.id",
    company=":company::text",
    task_key="v.key",
    title="v.title",
    ticket="t.id",
    execution="task_instances.instance_id",
    workflow="i.workflow_id",
    status="task_instances.status",
    assignee="task_instances.assignee_id",
    assignee_roles="v.roles",
    due_at="task_instances.due_at",
    input="task_instances.input",
    output="task_instances.output",
    form="v.form",
    edit_layout="v.edit_layout",
    display_layout="v.display_layout",
    completed_by="task_instances.completed_by_id",
    completed_at="task_instances.completed_at",
    created_by="i.created_by_id",
    created_at="task_instances.created_at",
    updated_at="task_instances.updated_at",
)

EXECUTION_ROWS = Rows(
    id="workflow_instances.id",
    company=":company::text",
    workflow="workflow_instances.workflow_id",
    workflow_version="(SELECT v.number FROM workflow_versions v WHERE v.id = workflow_instances.version_id)",
    ticket="(SELECT t.id FROM tickets t WHERE t.instance_id = workflow_instances.id)",
    status="workflow_instances.status",
    conversation="workflow_instances.conversation",
    parent="workflow_instances.parent_id",
    parent_task="workflow_instances.parent_task_id",
    end_action="(SELECT e.status FROM end_actions e WHERE e.instance_id = workflow_instances.id)",
    started_at="workflow_instances.started_at",
    completed_at="workflow_instances.completed_at",
    duration_ms="(extract(epoch FROM workflow_instances.completed_at - workflow_instances.started_at) * 1000)::bigint",
    input="workflow_instances.input",
    output="CASE WHEN workflow_instances.status = 'COMPLETED' THEN workflow_instances.data END",
    tasks_executed="workflow_instances.tasks_executed",
    tokens_used="workflow_instances.tokens_used",
    cost="workflow_instances.cost",
    created_by="workflow_instances.created_by_id",
    created_at="workflow_instances.created_at",
    updated_at="workflow_instances.updated_at",
)

INCIDENT_ROWS = Rows(
    id="incidents.id",
    company=":company::text",
    kind="incidents.kind",
    status="incidents.status",
    code="incidents.code",
    message="incidents.message",
    trace="incidents.trace",
    note="incidents.note",
    ticket="(SELECT t.id FROM tickets t WHERE t.instance_id = incidents.instance_id)",
    execution="incidents.instance_id",
    workflow="(SELECT i.workflow_id FROM workflow_instances i WHERE i.id = incidents.instance_id)",
    task="incidents.task_instance_id",
    resolved_by="incidents.resolved_by_id",
    resolved_at="incidents.resolved_at",
    created_by="(SELECT i.created_by_id FROM workflow_instances i WHERE i.id = incidents.instance_id)",
    created_at="incidents.created_at",
    updated_at="incidents.updated_at",
)

HISTORY_ROWS = Rows(
    id="history.id",
    company=":company::text",
    at="history.at",
    actor="history.actor_id",
    actor_name="history.actor",
    event="history.event",
    # Conditions are the company's rules, and other runs are not theirs: requesters don't see them.
    detail="""CASE WHEN :everything THEN history.detail ELSE (
        SELECT coalesce(json_object_agg(told.key, told.value), '{}') FROM json_each(history.detail) told
        WHERE told.key NOT IN ('steps', 'child', 'parent')) END""",
    created_by="history.actor_id",
    created_at="history.at",
    updated_at="history.at",
)


def tickets_of(user: User) -> QuerySet[Ticket]:
    """The tickets a person sees: their own, those of which a worker has or did a task, and for ticket admins all."""
    if user.has_role(SystemRole.TICKET_ADMIN):
        return Ticket.objects.all()
    own = Ticket.objects.filter(created_by=user)
    if not user.has_role(SystemRole.TASK_WORKER):
        return own
    # A union, for each side of it has an index.
    theirs = Ticket.objects.filter(instance__in=_runs(Q(assignee=user)).union(_runs(Q(completed_by=user))))
    return Ticket.objects.filter(pk__in=own.values("pk").union(theirs.values("pk")))


def _runs(which: Q) -> QuerySet[Any]:
    return TaskInstance.objects.filter(which).values("instance").order_by()


def tasks_of(user: User) -> QuerySet[TaskInstance]:
    """The tasks a person sees: theirs, those they did, those they may claim; ticket admins all."""
    if user.has_role(SystemRole.TICKET_ADMIN):
        return TaskInstance.objects.all()
    seen = Q(assignee=user) | Q(completed_by=user)
    if user.has_role(SystemRole.TASK_WORKER):
        roles = [EVERYONE, *company_role_names(user)]
        seen |= Q(status="OPEN", task__in=VersionTask.objects.filter(Q(roles=[]) | Q(roles__overlap=roles)))
    return TaskInstance.objects.filter(seen)


def executions_of(user: User) -> QuerySet[WorkflowInstance]:
    """The executions a person sees: those they started, and for ticket admins all.

    Opening a ticket starts none of the requester's: of a ticket they see what its requester sees. Nor do they start
    what a run starts.
    """
    if user.has_role(SystemRole.TICKET_ADMIN):
        return WorkflowInstance.objects.all()
    return WorkflowInstance.objects.filter(created_by=user, ticket=None, parent=None)


def executions_this_month() -> QuerySet[WorkflowInstance]:
    """What a plan's limit counts: the executions started since the month began (UTC)."""
    month = timezone.now().replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    return WorkflowInstance.objects.filter(created_at__gte=month)


def incidents() -> QuerySet[Incident]:
    """Every incident: ticket admins alone come here."""
    return Incident.objects.all()


def history_of(subject_type: str, pk: int) -> QuerySet[History]:
    """What happened to a ticket or an execution."""
    return History.objects.filter(subject_type=subject_type, subject_id=pk)


def history_of_run(instance_id: int) -> QuerySet[History]:
    """The history of an execution: its ticket's, where it has one."""
    ticket = Ticket.objects.filter(instance=instance_id).values_list("pk", flat=True).first()
    return history_of("execution", instance_id) if ticket is None else history_of("ticket", ticket)


def searched_tickets(queryset: QuerySet[Ticket], text: str) -> QuerySet[Ticket]:
    """By the words of the subject, or by number."""
    if text.isascii() and text.isdecimal() and len(text) <= 18:
        return queryset.filter(Q(pk=int(text)) | Q(pk__in=matching(queryset, F("search"), text).values("pk")))
    return matching(queryset, F("search"), text)


def row_values(user: User) -> dict[str, Any]:
    """What `TICKET_ROWS` and `HISTORY_ROWS` ask of who looks."""
    return {"viewer": user.pk, "everything": user.has_role(SystemRole.TICKET_ADMIN)}
