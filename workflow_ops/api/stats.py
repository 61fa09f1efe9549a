"""/api/workflow/workflows/{id}/stats/ and publish-impact/"""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.views import APIView

from users.permissions import IsWorkflowCreator
from workflow_ops import stats

_TIME: dict[str, Any] = {"allow_null": True, "help_text": "Milliseconds; null while none is completed."}


class StatusCountsSerializer(serializers.Serializer[Any]):
    """How many there are of each status."""

    NOT_STARTED = serializers.IntegerField()
    IN_PROGRESS = serializers.IntegerField()
    ON_HOLD = serializers.IntegerField()
    COMPLETED = serializers.IntegerField()
    CANCELLED = serializers.IntegerField()
    ERROR = serializers.IntegerField()


class DurationsSerializer(serializers.Serializer[Any]):
    """How long completed runs took, from start to end; time on hold counts."""

    completed = serializers.IntegerField(help_text="Of so many runs.")
    p50_ms = serializers.IntegerField(**_TIME)
    p90_ms = serializers.IntegerField(**_TIME)


class TaskNumbersSerializer(serializers.Serializer[Any]):
    """One task, in all versions that had it."""

    key = serializers.CharField()
    title = serializers.CharField()
    open = serializers.IntegerField()
    overdue = serializers.IntegerField(help_text="Open past their due time; none while on hold.")
    stopped = serializers.IntegerField(help_text="Stopped by an incident that is not resolved.")
    completed = serializers.IntegerField()
    p50_ms = serializers.IntegerField(**_TIME)
    p90_ms = serializers.IntegerField(**_TIME)


class StatsSerializer(serializers.Serializer[Any]):
    """Numbers of a workflow's runs, all versions taken together."""

    company = serializers.CharField()
    workflow = serializers.IntegerField()
    tickets = StatusCountsSerializer()
    executions = StatusCountsSerializer(help_text="Runs without a ticket.")
    durations = DurationsSerializer()
    error_rate = serializers.FloatField(
        allow_null=True, help_text="Share of runs that had an incident, resolved or not; null without runs."
    )
    tasks = TaskNumbersSerializer(many=True)


class WaitingTaskSerializer(serializers.Serializer[Any]):
    """A task at which runs of a version stand."""

    key = serializers.CharField()
    title = serializers.CharField()
    open_tasks = serializers.IntegerField(help_text="Stopped ones too.")
    open_runs = serializers.IntegerField()
    in_working_copy = serializers.BooleanField(help_text="Whether the working copy has a task with this key.")


class OpenVersionSerializer(serializers.Serializer[Any]):
    """A version with runs that are not closed. They stay on it, whatever is published."""

    version = serializers.IntegerField()
    open_runs = serializers.IntegerField()
    tasks = WaitingTaskSerializer(many=True)


class PublishImpactSerializer(serializers.Serializer[Any]):
    """What stays behind when the working copy is published now."""

    company = serializers.CharField()
    workflow = serializers.IntegerField()
    version = serializers.IntegerField(help_text="The number that publishing would make, or the last one.")
    published_version = serializers.IntegerField(allow_null=True)
    has_changes = serializers.BooleanField(help_text="Whether publishing would make a version.")
    open_runs = serializers.IntegerField()
    versions = OpenVersionSerializer(many=True, help_text="Newest first.")
    removed_tasks = serializers.ListField(
        child=serializers.CharField(), help_text="Keys of tasks at which runs stand and that the working copy lacks."
    )


class StatsView(APIView):
    """Numbers of a workflow's runs."""

    permission_classes = [IsWorkflowCreator]

    @extend_schema(operation_id="get_workflow_stats", responses=StatsSerializer)
    def get(self, request: Request, id: str) -> HttpResponse:
        """Tickets by status, how long runs and tasks take, where tickets stand, how many had an incident."""
        return HttpResponse(stats.workflow_stats(int(id)), content_type="application/json")


class PublishImpactView(APIView):
    """Runs that a publish would leave on older versions."""

    permission_classes = [IsWorkflowCreator]

    @extend_schema(operation_id="get_publish_impact", responses=PublishImpactSerializer)
    def get(self, request: Request, id: str) -> HttpResponse:
        """What is open, by version and task, and which of these tasks the working copy has no more.

        A run keeps its version: publishing changes nothing for what is open.
        """
        return HttpResponse(stats.publish_impact(int(id)), content_type="application/json")
