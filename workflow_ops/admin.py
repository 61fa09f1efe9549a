"""Tickets, executions, tasks and incidents in the company's admin site: to look at, with their history.

Operators of the platform see numbers of each company, and nothing of its work.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import Model, Q, QuerySet
from django.db.models.fields.json import KeyTextTransform
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html, format_html_join

from core.admin import ReadOnlyAdmin
from core.models import History
from workflow_ops import selectors
from workflow_ops.models import ActionAttempt, EndAction, Incident, TaskInstance, Ticket, WorkflowInstance

# So many of what belongs to a row are shown on its page.
SHOWN = 100


def pretty(value: Any) -> str:
    """JSON over several lines."""
    return format_html("<pre>{}</pre>", json.dumps(value, ensure_ascii=False, indent=2))


def _attempt(one: ActionAttempt) -> tuple[str, ...]:
    """A call that was made: how it ended, and when it began."""
    number, began = f"{one.generation}.{one.number}", f"{one.started_at:%Y-%m-%d %H:%M:%S}"
    return number, one.get_status_display(), one.outcome, began


class RunAdmin(ReadOnlyAdmin):
    """A kind of row that runs leave."""

    list_select_related: ClassVar[Any] = True
    ordering = ("-id",)

    def link(self, row: Model | None, text: str | None = None) -> str:
        """To a row's own page; "-" for none."""
        if row is None:
            return "-"
        name = f"{self.admin_site.name}:{row._meta.app_label}_{row._meta.model_name}_change"
        return format_html('<a href="{}">{}</a>', reverse(name, args=[row.pk]), text or str(row))

    def lines(self, rows: Iterable[tuple[Any, ...]]) -> str:
        """A line for each row, its parts apart; "-" for none."""
        parted = (format_html_join(" · ", "{}", ((part,) for part in row)) for row in rows)
        return format_html_join("", '<div style="white-space: pre-wrap">{}</div>', ((line,) for line in parted)) or "-"

    def task_lines(self, run: WorkflowInstance) -> str:
        """The tasks of a run, in the order in which they opened."""
        tasks = run.tasks.select_related("task", "assignee").order_by("pk")[:SHOWN]
        return self.lines(
            (self.link(task, str(task.task)), task.get_status_display(), task.assignee or "nobody") for task in tasks
        )

    def incident_lines(self, run: WorkflowInstance) -> str:
        """What stopped in a run."""
        found = run.incidents.order_by("pk")[:SHOWN]
        return self.lines((self.link(row), row.get_status_display(), row.message) for row in found)


class TicketAdmin(RunAdmin):
    """Tickets."""

    history_subject = "ticket"
    list_display = ("number", "subject", "ticket_definition", "status", "created_by", "created_at")
    list_display_links = ("number", "subject")
    list_filter = ("instance__status", "ticket_definition")
    list_select_related: ClassVar[Any] = ("instance", "ticket_definition", "created_by")
    search_fields = ("subject",)
    search_help_text = "Number, or words of the subject"
    fields = (
        *("number", "subject", "ticket_definition", "version", "status", "conversation", "created_by", "created_at"),
        *("execution", "tasks", "incidents", "data", "comments", "attachments"),
    )

    def get_search_results(self, request: HttpRequest, queryset: QuerySet[Any], search_term: str) -> Any:
        text = search_term.strip().removeprefix("#")
        return (selectors.searched_tickets(queryset, text) if text else queryset), False

    @admin.display(ordering="pk")
    def number(self, row: Ticket) -> str:
        """What people call it by."""
        return f"#{row.pk}"

    @admin.display(ordering="instance__status")
    def status(self, row: Ticket) -> str:
        """Of its run."""
        return row.instance.get_status_display()

    def version(self, row: Ticket) -> str:
        """Of which workflow, and which of its versions."""
        return str(row.instance.version)

    def conversation(self, row: Ticket) -> str:
        """What an assistant calls it by."""
        return row.instance.conversation or "-"

    def execution(self, row: Ticket) -> str:
        """Its run."""
        return self.link(row.instance)

    def tasks(self, row: Ticket) -> str:
        """All of its run."""
        return self.task_lines(row.instance)

    def incidents(self, row: Ticket) -> str:
        """All of its run."""
        return self.incident_lines(row.instance)

    def data(self, row: Ticket) -> str:
        """The values of its fields."""
        return pretty(row.instance.data)

    def comments(self, row: Ticket) -> str:
        """What was said."""
        said = row.comments.select_related("created_by").order_by("pk")[:SHOWN]
        return self.lines(
            (f"{comment.created_at:%Y-%m-%d %H:%M}", comment.created_by, comment.text) for comment in said
        )

    def attachments(self, row: Ticket) -> str:
        """Names and sizes; the files themselves are for those who see the ticket."""
        files = row.attachments.defer("content").order_by("pk")[:SHOWN]
        return self.lines((file.name, f"{file.size:,} bytes") for file in files)


class ExecutionAdmin(RunAdmin):
    """Executions: every run of a workflow, with a ticket or without."""

    list_display = ("name", "workflow", "version_number", "of_ticket", "status", "started_at", "completed_at")
    list_display_links = ("name",)
    list_filter = ("status", "workflow")
    list_select_related: ClassVar[Any] = ("workflow", "version", "ticket")
    fields = (
        *("name", "of_ticket", "workflow", "version_number", "status", "held_at", "conversation", "tasks_executed"),
        *("started_at", "completed_at", "created_by", "started_by", "started", "at_end"),
        *("tasks", "incidents", "given", "values", "where"),
    )

    def history_of(self, obj: WorkflowInstance) -> QuerySet[History]:  # type: ignore[override]
        """Its ticket's, where it has one."""
        return selectors.history_of_run(obj.pk).order_by("-pk")

    @admin.display(description="execution", ordering="pk")
    def name(self, row: WorkflowInstance) -> str:
        """By its id."""
        return str(row)

    @admin.display(description="version", ordering="version__number")
    def version_number(self, row: WorkflowInstance) -> int:
        """Of the workflow."""
        return row.version.number

    @admin.display(description="ticket")
    def of_ticket(self, row: WorkflowInstance) -> str:
        """The ticket that it is the run of."""
        return self.link(getattr(row, "ticket", None))

    def tasks(self, row: WorkflowInstance) -> str:
        """All of them."""
        return self.task_lines(row)

    def incidents(self, row: WorkflowInstance) -> str:
        """All of them."""
        return self.incident_lines(row)

    @admin.display(description="started by")
    def started_by(self, row: WorkflowInstance) -> str:
        """The task that waits for it, or the execution whose end started it."""
        task = row.parent_task
        return self.link(row.parent) if task is None else self.link(task, f"{task.task}, {row.parent}")

    @admin.display(description="child executions")
    def started(self, row: WorkflowInstance) -> str:
        """Those that its tasks or its end started."""
        found = row.children.select_related("workflow").order_by("pk")[:SHOWN]
        return self.lines((self.link(child), child.workflow, child.get_status_display()) for child in found)

    @admin.display(description="end action")
    def at_end(self, row: WorkflowInstance) -> str:
        """How far it is, and the calls that it made."""
        end = EndAction.objects.filter(instance=row).first()
        if end is None:
            return "-"
        made = end.attempts.order_by("pk")[:SHOWN]
        return self.lines([(end.get_status_display(),), *(_attempt(one) for one in made)])

    @admin.display(description="input")
    def given(self, row: WorkflowInstance) -> str:
        """What it was started with."""
        return pretty(row.input)

    @admin.display(description="data")
    def values(self, row: WorkflowInstance) -> str:
        """What it holds now."""
        return pretty(row.data)

    @admin.display(description="marking")
    def where(self, row: WorkflowInstance) -> str:
        """Where its tokens lie, for whoever looks for a fault."""
        return pretty(row.marking)


class WorkAdmin(RunAdmin):
    """Tasks."""

    list_display = ("title", "of_ticket", "status", "assignee", "candidates", "due_at", "created_at")
    list_display_links = ("title",)
    list_filter = ("status", ("due_at", admin.EmptyFieldListFilter))
    list_select_related: ClassVar[Any] = ("task", "assignee", "instance__ticket")
    fields = (
        *("title", "key", "of_ticket", "execution", "status", "assignee", "candidates", "due_at"),
        *("created_at", "completed_by", "completed_at", "incidents", "attempts", "given", "values"),
    )

    def history_of(self, obj: TaskInstance) -> QuerySet[History]:  # type: ignore[override]
        """What of its run's history names it."""
        named = selectors.history_of_run(obj.instance_id).annotate(named=KeyTextTransform("id", "detail"))
        kinds = Q(event__startswith="task.") | Q(event__startswith="action.") | Q(event__startswith="callback.")
        return named.filter(kinds, named=str(obj.pk)).order_by("-pk")

    @admin.display(ordering="task__title")
    def title(self, row: TaskInstance) -> str:
        """As published."""
        return row.task.title

    def key(self, row: TaskInstance) -> str:
        """As documents name it."""
        return row.task.key

    @admin.display(description="ticket", ordering="instance__ticket")
    def of_ticket(self, row: TaskInstance) -> str:
        """The ticket that it is a task of."""
        return self.link(getattr(row.instance, "ticket", None))

    def execution(self, row: TaskInstance) -> str:
        """The run that it is a task of."""
        return self.link(row.instance)

    def candidates(self, row: TaskInstance) -> str:
        """Who may claim it."""
        return ", ".join(row.task.roles) or "every task worker"

    def incidents(self, row: TaskInstance) -> str:
        """What stopped it."""
        found = row.incidents.order_by("pk")[:SHOWN]
        return self.lines((self.link(stop), stop.get_status_display(), stop.message) for stop in found)

    def attempts(self, row: TaskInstance) -> str:
        """The calls that it made: how each ended, and when it began."""
        made = row.attempts.order_by("pk")[:SHOWN]
        return self.lines(_attempt(one) for one in made)

    @admin.display(description="input")
    def given(self, row: TaskInstance) -> str:
        """What it shows to who does it."""
        return pretty(row.input)

    @admin.display(description="output")
    def values(self, row: TaskInstance) -> str:
        """A draft until it is completed."""
        return "-" if row.output is None else pretty(row.output)


class IncidentAdmin(RunAdmin):
    """Incidents."""

    list_display = ("name", "kind", "of_ticket", "of_task", "status", "message", "created_at")
    list_display_links = ("name",)
    list_filter = ("status", "kind")
    list_select_related: ClassVar[Any] = ("instance__ticket", "task_instance__task")
    fields = (
        *("name", "kind", "code", "message", "of_ticket", "execution", "of_task", "status", "note"),
        *("resolved_by", "resolved_at", "created_at"),
    )

    def history_of(self, obj: Incident) -> QuerySet[History]:  # type: ignore[override]
        """Notes about it, and what of its run's history names it."""
        about = Q(subject_type="incident", subject_id=obj.pk)
        run = selectors.history_of_run(obj.instance_id).values("pk")
        named = History.objects.annotate(named=KeyTextTransform("incident", "detail"))
        return named.filter(about | Q(pk__in=run, named=str(obj.pk))).order_by("-pk")

    @admin.display(description="incident", ordering="pk")
    def name(self, row: Incident) -> str:
        """By its id."""
        return str(row)

    @admin.display(description="ticket", ordering="instance__ticket")
    def of_ticket(self, row: Incident) -> str:
        """The ticket that it stopped."""
        return self.link(getattr(row.instance, "ticket", None))

    def execution(self, row: Incident) -> str:
        """The run that it stopped."""
        return self.link(row.instance)

    @admin.display(description="task")
    def of_task(self, row: Incident) -> str:
        """The task that it stopped; none when it was the run itself."""
        return self.link(row.task_instance, str(row.task_instance.task)) if row.task_instance else "-"


ADMINS: dict[type[Any], type[RunAdmin]] = {
    Ticket: TicketAdmin,
    WorkflowInstance: ExecutionAdmin,
    TaskInstance: WorkAdmin,
    Incident: IncidentAdmin,
}
