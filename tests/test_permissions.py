"""Who may call what: one table, equal to what the URL patterns hold, and every role held against it.

A call that is refused writes nothing: no row, no history.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import pytest
from django.conf import settings
from django.db import transaction
from django.test import RequestFactory
from django_tenants.utils import tenant_context
from rest_framework.views import APIView

from core.db import connection
from tenants.models import Company
from tests.people import PASSWORD, signed_in
from tests.routes import COMPANY_CALLS, METHODS, PUBLIC_CALLS, Scene, patterns, written
from users.models import SystemRole

ROLES = tuple(SystemRole.values)
SIGNED_IN = (*ROLES, "")  # "": a person without any system role
OPEN = (*SIGNED_IN, None)  # None: nobody
CREATOR = ("workflow_creator",)
READERS = ("workflow_creator", "ticket_admin", "admin")
ADMIN = ("admin",)
TICKET_ADMIN = ("ticket_admin",)
WORKER = ("task_worker", "ticket_admin")
RUNS = ("workflow_creator", "ticket_admin")
TRANSITION = {"from_task": "<tasks>", "to_task": None, "on_event": "error"}
WEBHOOK = {"url": "https://crm.example/hooks", "events": ["ticket.created"]}
NEW_PASSWORD = "another long sentence 8"


@dataclass(frozen=True)
class Call:
    """Who may make it, how it then ends, and its body; names in angle brackets are ids of the scene.

    `unseen` are the roles to which the scene's row is none.
    """

    roles: tuple[str | None, ...]
    status: int = 200
    body: Any = None
    unseen: tuple[str, ...] = ()


def others(roles: tuple[str, ...]) -> tuple[str, ...]:
    """Everybody signed in but those with `roles`."""
    return tuple(role for role in SIGNED_IN if role not in roles)


COMPANY: dict[tuple[str, str], Call] = {
    ("GET", "/api/"): Call(OPEN),
    ("GET", "/api/schema/"): Call(OPEN),
    ("GET", "/api/docs/"): Call(OPEN),
    ("GET", "/api/redoc/"): Call(OPEN),
    ("GET", "/health/"): Call(OPEN),
    ("GET", "/ready/"): Call(OPEN),
    ("POST", "/api/login/"): Call(OPEN, 200, {"email": "<someone>", "password": PASSWORD}),
    ("POST", "/api/token/refresh/"): Call(OPEN, 200, {"refresh": "<someone's refresh>"}),
    ("POST", "/api/password-reset/"): Call(OPEN, 204, {"email": "nobody@acme.example"}),
    ("POST", "/api/password-reset/confirm/"): Call(OPEN, 400, {"uid": "x", "token": "y", "new_password": NEW_PASSWORD}),
    ("POST", "/api/logout/"): Call(SIGNED_IN, 204, {"refresh": "<refresh>"}),
    ("GET", "/api/me/"): Call(SIGNED_IN),
    ("PATCH", "/api/me/"): Call(SIGNED_IN, 200, {"first_name": "Other"}),
    ("POST", "/api/me/password/"): Call(SIGNED_IN, 204, {"old_password": PASSWORD, "new_password": NEW_PASSWORD}),
    ("GET", "/api/company/"): Call(SIGNED_IN),
    ("PATCH", "/api/company/"): Call(ADMIN, 200, {"name": "Other"}),
    ("GET", "/api/users/"): Call(ADMIN),
    ("POST", "/api/users/"): Call(ADMIN, 201, {"email": "new@acme.example"}),
    ("GET", "/api/users/<id>/"): Call(ADMIN),
    ("PUT", "/api/users/<id>/"): Call(ADMIN, 200, {"email": "new@acme.example"}),
    ("PATCH", "/api/users/<id>/"): Call(ADMIN, 200, {"first_name": "Other"}),
    ("POST", "/api/users/invite/"): Call(ADMIN, 201, {"email": "new@acme.example"}),
    ("GET", "/api/company-roles/"): Call(SIGNED_IN),
    ("POST", "/api/company-roles/"): Call(ADMIN, 201, {"name": "new"}),
    ("GET", "/api/company-roles/<id>/"): Call(SIGNED_IN),
    ("PUT", "/api/company-roles/<id>/"): Call(ADMIN, 200, {"name": "new"}),
    ("PATCH", "/api/company-roles/<id>/"): Call(ADMIN, 200, {"description": "new"}),
    ("DELETE", "/api/company-roles/<id>/"): Call(ADMIN, 204),
    ("POST", "/api/workflow/upload/"): Call(CREATOR, 201, {"workflow": {"key": "new", "title": "New"}}),
    ("GET", "/api/workflow/access/"): Call(READERS),
    ("POST", "/api/workflow/access/"): Call(CREATOR, 200, {"ticket_definition": "<tickets>", "role": "everyone"}),
    ("DELETE", "/api/workflow/access/"): Call(CREATOR, 204, {"ticket_definition": "<tickets>", "role": "everyone"}),
    ("GET", "/api/workflow/workflows/"): Call(READERS),
    ("POST", "/api/workflow/workflows/"): Call(CREATOR, 201, {"title": "New"}),
    ("GET", "/api/workflow/workflows/<id>/"): Call(READERS),
    ("PUT", "/api/workflow/workflows/<id>/"): Call(CREATOR, 200, {"title": "New"}),
    ("PATCH", "/api/workflow/workflows/<id>/"): Call(CREATOR, 200, {"title": "New"}),
    ("DELETE", "/api/workflow/workflows/<id>/"): Call(CREATOR, 204),
    ("POST", "/api/workflow/workflows/<id>/activate/"): Call(CREATOR),
    ("POST", "/api/workflow/workflows/<id>/deactivate/"): Call(CREATOR),
    ("POST", "/api/workflow/workflows/<id>/archive/"): Call(CREATOR),
    ("POST", "/api/workflow/workflows/<id>/duplicate/"): Call(CREATOR, 201, {}),
    ("GET", "/api/workflow/workflows/<id>/export/"): Call(READERS),
    ("GET", "/api/workflow/workflows/<id>/diagram/"): Call(READERS),
    ("POST", "/api/workflow/workflows/<id>/validate/"): Call(READERS),
    ("POST", "/api/workflow/workflows/<id>/simulate/"): Call(READERS, 200, {"data": {}, "outputs": {}}),
    ("POST", "/api/workflow/workflows/<id>/publish/"): Call(CREATOR, 200, {}),
    ("GET", "/api/workflow/workflows/<id>/diff/"): Call(READERS),
    ("POST", "/api/workflow/workflows/<id>/restore/"): Call(CREATOR, 200, {"version": "<versions>"}),
    ("GET", "/api/workflow/workflows/<workflow_id>/versions/"): Call(READERS),
    ("GET", "/api/workflow/workflows/<workflow_id>/versions/<number>/"): Call(READERS),
    ("PUT", "/api/workflow/workflows/<id>/task-order/"): Call(CREATOR, 200, {"tasks": "<all tasks>"}),
    ("GET", "/api/workflow/workflows/<workflow_id>/tasks/"): Call(READERS),
    ("POST", "/api/workflow/workflows/<workflow_id>/tasks/"): Call(CREATOR, 201, {"title": "New", "task_type": "FORM"}),
    ("GET", "/api/workflow/workflows/<workflow_id>/transitions/"): Call(READERS),
    ("POST", "/api/workflow/workflows/<workflow_id>/transitions/"): Call(CREATOR, 201, TRANSITION),
    ("GET", "/api/workflow/workflows/<workflow_id>/tickets/"): Call(READERS),
    ("POST", "/api/workflow/workflows/<workflow_id>/tickets/"): Call(CREATOR, 201, {"title": "New"}),
    ("GET", "/api/workflow/tasks/"): Call(READERS),
    ("POST", "/api/workflow/tasks/"): Call(
        CREATOR, 201, {"workflow": "<workflows>", "title": "New", "task_type": "FORM"}
    ),
    ("GET", "/api/workflow/tasks/<id>/"): Call(READERS),
    ("PUT", "/api/workflow/tasks/<id>/"): Call(CREATOR, 200, {"title": "New", "task_type": "FORM"}),
    ("PATCH", "/api/workflow/tasks/<id>/"): Call(CREATOR, 200, {"title": "New"}),
    ("DELETE", "/api/workflow/tasks/<id>/"): Call(CREATOR, 204),
    ("GET", "/api/workflow/transitions/"): Call(READERS),
    ("POST", "/api/workflow/transitions/"): Call(CREATOR, 201, {"workflow": "<workflows>", **TRANSITION}),
    ("GET", "/api/workflow/transitions/<id>/"): Call(READERS),
    ("PUT", "/api/workflow/transitions/<id>/"): Call(CREATOR, 200, TRANSITION),
    ("PATCH", "/api/workflow/transitions/<id>/"): Call(CREATOR, 200, {"priority": 5}),
    ("DELETE", "/api/workflow/transitions/<id>/"): Call(CREATOR, 204),
    ("GET", "/api/workflow/tickets/"): Call(READERS),
    ("POST", "/api/workflow/tickets/"): Call(CREATOR, 201, {"workflow": "<workflows>", "title": "New"}),
    ("GET", "/api/workflow/tickets/<id>/"): Call(READERS),
    ("PUT", "/api/workflow/tickets/<id>/"): Call(CREATOR, 200, {"title": "New"}),
    ("PATCH", "/api/workflow/tickets/<id>/"): Call(CREATOR, 200, {"title": "New"}),
    ("DELETE", "/api/workflow/tickets/<id>/"): Call(CREATOR, 204),
    ("POST", "/api/workflow/workflows/<workflow_id>/execute/"): Call(RUNS, 201, {"input": {"amount": 5}}),
    ("GET", "/api/workflow/workflows/<id>/stats/"): Call(READERS),
    ("GET", "/api/workflow/workflows/<id>/publish-impact/"): Call(READERS),
    ("GET", "/api/ticket-types/"): Call(SIGNED_IN),
    ("GET", "/api/tickets/"): Call(SIGNED_IN),
    ("POST", "/api/tickets/"): Call(SIGNED_IN, 201, {"ticket_definition": "running", "data": {}}),
    ("GET", "/api/tickets/<id>/"): Call(TICKET_ADMIN, unseen=others(TICKET_ADMIN)),
    ("GET", "/api/tickets/<ticket_id>/history/"): Call(TICKET_ADMIN, unseen=others(TICKET_ADMIN)),
    ("POST", "/api/tickets/<id>/cancel/"): Call(TICKET_ADMIN, unseen=others(TICKET_ADMIN)),
    ("POST", "/api/tickets/<id>/hold/"): Call(TICKET_ADMIN),
    ("POST", "/api/tickets/<id>/resume/"): Call(TICKET_ADMIN, 409),
    ("GET", "/api/tickets/<ticket_id>/comments/"): Call(TICKET_ADMIN, unseen=others(TICKET_ADMIN)),
    ("POST", "/api/tickets/<ticket_id>/comments/"): Call(
        TICKET_ADMIN, 201, {"text": "Hm."}, unseen=others(TICKET_ADMIN)
    ),
    ("GET", "/api/tickets/<ticket_id>/attachments/"): Call(TICKET_ADMIN, unseen=others(TICKET_ADMIN)),
    # A file is no JSON.
    ("POST", "/api/tickets/<ticket_id>/attachments/"): Call(TICKET_ADMIN, 415, {}, unseen=others(TICKET_ADMIN)),
    ("GET", "/api/tickets/<ticket_id>/attachments/<id>/"): Call(TICKET_ADMIN, unseen=others(TICKET_ADMIN)),
    ("GET", "/api/tasks/"): Call(SIGNED_IN),
    ("POST", "/api/tasks/bulk/"): Call(SIGNED_IN, 200, {"action": "release", "tasks": []}),
    ("GET", "/api/tasks/<id>/"): Call(WORKER, unseen=others(WORKER)),
    ("POST", "/api/tasks/<id>/claim/"): Call(WORKER),
    ("POST", "/api/tasks/<id>/release/"): Call(WORKER, 409),
    ("POST", "/api/tasks/<id>/assign/"): Call(WORKER, 200, {"user": "<worker>"}),
    ("POST", "/api/tasks/<id>/save/"): Call(WORKER, 200, {"output": {}}),
    ("POST", "/api/tasks/<id>/complete/"): Call(WORKER, 200, {"output": {}}),
    ("GET", "/api/tasks/<task_id>/attempts/"): Call(TICKET_ADMIN),
    # Signed, by nobody here.
    ("POST", "/api/callbacks/<task_id>/"): Call(OPEN, 401, {}),
    ("GET", "/api/signing-secrets/"): Call(ADMIN),
    ("POST", "/api/signing-secrets/"): Call(ADMIN, 201, {}),
    ("GET", "/api/executions/"): Call(RUNS),
    ("GET", "/api/executions/<id>/"): Call(TICKET_ADMIN, unseen=CREATOR),
    ("GET", "/api/executions/<execution_id>/logs/"): Call(TICKET_ADMIN, unseen=CREATOR),
    ("POST", "/api/executions/<id>/cancel/"): Call(TICKET_ADMIN, unseen=CREATOR),
    ("GET", "/api/incidents/"): Call(TICKET_ADMIN),
    ("GET", "/api/incidents/<id>/"): Call(TICKET_ADMIN),
    ("PATCH", "/api/incidents/<id>/"): Call(TICKET_ADMIN, 200, {"note": "seen"}),
    ("POST", "/api/incidents/<id>/retry/"): Call(TICKET_ADMIN),
    ("POST", "/api/incidents/<id>/skip/"): Call(TICKET_ADMIN, 200, {"output": {}}),
    ("GET", "/api/webhooks/"): Call(ADMIN),
    ("POST", "/api/webhooks/"): Call(ADMIN, 201, WEBHOOK),
    ("GET", "/api/webhooks/<id>/"): Call(ADMIN),
    ("PUT", "/api/webhooks/<id>/"): Call(ADMIN, 200, WEBHOOK),
    ("PATCH", "/api/webhooks/<id>/"): Call(ADMIN, 200, {"description": "new"}),
    ("DELETE", "/api/webhooks/<id>/"): Call(ADMIN, 204),
    ("POST", "/api/webhooks/<id>/rotate-secret/"): Call(ADMIN, 200, {}),
    ("POST", "/api/webhooks/<id>/test/"): Call(ADMIN, 201),
    ("GET", "/api/webhooks/<webhook_id>/deliveries/"): Call(ADMIN),
    ("GET", "/api/webhooks/<webhook_id>/deliveries/<id>/"): Call(ADMIN),
    ("POST", "/api/webhooks/<webhook_id>/deliveries/<id>/resend/"): Call(ADMIN),
}
PUBLIC = {
    **{(method, path): COMPANY[method, path] for method, path in COMPANY if path in ("/api/", "/health/", "/ready/")},
    **{("GET", f"/api/{page}/"): Call(OPEN) for page in ("schema", "docs", "redoc")},
    ("POST", "/api/create-company/"): Call(
        (None,), 201, {"company_name": "New", "email": "new@new.example", "password": PASSWORD}
    ),
}


def test_the_tables_hold_every_call():
    assert set(COMPANY) == COMPANY_CALLS
    assert set(PUBLIC) == PUBLIC_CALLS


@pytest.mark.parametrize(
    "urlconf, besides", [(settings.ROOT_URLCONF, set()), (settings.PUBLIC_SCHEMA_URLCONF, {"/metrics"})]
)
def test_what_is_no_call_is_a_page(urlconf, besides):
    """Pages, and what monitoring reads, have tests of their own; here is where they may be."""
    others = {path for path, pattern in patterns(urlconf) if not hasattr(pattern.callback, "cls")}
    assert {path for path in others if not path.startswith(("/admin/", "/password/"))} == besides


@pytest.fixture(scope="module")
def made(file_db):
    acme = Company.objects.get(slug="acme")
    connection.set_tenant(acme)
    return Scene(signed_in("workflow_creator", acme), signed_in(("user", "task_worker"), acme), "acme")


@pytest.fixture
def scene(made, acme_db):
    return made


def filled(body: Any, names: dict[str, Any]) -> Any:
    if isinstance(body, dict):
        return {key: filled(value, names) for key, value in body.items()}
    return names.get(body, body) if isinstance(body, str) else body


@pytest.mark.parametrize("role", OPEN)
def test_every_call_of_a_role(api, scene, role):
    someone = api(("user", "task_worker"))
    caller = api(role if role is None else (role,) if role else ())
    names = {f"<{kind}>": pk for kind, pk in scene.ids.items()}
    names |= {"<someone>": someone.user.email, "<someone's refresh>": someone.refresh}
    names |= {"<refresh>": caller.refresh, "<all tasks>": scene.tasks, "<worker>": someone.user.pk}
    found, wrote = {}, []
    for (method, route), call in COMPANY.items():
        before, point = written(), transaction.savepoint()
        response = caller.call(method, scene.path(route), filled(call.body, names))
        found[method, route] = response.status_code
        if role not in call.roles and written() != before:
            wrote.append((method, route))
        transaction.savepoint_rollback(point)
    refused = 401 if role is None else 403
    assert found == {
        key: call.status if role in call.roles else 404 if role in call.unseen else refused
        for key, call in COMPANY.items()
    }
    assert wrote == []


def test_one_body_for_each_kind_of_refusal(api, scene):
    bodies = {
        role: {
            caller.call(method, scene.path(route)).content
            for method, route in COMPANY
            # Tasks say that one is not a candidate.
            if not route.startswith("/api/tasks/")
            and role not in COMPANY[method, route].roles + COMPANY[method, route].unseen
        }
        for role, caller in ((None, api(None)), ("", api(())))
    }
    assert bodies == {
        None: {
            b'{"type":"client_error","errors":[{"code":"not_authenticated","detail":'
            b'"Authentication credentials were not provided.","attr":null}]}'
        },
        "": {
            b'{"type":"client_error","errors":[{"code":"permission_denied","detail":'
            b'"You do not have permission to perform this action.","attr":null}]}'
        },
    }


def test_other_methods_are_not_there(api, scene):
    """For a person who may do everything."""
    everything = api(ROLES)
    for route in {route for _, route in COMPANY}:
        for method in METHODS:
            if (method, route) not in COMPANY:
                response = everything.call(method, scene.path(route), {})
                assert response.status_code == 405, (method, route)
        assert everything.call("OPTIONS", scene.path(route)).status_code == 405, route


def test_the_public_host(public, acme):
    for (method, route), call in PUBLIC.items():
        assert public.call(method, route, call.body).status_code == call.status, route
    for method, route in set(COMPANY) - set(PUBLIC):
        response = public.call(method, re.sub("<[a-z_]+>", "1", route), {})
        assert (response.status_code, response.json()["errors"][0]["code"]) == (404, "not_found"), route


def test_a_view_that_names_no_permission_lets_nobody_in(api):
    """Whoever forgets to say who may call a new view has closed it."""
    everything = api(ROLES)
    request = RequestFactory().get("/", headers={"authorization": f"Bearer {everything.access}"})
    with tenant_context(everything.company):
        assert APIView.as_view()(request).status_code == 403
