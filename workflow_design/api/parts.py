"""/api/workflow/tasks/, transitions/ and tickets/: the parts of workflows."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet

from users.permissions import caller
from workflow_design.api.base import DefinitionViewSet, PartViewSet
from workflow_design.api.filters import TaskFilter, TicketFilter, TransitionFilter
from workflow_design.api.serializers import (
    PlacedTaskSerializer,
    PlacedTicketDefinitionSerializer,
    PlacedTransitionSerializer,
    TaskSerializer,
    TicketDefinitionSerializer,
    TransitionSerializer,
)
from workflow_design.models import TaskDefinition, TicketDefinition, WorkflowTransition
from workflow_design.selectors import TASK_ROWS, TICKET_ROWS, TRANSITION_ROWS, searched, searched_tasks
from workflow_design.services import tasks, tickets, transitions

_NAMED = {**DefinitionViewSet.orderings, "key": "key", "title": "title"}


class TaskViewSet(PartViewSet):
    """Tasks: the steps of workflows."""

    resource = "task_definition"
    example = {"workflow": 1, "key": "approve", "title": "Approve", "task_type": "FORM", "assignee_roles": ["manager"]}
    rows = TASK_ROWS
    serializer_class = TaskSerializer
    placed_serializer_class = PlacedTaskSerializer
    filterset_class = TaskFilter
    orderings = {**_NAMED, "order": "order"}

    def get_queryset(self) -> QuerySet[TaskDefinition]:
        return self.narrowed(TaskDefinition.objects.all())

    def search(self, queryset: QuerySet[Any], text: str) -> QuerySet[Any]:
        return searched_tasks(queryset, text)

    def perform_create(self, values: dict[str, Any], **kwargs: Any) -> int:
        workflow_id = self.parent(values, kwargs.get("workflow_id"))
        return tasks.task_create(user=caller(self.request), workflow_id=workflow_id, values=values).pk

    def perform_update(self, pk: int, values: dict[str, Any], expected: int | None) -> None:
        partial = self.request.method == "PATCH"
        tasks.task_update(user=caller(self.request), task_id=pk, values=values, partial=partial, expected=expected)

    def perform_destroy(self, pk: int, expected: int | None) -> None:
        tasks.task_delete(user=caller(self.request), task_id=pk, expected=expected)


class TransitionViewSet(PartViewSet):
    """Transitions: the ways between tasks."""

    example = {"workflow": 1, "from_task": None, "to_task": 1, "condition": {">": [{"var": "amount"}, 100]}}
    rows = TRANSITION_ROWS
    serializer_class = TransitionSerializer
    placed_serializer_class = PlacedTransitionSerializer
    filterset_class = TransitionFilter
    orderings = {**DefinitionViewSet.orderings, "priority": "priority"}

    def get_queryset(self) -> QuerySet[WorkflowTransition]:
        return self.narrowed(WorkflowTransition.objects.all())

    def perform_create(self, values: dict[str, Any], **kwargs: Any) -> int:
        workflow_id = self.parent(values, kwargs.get("workflow_id"))
        return transitions.transition_create(user=caller(self.request), workflow_id=workflow_id, values=values).pk

    def perform_update(self, pk: int, values: dict[str, Any], expected: int | None) -> None:
        partial = self.request.method == "PATCH"
        transitions.transition_update(
            user=caller(self.request), transition_id=pk, values=values, partial=partial, expected=expected
        )

    def perform_destroy(self, pk: int, expected: int | None) -> None:
        transitions.transition_delete(user=caller(self.request), transition_id=pk, expected=expected)


class TicketDefinitionViewSet(PartViewSet):
    """Ticket types: what requesters fill in."""

    resource = "ticket_definition"
    example = {"workflow": 1, "key": "purchase", "title": "Purchase request", "fields": {"amount": None}}
    rows = TICKET_ROWS
    serializer_class = TicketDefinitionSerializer
    placed_serializer_class = PlacedTicketDefinitionSerializer
    filterset_class = TicketFilter
    orderings = _NAMED

    def get_queryset(self) -> QuerySet[TicketDefinition]:
        return self.narrowed(TicketDefinition.objects.all())

    def search(self, queryset: QuerySet[Any], text: str) -> QuerySet[Any]:
        return searched(queryset, text)

    def perform_create(self, values: dict[str, Any], **kwargs: Any) -> int:
        workflow_id = self.parent(values, kwargs.get("workflow_id"))
        return tickets.ticket_create(user=caller(self.request), workflow_id=workflow_id, values=values).pk

    def perform_update(self, pk: int, values: dict[str, Any], expected: int | None) -> None:
        partial = self.request.method == "PATCH"
        tickets.ticket_update(
            user=caller(self.request), ticket_id=pk, values=values, partial=partial, expected=expected
        )

    def perform_destroy(self, pk: int, expected: int | None) -> None:
        tickets.ticket_delete(user=caller(self.request), ticket_id=pk, expected=expected)
