"""What lists of definitions can be narrowed by."""

from __future__ import annotations

import django_filters
from django.db.models import QuerySet

from core.filters import IntegerFilter
from workflow_design.models import Status, TaskType, TicketDefinition


class WorkflowFilter(django_filters.FilterSet):
    status = django_filters.ChoiceFilter(choices=Status.choices)
    key = django_filters.CharFilter(max_length=64)


class TaskFilter(django_filters.FilterSet):
    workflow = IntegerFilter(field_name="workflow_id")
    task_type = django_filters.ChoiceFilter(choices=TaskType.choices)


class TransitionFilter(django_filters.FilterSet):
    workflow = IntegerFilter(field_name="workflow_id")


class TicketFilter(django_filters.FilterSet):
    workflow = IntegerFilter(field_name="workflow_id")
    role = django_filters.CharFilter(method="with_role", max_length=100, label="company role that may open it")

    def with_role(self, queryset: QuerySet[TicketDefinition], name: str, value: str) -> QuerySet[TicketDefinition]:
        """Ticket types that people with this company role may open."""
        return queryset.filter(company_role_access__contains=[value])


class AccessFilter(django_filters.FilterSet):
    role = django_filters.CharFilter(max_length=100)
    ticket_definition = IntegerFilter(field_name="ticket_definition_id")
    workflow = IntegerFilter(field_name="workflow_id")
