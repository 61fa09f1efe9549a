"""Opening tickets and executions, and what stops, holds and resumes them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from core.errors import Fault, Refused, conflict, denied, invalid, not_found
from tenants.quotas import executions_require_room
from users.models import User
from users.selectors import company_role_names
from workflow_design import versions
from workflow_design.kernel.engine import Event, Marking
from workflow_design.kernel.schemas import compile_schema
from workflow_design.models import Status, TicketDefinition, WorkflowDefinition, WorkflowVersion
from workflow_ops.models import (
    UNDONE,
    Incident,
    IncidentStatus,
    InstanceStatus,
    TaskInstance,
    Ticket,
    WorkflowInstance,
)
from workflow_ops.selectors import executions_this_month
from workflow_ops.services import follow_up
from workflow_ops.services.notes import Note
from workflow_ops.services.running import Run, dotted, lock, require_running
from workflow_ops.services.stepping import advance

MAX_CONVERSATION = 200
MAX_SUBJECT = 255
_NO_OBJECT = Fault("wrong_type", "must be an object: field name → value", "data")


@transaction.atomic
def ticket_open(*, user: User, ticket_definition: Any, data: Any, subject: Any = "", conversation: Any = "") -> Ticket:
    """A request through a ticket type (key or id): its run is started on the newest version.

    400 for values that the ticket type doesn't take, 403 without a company role that opens it, 409 when the workflow
    takes no new tickets or the conversation has an open run.
    """
    definition = _definition(ticket_definition)
    # What isn't open to a person isn't there for them, as in the list of ticket types.
    if not set(definition.company_role_access) & company_role_names(user):
        raise denied("You may not open this ticket type.", code="ticket_type_closed")
    version = newest(definition.workflow)
    form = version.tickets.get(definition.key) if version else None
    faults = _texts(subject, conversation)
    if not isinstance(data, dict):
        faults.append(_NO_OBJECT)
    elif form is not None:
        faults += [Fault(error.code, error.message, dotted("data", error.path)) for error in form.checker.errors(data)]
    if faults:
        raise Refused(faults)
    _require_active(definition.workflow)
    if version is None or form is None:
        raise conflict("This ticket type is not published yet.", code="not_published")
    values = {**form.defaults, **data, **form.constants}
    instance = new_run(user.pk, definition.workflow, version, values, conversation=conversation)
    ticket = Ticket.objects.create(
        ticket_definition=definition, instance=instance, subject=subject or form.title, created_by=user
    )
    _start(user, instance, version, ticket)
    return ticket


@transaction.atomic
def execution_start(*, user: User, workflow_id: int, data: Any, conversation: Any = "") -> WorkflowInstance:
    """Run a workflow without a ticket: any of its fields may be given. 404, 400, 409."""
    workflow = WorkflowDefinition.objects.filter(pk=workflow_id).first()
    if workflow is None:
        raise not_found()
    version = newest(workflow)
    faults = _texts("", conversation)
    if not isinstance(data, dict):
        faults.append(replace(_NO_OBJECT, attr="input"))
    elif version is not None:
        faults += value_faults(version, data)
    if faults:
        raise Refused(faults)
    _require_active(workflow)
    if version is None:
        raise conflict("This workflow is not published yet.", code="not_published")
    instance = new_run(user.pk, workflow, version, data, conversation=conversation)
    _start(user, instance, version, None)
    return instance


def _definition(given: Any) -> TicketDefinition:
    definitions = TicketDefinition.objects.select_related("workflow")
    found = None
    if isinstance(given, str):
        found = definitions.filter(key=given).first()
    elif type(given) is int and 0 < given < 2**63:
        found = definitions.filter(pk=given).first()
    if found is None:
        raise invalid("There is no such ticket type.", attr="ticket_definition", code="unknown_ticket_definition")
    return found


def newest(workflow: WorkflowDefinition) -> versions.Compiled | None:
    """The version that new runs are of; None before the first is published."""
    if workflow.published_version is None:
        return None
    found = WorkflowVersion.objects.filter(workflow=workflow, number=workflow.published_version)
    return versions.compiled(found.values_list("pk", flat=True).get())


def _require_active(workflow: WorkflowDefinition) -> None:
    if workflow.status != Status.ACTIVE:
        raise conflict("This workflow takes no new tickets.", code="not_active")


def value_faults(version: versions.Compiled, data: dict[str, Any]) -> list[Fault]:
    """What is wrong with values given for any fields of the workflow."""
    faults = []
    for name, value in data.items():
        field = version.fields.get(name)
        if field is None:
            faults.append(Fault("unknown_field", "is no field of the workflow", f"input.{name}"))
            continue
        errors = compile_schema(field.schema).errors(value)
        faults += [Fault(error.code, error.message, dotted(f"input.{name}", error.path)) for error in errors]
    return faults


def _texts(subject: Any, conversation: Any) -> list[Fault]:
    faults = []
    for name, value, most in (("subject", subject, MAX_SUBJECT), ("conversation", conversation, MAX_CONVERSATION)):
        if not isinstance(value, str):
            faults.append(Fault("wrong_type", "must be text", name))
        elif len(value) > most:
            faults.append(Fault("too_long", f"must have at most {most} characters", name))
    return faults


def new_run(
    created_by: int | None,
    workflow: WorkflowDefinition,
    version: versions.Compiled,
    values: dict[str, Any],
    **more: Any,
) -> WorkflowInstance:
    """A run that is not started yet, one more of the executions that the plan allows. 403."""
    executions_require_room(executions_this_month())
    return WorkflowInstance.objects.create(
        workflow=workflow,
        version_id=version.id,
        status=InstanceStatus.IN_PROGRESS,
        input=values,
        data=values,
        visible_fields=sorted({*values, *(name for name, field in version.fields.items() if field.public)}),
        marking=Marking().to_json(),
        created_by_id=created_by,
        **more,
    )


def _start(user: User, instance: WorkflowInstance, version: versions.Compiled, ticket: Ticket | None) -> None:
    about = None
    if ticket is not None:
        about = {
            "id": ticket.pk,
            "number": ticket.pk,
            "created_by": user.pk,
            "created_at": ticket.created_at.isoformat(),
        }
    run = Run(instance.pk, version, instance.status, Marking(), instance.data, about, user.pk)
    note = Note(run, f"{run.subject[0]}.opened", version=version.number)
    advance(run, Event("started"), user=user, note=note)


@transaction.atomic
def run_cancel(*, user: User, instance_id: int) -> None:
    """End a run without a result: its open tasks are cancelled. 409 when it is closed."""
    cancel(lock(instance_id), user)


def cancel(run: Run, user: User | None, **detail: Any) -> None:
    """The same for a run that the caller has locked; `detail` is told in the history. 409."""
    Incident.objects.filter(instance=run.id).exclude(status=IncidentStatus.RESOLVED).update(
        status=IncidentStatus.RESOLVED, resolved_by=user, resolved_at=timezone.now(), updated_at=timezone.now()
    )
    advance(run, Event("cancelled"), user=user, note=Note(run, f"{run.subject[0]}.cancelled", **detail))


@transaction.atomic
def run_hold(*, user: User, instance_id: int) -> None:
    """Put a run on hold: no task may be completed, clocks stand still. 409 when it is closed or on hold."""
    run = lock(instance_id)
    require_running(run)
    _set(run, InstanceStatus.ON_HOLD, timezone.now())
    Note(run, f"{run.subject[0]}.held", status=InstanceStatus.ON_HOLD).record(user)


@transaction.atomic
def run_resume(*, user: User, instance_id: int) -> None:
    """Take a run off hold; due times move by as long as it was held. 409 when it isn't on hold."""
    run = lock(instance_id)
    if run.status != InstanceStatus.ON_HOLD or run.held_at is None:
        raise conflict("This is not on hold.", code="not_on_hold")
    stood = timezone.now() - run.held_at
    TaskInstance.objects.filter(instance=run.id, due_at__isnull=False, completed_at=None).update(
        due_at=F("due_at") + stood
    )
    _set(run, run.marking.status, None)
    follow_up.go_on(run, undone(run))
    Note(run, f"{run.subject[0]}.resumed", status=run.marking.status).record(user)


def undone(run: Run) -> list[follow_up.TaskRow]:
    """The tasks of a run that are still to be done."""
    found = TaskInstance.objects.filter(instance=run.id, status__in=UNDONE).order_by("number")
    columns = ("id", "number", "task__key", "status", "generation", "due_at")
    return [follow_up.TaskRow(*row) for row in found.values_list(*columns)]


def _set(run: Run, status: str, held_at: Any) -> None:
    WorkflowInstance.objects.filter(pk=run.id).update(status=status, held_at=held_at, updated_at=timezone.now())
