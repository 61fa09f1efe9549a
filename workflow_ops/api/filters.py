"""What lists of tickets, tasks, executions and incidents can be narrowed by."""

from __future__ import annotations

import django_filters
from django.db.models import Q, QuerySet
from django.utils import timezone

from core.filters import BooleanFilter, IntegerFilter
from workflow_ops.models import (
    UNDONE,
    IncidentKind,
    IncidentStatus,
    InstanceStatus,
    TaskInstance,
    TaskStatus,
)


class TicketFilter(django_filters.FilterSet):
    status = django_filters.ChoiceFilter(field_name="instance__status", choices=InstanceStatus.choices)
    ticket_definition = IntegerFilter(field_name="ticket_definition_id")
    workflow = IntegerFilter(field_name="instance__workflow_id")
    created_by = IntegerFilter(field_name="created_by_id")
    conversation = django_filters.CharFilter(field_name="instance__conversation", max_length=200)
    created_after = django_filters.IsoDateTimeFilter(field_name="created_at", lookup_expr="gte")
    created_before = django_filters.IsoDateTimeFilter(field_name="created_at", lookup_expr="lt")


class TaskFilter(django_filters.FilterSet):
    status = django_filters.ChoiceFilter(choices=TaskStatus.choices)
    mine = BooleanFilter(method="of_caller", label="whether the caller has it")
    assignee = IntegerFilter(field_name="assignee_id")
    workflow = IntegerFilter(field_name="instance__workflow_id")
    task_key = django_filters.CharFilter(field_name="task__key", max_length=64)
    ticket = IntegerFilter(field_name="instance__ticket")
    overdue = BooleanFilter(method="past_due", label="whether it is undone past its due time")

    def of_caller(self, queryset: QuerySet[TaskInstance], name: str, value: bool) -> QuerySet[TaskInstance]:
        """Tasks that the caller has, or those that they don't."""
        mine = Q(assignee=self.request.user)
        return queryset.filter(mine) if value else queryset.exclude(mine)

    def past_due(self, queryset: QuerySet[TaskInstance], name: str, value: bool) -> QuerySet[TaskInstance]:
        """Undone tasks past their due time, or all others; on hold the clock stands still."""
        late = Q(status__in=UNDONE, due_at__lt=timezone.now(), instance__held_at=None)
        return queryset.filter(late) if value else queryset.exclude(late)


class ExecutionFilter(django_filters.FilterSet):
    workflow = IntegerFilter(field_name="workflow_id")
    parent = IntegerFilter(field_name="parent_id")
    status = django_filters.ChoiceFilter(choices=InstanceStatus.choices)
    conversation = django_filters.CharFilter(max_length=200)


class IncidentFilter(django_filters.FilterSet):
    ticket = IntegerFilter(field_name="instance__ticket")
    workflow = IntegerFilter(field_name="instance__workflow_id")
    status = django_filters.ChoiceFilter(choices=IncidentStatus.choices)
    kind = django_filters.ChoiceFilter(choices=IncidentKind.choices)
