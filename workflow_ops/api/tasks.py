"""/api/tasks/"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from django.db.models import QuerySet
from django.http import HttpResponse
from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.request import Request

from core.errors import Refused, invalid, refusal_for
from core.renderers import json_response
from workflow_ops import answers, selectors
from workflow_ops.api.base import RunViewSet
from workflow_ops.api.filters import TaskFilter
from workflow_ops.api.serializers import (
    AssignSerializer,
    BulkAnswerSerializer,
    BulkSerializer,
    CompletedSerializer,
    OutputSerializer,
    TaskInstanceSerializer,
)
from workflow_ops.models import TaskInstance
from workflow_ops.services import tasks
from workflow_ops.services.idempotency import once

MAX_BULK = 100


class TaskViewSet(RunViewSet):
    """Tasks: the caller's, those they may claim, and for ticket admins all."""

    rows = selectors.TASK_ROWS
    serializer_class = TaskInstanceSerializer
    filterset_class = TaskFilter
    orderings = {**RunViewSet.orderings, "due_at": "due_at", "status": "status"}

    def get_queryset(self) -> QuerySet[TaskInstance]:
        return selectors.tasks_of(self.user)

    @extend_schema(operation_id="claim_task", request=None, responses=TaskInstanceSerializer)
    @action(detail=True, methods=["post"])
    def claim(self, request: Request, **kwargs: Any) -> HttpResponse:
        """Take an open task."""
        return self._do(tasks.task_claim, **kwargs)

    @extend_schema(operation_id="release_task", request=None, responses=TaskInstanceSerializer)
    @action(detail=True, methods=["post"])
    def release(self, request: Request, **kwargs: Any) -> HttpResponse:
        """Give a claimed task back."""
        return self._do(tasks.task_release, **kwargs)

    @extend_schema(operation_id="assign_task", request=AssignSerializer, responses=TaskInstanceSerializer)
    @action(detail=True, methods=["post"])
    def assign(self, request: Request, **kwargs: Any) -> HttpResponse:
        """Give a task to a person who may do it; null gives it back. Not somebody else's, but for ticket admins."""
        pk = int(kwargs["id"])
        tasks.task_assign(user=self.user, task_id=pk, assignee=self._assignee(self.object_body(request)))
        return self.answer(pk)

    @extend_schema(operation_id="save_task", request=OutputSerializer, responses=TaskInstanceSerializer)
    @action(detail=True, methods=["post"])
    def save(self, request: Request, **kwargs: Any) -> HttpResponse:
        """Keep a draft of the output."""
        pk = int(kwargs["id"])
        tasks.task_save(user=self.user, task_id=pk, output=self.object_body(request).get("output"))
        return self.answer(pk)

    @extend_schema(operation_id="complete_task", request=OutputSerializer, responses=CompletedSerializer)
    @action(detail=True, methods=["post"])
    def complete(self, request: Request, **kwargs: Any) -> HttpResponse:
        """Complete a task with its output; answers what that led to."""
        with tasks.late_results_noted(self.user):
            return once(request, self.user, lambda: self._complete(request, **kwargs))

    def _complete(self, request: Request, **kwargs: Any) -> HttpResponse:
        pk = int(kwargs["id"])
        output, shown = self.object_body(request).get("output"), partial(answers.completed, self.user)
        rows = tasks.task_complete(user=self.user, task_id=pk, output=output, shown=shown)
        return HttpResponse(answers.completed_json(rows), content_type="application/json")

    @extend_schema(operation_id="bulk_tasks", request=BulkSerializer, responses=BulkAnswerSerializer)
    @action(detail=False, methods=["post"])
    def bulk(self, request: Request, **kwargs: Any) -> HttpResponse:
        """One action for several tasks, each on its own: what fails for one leaves the others alone."""
        body = self.object_body(request)
        ids, act = body.get("tasks"), self._bulk_action(body)
        if not isinstance(ids, list) or any(type(pk) is not int or not 0 < pk < 2**63 for pk in ids):
            raise invalid("must be a list of ids of tasks", attr="tasks", code="wrong_type")
        if len(ids) > MAX_BULK:
            raise invalid(f"must have at most {MAX_BULK} items", attr="tasks", code="too_many")
        # Also where the action has no use for them, and where there is no task that could tell.
        if type(body.get("output", {})) is not dict:
            raise invalid("must be an object", attr="output", code="wrong_type")
        if type(body.get("user")) not in (int, type(None)):
            raise invalid("must be the id of a person, or null", attr="user", code="wrong_type")
        return json_response({"results": [self._one(act, pk) for pk in ids]})

    def _bulk_action(self, body: dict[str, Any]) -> Callable[[int], Any]:
        name, user = body.get("action"), self.user
        if name == "claim":
            return lambda pk: tasks.task_claim(user=user, task_id=pk)
        if name == "release":
            return lambda pk: tasks.task_release(user=user, task_id=pk)
        if name == "assign":
            person = self._assignee(body)
            return lambda pk: tasks.task_assign(user=user, task_id=pk, assignee=person)
        if name == "save":
            return lambda pk: tasks.task_save(user=user, task_id=pk, output=body.get("output"))
        if name == "complete":
            return lambda pk: tasks.task_complete(user=user, task_id=pk, output=body.get("output"))
        raise invalid("must be one of: claim, release, assign, save, complete", attr="action", code="not_an_option")

    def _one(self, act: Callable[[int], Any], pk: int) -> dict[str, Any]:
        try:
            with tasks.late_results_noted(self.user):
                act(pk)
        except Exception as error:
            found = refusal_for(error)
            if found is None:
                raise
            refusal: Refused = found[0]
            faults = [{"code": f.code, "detail": f.detail, "attr": f.attr} for f in refusal.faults]
            return {"task": pk, "status": refusal.status, "errors": faults}
        return {"task": pk, "status": 200, "errors": []}

    def _do(self, service: Callable[..., None], **kwargs: Any) -> HttpResponse:
        pk = int(kwargs["id"])
        service(user=self.user, task_id=pk)
        return self.answer(pk)

    def _assignee(self, body: dict[str, Any]) -> Any:
        if "user" not in body:
            raise invalid("is required (null gives the task back)", attr="user", code="required")
        return body["user"]
