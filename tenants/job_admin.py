"""Jobs for operators, to look at: which wait, which failed."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from procrastinate.contrib.django.models import ProcrastinateJob

from core.admin import ReadOnlyAdmin


class JobAdmin(ReadOnlyAdmin):
    """The queue, as a list alone: what a job was given is its company's own, and a page of its own would show it.

    `company` is the uuid of the company whose job it is.
    """

    list_display = ("id", "task_name", "queue_name", "status", "scheduled_at", "attempts", "company")
    list_display_links = None
    list_filter = ("status", "queue_name", "task_name")
    ordering = ("-id",)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return obj is None and super().has_view_permission(request)

    @admin.display(description="company")
    def company(self, job: ProcrastinateJob) -> str:
        return job.args.get("company") or "–"
