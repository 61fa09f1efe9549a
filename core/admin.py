"""What both admin sites are made of: pages that read, and writes that go through the services the API calls.

Who may come in is the site's to say (`Site.has_permission`); inside there are no permission rows. What was done stands
in our history, written by the services; Django's own log is not used.
"""

from __future__ import annotations

import json
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError
from django.db.models import Model, ProtectedError, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.html import format_html

from core.errors import Refused, refusal_for
from core.models import Actor, History

# So many entries stand below an object; the rest is behind the button "History".
SHOWN = 10
PER_PAGE = 100
# A definition's change can be long: the record's own page has all of it.
LINE = 300


class Site(admin.AdminSite):
    """An admin site without "recent actions"."""

    site_url = None
    enable_nav_sidebar = False
    index_template = "core/admin/index.html"
    app_index_template = "core/admin/app_index.html"


class ReadOnlyAdmin(admin.ModelAdmin):
    """Rows to look at, with their history. `history_subject` is their `subject_type` there."""

    actions: Any = None
    history_subject = ""
    show_full_result_count = False
    list_per_page = PER_PAGE
    change_form_template = "core/admin/change_form.html"
    object_history_template = "core/admin/history.html"

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.admin_site.has_permission(request)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.admin_site.has_permission(request)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def log_addition(self, *args: Any) -> None:  # type: ignore[override]
        """Services write the history."""

    def log_change(self, *args: Any) -> None:  # type: ignore[override]
        """Services write the history."""

    def log_deletions(self, *args: Any) -> Any:
        """Services write the history."""

    def history_of(self, obj: Model) -> QuerySet[History]:
        """What happened to the object, latest first."""
        return History.objects.filter(subject_type=self.history_subject, subject_id=obj.pk).order_by("-id")

    def changeform_view(
        self, request: HttpRequest, object_id: str | None = None, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        obj = self.get_object(request, unquote(object_id)) if object_id else None
        history = self.history_of(obj)[:SHOWN] if obj is not None else []
        context = {"history": [Entry(row) for row in history], **(extra_context or {})}
        return super().changeform_view(request, object_id, form_url, context)

    def history_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> HttpResponse:
        obj = self.get_object(request, unquote(object_id))
        if obj is None:
            raise Http404
        if not self.has_view_permission(request, obj):
            raise PermissionDenied
        page = self.get_paginator(request, self.history_of(obj), PER_PAGE).get_page(request.GET.get("p", 1))
        context = {
            **self.admin_site.each_context(request),
            "title": f"History: {obj}",
            "subtitle": None,
            "history": [Entry(row) for row in page],
            "page": page,
            "object": obj,
            "opts": self.opts,
            **(extra_context or {}),
        }
        request.current_app = self.admin_site.name
        return TemplateResponse(request, self.object_history_template, context)


class Entry:
    """One history record as pages show it."""

    def __init__(self, row: History) -> None:
        self.at = row.at
        self.actor = row.actor
        self.event = row.event
        self.lines = detail_lines(row.detail)


def detail_lines(detail: dict[str, Any]) -> list[str]:
    """A record's detail in words: `last_name: "" → "Karl"`."""
    found = []
    for name, value in detail.items():
        if isinstance(value, dict) and value.keys() == {"before", "after"}:
            found.append(f"{name}: {_text(value['before'])} → {_text(value['after'])}")
        else:
            found.append(f"{name}: {_text(value)}")
    return found


def _text(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= LINE else f"{text[:LINE]}…"


class RefusableForm(forms.ModelForm):
    """A form that shows why the service said no."""

    refusal: Refused | None = None

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean()
        for fault in self.refusal.faults if self.refusal else ():
            self.add_error(fault.attr if fault.attr in self.fields else None, fault.detail)
        return cleaned


class ServiceAdmin(ReadOnlyAdmin):
    """Rows that are written through `write` (and `remove`), which call services; what they refuse the form shows."""

    form = RefusableForm
    may_add = False
    may_remove = False

    def write(self, actor: Actor, obj: Any, values: dict[str, Any]) -> Model:
        """Call the service; `obj` has no pk when it is new. `values`: all of a new one's, else what was changed."""
        raise NotImplementedError

    def remove(self, actor: Actor, obj: Any) -> None:
        """Call the service."""
        raise NotImplementedError

    def has_add_permission(self, request: HttpRequest) -> bool:
        return self.may_add and self.admin_site.has_permission(request)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.admin_site.has_permission(request)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.may_remove and self.admin_site.has_permission(request)

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        form = super().get_form(request, obj, change, **kwargs)
        return type(form.__name__, (form,), {"refusal": getattr(request, "refusal", None)})

    def changeform_view(
        self, request: HttpRequest, object_id: str | None = None, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        try:
            return super().changeform_view(request, object_id, form_url, extra_context)
        except (Refused, IntegrityError) as error:
            # Everything has been rolled back: the same request again, as a form that is not valid.
            request.refusal = _refusal(error)  # type: ignore[attr-defined]
            return super().changeform_view(request, object_id, form_url, extra_context)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        values = {name: form.cleaned_data[name] for name in (form.changed_data if change else form.cleaned_data)}
        obj.pk = self.write(Actor.of(request.user), obj, values).pk

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """The service has written these too."""

    def delete_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> HttpResponse:
        try:
            return super().delete_view(request, object_id, extra_context)
        except (Refused, IntegrityError, ProtectedError) as error:
            messages.error(request, str(_refusal(error)))
            name = f"{self.admin_site.name}:{self.opts.app_label}_{self.opts.model_name}_change"
            return HttpResponseRedirect(reverse(name, args=[object_id]))

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        self.remove(Actor.of(request.user), obj)


def _refusal(error: Exception) -> Refused:
    found = refusal_for(error)
    if found is None:
        raise error
    return found[0]


class HistoryAdmin(ReadOnlyAdmin):
    """The append-only record of everything."""

    list_display = ("at", "actor", "event", "subject")
    list_display_links = ("at",)
    list_filter = ("subject_type", "event", "at")
    search_fields = ("actor", "subject")
    search_help_text = "Who did it, or what it was done to"
    fields = ("at", "actor", "event", "subject_type", "subject", "whole")

    @admin.display(description="detail")
    def whole(self, row: History) -> str:
        """The detail as it is."""
        return format_html("<pre>{}</pre>", json.dumps(row.detail, ensure_ascii=False, indent=2))

    def history_of(self, obj: Model) -> QuerySet[History]:
        """A record has no history of its own."""
        return History.objects.none()
