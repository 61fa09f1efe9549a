"""Writes to ticket types, and who may open them."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.utils import timezone

from core.errors import invalid, not_found
from users.models import CompanyRole, User
from workflow_design.kernel.document import content_hash, read_entity, same
from workflow_design.kernel.fields import merged_fields, ticket_problems
from workflow_design.models import TaskDefinition, TicketDefinition, WorkflowDefinition
from workflow_design.services.stored import TICKET_KEYS, Entity, refuse_errors, seal
from workflow_design.services.writing import changes, check_revision, locked, noted, with_key, write


def entity_of(ticket: TicketDefinition) -> Entity:
    """The ticket type in normal form."""
    return {key: getattr(ticket, key) for key in TICKET_KEYS}


def checked(values: Any, workflow: WorkflowDefinition) -> Entity:
    """`values` in normal form; 400 with everything that can't be stored."""
    entity, problems = read_entity("ticket", values)
    schemas = TaskDefinition.objects.filter(workflow=workflow).order_by("order", "id")
    bundle = {
        "workflow": {"fields": workflow.fields},
        "tasks": list(schemas.values("key", "output_schema")),
    }
    problems += ticket_problems(entity, merged_fields(bundle).fields, "")
    refuse_errors(problems)
    return entity


@transaction.atomic
def ticket_create(*, user: User | None, workflow_id: int, values: Entity) -> TicketDefinition:
    """A new ticket type; open to everyone unless it says to whom. 400, 409."""
    workflow = locked(workflow_id)
    entity = checked(with_key(values, TicketDefinition.objects.all()), workflow)
    ticket = TicketDefinition(workflow=workflow, created_by=user, content_hash=content_hash("ticket", entity), **entity)
    ticket.save(force_insert=True)
    seal(workflow)
    noted(user, ticket, "created", {"workflow": workflow.key})
    return ticket


@transaction.atomic
def ticket_update(
    *, user: User | None, ticket_id: int, values: Entity, partial: bool, expected: int | None = None
) -> TicketDefinition:
    """Replace (or, `partial`, change) a ticket type. 404, 412, 400, 409."""
    workflow, ticket = _locked_ticket(ticket_id, expected)
    if not same(values.get("workflow", workflow.pk), workflow.pk):
        raise invalid("A ticket type stays with its workflow.", attr="workflow")
    before = entity_of(ticket)
    after = checked({**before, **values} if partial else {"key": ticket.key, **values}, workflow)
    if not same(before, after):
        write(ticket, after, content_hash("ticket", after))
        seal(workflow)
        noted(user, ticket, "updated", {"workflow": workflow.key, **changes(before, after)})
    return ticket


@transaction.atomic
def ticket_delete(*, user: User | None, ticket_id: int, expected: int | None = None) -> None:
    """Delete a ticket type. 404, 412, 409 while it is used."""
    workflow, ticket = _locked_ticket(ticket_id, expected)
    noted(user, ticket, "deleted", {"workflow": workflow.key})
    ticket.delete()
    seal(workflow)


@transaction.atomic
def access_grant(*, user: User | None, ticket_id: Any, role: Any) -> bool:
    """Let people with `role` open a ticket type; whether they could not before. 400."""
    ticket = _granted_ticket(ticket_id)
    name = role if isinstance(role, str) else ""
    known = CompanyRole.objects.filter(name__iexact=name).values_list("name", flat=True).first()
    if known is None:
        raise invalid("There is no such company role.", attr="role", code="unknown_role")
    if known in ticket.company_role_access:
        return False
    _set_access(user, ticket, sorted([*ticket.company_role_access, known]))
    return True


@transaction.atomic
def access_revoke(*, user: User | None, ticket_id: Any, role: Any) -> None:
    """Take back a grant. 400 for an unknown ticket type, 404 when there is no such grant."""
    ticket = _granted_ticket(ticket_id)
    if role not in ticket.company_role_access:
        raise not_found()
    _set_access(user, ticket, [name for name in ticket.company_role_access if name != role])


def _granted_ticket(ticket_id: Any) -> TicketDefinition:
    found = None
    if type(ticket_id) is int:
        # Access is live and no part of the bundle, so the ticket type's own lock is enough.
        found = TicketDefinition.objects.select_for_update().filter(pk=ticket_id).first()
    if found is None:
        raise invalid("There is no such ticket type.", attr="ticket_definition", code="unknown_ticket_definition")
    return found


def _set_access(user: User | None, ticket: TicketDefinition, roles: list[str]) -> None:
    before = ticket.company_role_access
    ticket.company_role_access = roles
    ticket.revision += 1
    ticket.updated_at = timezone.now()
    ticket.save(update_fields=["company_role_access", "revision", "updated_at"])
    noted(user, ticket, "access_changed", {"company_role_access": {"before": before, "after": roles}})


def _locked_ticket(ticket_id: int, expected: int | None) -> tuple[WorkflowDefinition, TicketDefinition]:
    workflow_id = TicketDefinition.objects.filter(pk=ticket_id).values_list("workflow_id", flat=True).first()
    if workflow_id is None:
        raise not_found()
    workflow = locked(workflow_id)
    ticket = TicketDefinition.objects.select_for_update().filter(pk=ticket_id).first()
    if ticket is None:
        raise not_found()
    check_revision(ticket, expected)
    return workflow, ticket
