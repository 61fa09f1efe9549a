"""What stopped, and how it goes on."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.utils import timezone

from core.errors import Fault, Refused, conflict, invalid, not_found
from core.models import Actor, record
from users.models import User
from workflow_design.kernel.engine import RUN, Event
from workflow_ops.models import Incident, IncidentStatus
from workflow_ops.services import end_actions
from workflow_ops.services.notes import Note
from workflow_ops.services.running import Run, Work, dotted, lock, lock_task, require_running
from workflow_ops.services.stepping import advance

MAX_NOTE = 20_000


@transaction.atomic
def incident_update(*, user: User, incident_id: int, values: dict[str, Any]) -> None:
    """Note what was found, and say how far it is. Resolving one lets its task go on, as a retry does. 404, 400, 409."""
    run_id = Incident.objects.filter(pk=incident_id).values_list("instance_id", flat=True).first()
    if run_id is None:
        raise not_found()
    # The run's lock comes first, here as everywhere.
    lock(run_id)
    incident = Incident.objects.get(pk=incident_id)
    note, status = values.get("note", incident.note), values.get("status", incident.status)
    faults = []
    if not isinstance(note, str) or len(note) > MAX_NOTE:
        faults.append(Fault("invalid", f"must be text of at most {MAX_NOTE:,} characters", "note"))
    if status not in IncidentStatus.values:
        faults.append(Fault("not_an_option", f"must be one of: {', '.join(IncidentStatus.values)}", "status"))
    if faults:
        raise Refused(faults)
    if incident.status == IncidentStatus.RESOLVED and status != IncidentStatus.RESOLVED:
        raise conflict("This incident is resolved.", code="resolved")
    before = {"note": incident.note, "status": incident.status}
    resolve = status == IncidentStatus.RESOLVED and incident.status != IncidentStatus.RESOLVED
    after = {"note": note, "status": incident.status if resolve else status}
    if before != after:
        Incident.objects.filter(pk=incident.pk).update(**after, updated_at=timezone.now())
        record(
            actor=Actor.of(user),
            event="incident.updated",
            subject_type="incident",
            subject_id=incident.pk,
            subject=str(incident),
            detail={
                name: {"before": before[name], "after": after[name]} for name in after if before[name] != after[name]
            },
        )
    if resolve:
        _go_on(user, incident, Event("retried", incident.number), None)


@transaction.atomic
def incident_retry(*, user: User, incident_id: int) -> None:
    """Run again from the failed step. 404, 409 when it is resolved or its run is closed or on hold."""
    incident = _unresolved(incident_id)
    _go_on(user, incident, Event("retried", incident.number), None)


@transaction.atomic
def incident_skip(*, user: User, incident_id: int, output: Any) -> None:
    """Go on as if the task had been completed with `output` (none for a run that is stuck). 404, 400, 409."""
    incident = _unresolved(incident_id)
    if output is None:
        output = {}
    if not isinstance(output, dict):
        raise invalid("must be an object", attr="output", code="wrong_type")
    _go_on(user, incident, Event("skipped", incident.number, output or None), output)


def _unresolved(incident_id: int) -> Incident:
    incident = Incident.objects.filter(pk=incident_id).first()
    if incident is None:
        raise not_found()
    if incident.status == IncidentStatus.RESOLVED:
        raise conflict("This incident is resolved.", code="resolved")
    return incident


def _go_on(user: User, incident: Incident, event: Event, output: dict[str, Any] | None) -> None:
    run, work = _locked(incident, user)
    # Somebody may have resolved it while we waited for the lock.
    _unresolved(incident.pk)
    at_end = incident.code == end_actions.CODE
    if not at_end:
        require_running(run)
    if output is not None:
        _check_output(run, incident, output)
    Incident.objects.filter(pk=incident.pk).update(
        status=IncidentStatus.RESOLVED, resolved_by=user, resolved_at=timezone.now(), updated_at=timezone.now()
    )
    about = {"task": work.key, "id": work.id} if work else {}
    note = Note(run, f"incident.{event.name}", incident=incident.pk, **about)
    if at_end:  # its run is closed, and stays so
        end_actions.repair(run, event, user, note)
        return
    if work is not None:
        event = event._replace(assignee=work.assignee)
    # A retry goes on with the output that the task has.
    advance(run, event, user=user, note=note, work=work, output=output)


def _locked(incident: Incident, user: User) -> tuple[Run, Work | None]:
    if incident.task_instance_id is None:
        return lock(incident.instance_id), None
    return lock_task(incident.task_instance_id, user)


def _check_output(run: Run, incident: Incident, output: dict[str, Any]) -> None:
    if incident.number == RUN:
        if output:
            raise invalid("There is no task whose output this could be.", attr="output")
        return
    index = run.marking.open.get(incident.number)
    if index is None:
        raise conflict("The task is not open.", code="task_closed")
    if found := run.version.graph.output_errors(index, output):
        raise Refused([Fault(error.code, error.message, dotted("output", error.path)) for error in found])
