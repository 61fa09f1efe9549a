"""Every call that the URL patterns hold, and a scene in which each can be made."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from typing import Any

from django.conf import settings
from django.contrib.admindocs.views import simplify_regex
from django.db import connection
from django.urls import URLPattern, URLResolver

from users.models import CompanyRole
from workflow_design.tests.documents import PURCHASE, UPLOAD
from workflow_ops.models import Incident
from workflow_ops.services.attachments import attachment_add
from workflow_ops.services.webhooks import webhook_create, webhook_test

# Its tickets have a task for anybody, an incident, and a call that waits for its callback.
RUNNING = {
    "format": "ticketflower/1",
    "workflow": {"key": "running", "title": "Running", "fields": [{"FieldName": "given", "FieldType": "json"}]},
    "tasks": [
        {"key": "look", "title": "Look", "task_type": "FORM"},
        {
            "key": "count",
            "title": "Count",
            "task_type": "SYNC_ACTION",
            "action": "compute",
            "output_transform": {"counted": {"$": {"var": "_data.given"}}},
            "output_schema": {"type": "object", "properties": {"counted": {"type": "integer"}}},
        },
        {"key": "ask", "title": "Ask", "task_type": "ASYNC_ACTION", "action_url": "https://shop.example/orders"},
    ],
    "transitions": [{"from": None, "to": "look"}, {"from": None, "to": "count"}, {"from": None, "to": "ask"}],
    "tickets": [{"key": "running", "title": "Running", "fields": {"given": None}}],
}
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")


def patterns(urlconf: str) -> Iterator[tuple[str, URLPattern]]:
    """(path with `<name>` for what varies, pattern) of everything that `urlconf` holds."""

    def walk(found: Any, prefix: str) -> Iterator[tuple[str, URLPattern]]:
        for pattern in found:
            path = prefix + str(pattern.pattern)
            if isinstance(pattern, URLResolver):
                yield from walk(pattern.url_patterns, path)
            else:
                yield simplify_regex(path), pattern

    return walk(import_module(urlconf).urlpatterns, "")


def calls(urlconf: str) -> set[tuple[str, str]]:
    """(method, path) of every REST call."""
    found = set()
    for path, pattern in patterns(urlconf):
        view = getattr(pattern.callback, "cls", None)
        if view is None:
            continue
        actions = getattr(pattern.callback, "actions", None)
        names = actions or [method.lower() for method in METHODS if hasattr(view, method.lower())]
        found |= {(name.upper(), path) for name in names if name in view.http_method_names}
    return found


COMPANY_CALLS = calls(settings.ROOT_URLCONF)
PUBLIC_CALLS = calls(settings.PUBLIC_SCHEMA_URLCONF)


def a_run(creator: Any, requester: Any, mark: str) -> dict[str, int]:
    """Open a ticket; the ids of what there is of it, as in `Scene.ids`."""
    creator.post(UPLOAD, RUNNING, query={"publish": "true"})
    given = {"ticket_definition": "running", "data": {"given": mark}, "subject": mark}
    ticket = requester.post("/api/tickets/", given).json()
    incident = Incident.objects.get(instance__ticket=ticket["id"])
    webhook, _ = webhook_create(
        user=creator.user, url="https://crm.example/hooks", events=["ticket.cancelled"], description=mark
    )
    return {
        "api/tickets": ticket["id"],
        "api/tasks": ticket["open_tasks"][0]["id"],
        "callbacks": ticket["open_tasks"][1]["id"],
        "executions": incident.instance_id,
        "incidents": incident.pk,
        "webhooks": webhook.pk,
        "deliveries": webhook_test(user=creator.user, webhook_id=webhook.pk).pk,
        "attachments": attachment_add(user=requester.user, ticket_id=ticket["id"], name="a.txt", content=b"a").pk,
    }


class Scene:
    """A company with a row of every kind: `ids` by the last word, or two, before an id in a route.

    `creator` designs, `requester` has opened a ticket, whose text shows `mark`.
    """

    def __init__(self, creator: Any, requester: Any, mark: str) -> None:
        self.mark = mark
        document = {**PURCHASE, "workflow": {**PURCHASE["workflow"], "title": f"{mark} purchase"}}
        made = creator.post(UPLOAD, document).json()
        workflow = made["workflow"]["id"]
        version = creator.post(f"/api/workflow/workflows/{workflow}/publish/", {}).json()["version"]

        def first(kind: str) -> int:
            return creator.get(f"/api/workflow/workflows/{workflow}/{kind}/").json()["results"][0]["id"]

        self.tasks = [row["id"] for row in creator.get(f"/api/workflow/workflows/{workflow}/tasks/").json()["results"]]
        role = CompanyRole.objects.create(name=f"{mark} role")
        self.ids = {
            "workflows": workflow,
            "versions": version,
            "tasks": self.tasks[0],
            "transitions": first("transitions"),
            "tickets": first("tickets"),
            "company-roles": role.pk,
            "users": creator.user.pk,
            **a_run(creator, requester, mark),
        }

    def path(self, route: str) -> str:
        """A route with the ids of this scene."""
        parts = route.split("/")
        for index, part in enumerate(parts):
            if part.startswith("<"):
                parts[index] = str(self.ids.get("/".join(parts[index - 2 : index])) or self.ids[parts[index - 1]])
        return "/".join(parts)


# As pg_stat_xact_user_tables has it, which looks for each table's indexes too. 16384 is the first number of a user's.
_WRITTEN = """
    SELECT coalesce(sum(pg_stat_get_xact_tuples_inserted(oid) + pg_stat_get_xact_tuples_updated(oid)
        + pg_stat_get_xact_tuples_deleted(oid)), 0)
    FROM pg_class WHERE relkind = 'r' AND oid >= 16384
"""


def written() -> int:
    """How many rows the present transaction has written, undone ones too: what a refused call must leave as it is."""
    with connection.cursor() as cursor:
        cursor.execute(_WRITTEN)
        return int(cursor.fetchone()[0])
