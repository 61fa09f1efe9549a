"""Every call of openapi.yaml with generated input, good and bad: no 5xx, no answer that the document does not have,
nothing taken that it forbids.

SCHEMATHESIS_EXAMPLES=1000 looks deeper than the run of every day.
"""

from __future__ import annotations

import os
from contextlib import contextmanager

import pytest
from django.core.signals import request_finished, request_started
from django.db import close_old_connections, connection

from tenants.models import Company
from tests.contract import METHODS, document
from tests.database import undone
from tests.people import signed_in
from tests.routes import Scene
from tests.test_permissions import COMPANY

EXAMPLES = int(os.environ.get("SCHEMATHESIS_EXAMPLES", "1"))
HOSTS = {"company": "acme.localhost", "public": "localhost"}
BODY_IDS = {"workflow": "workflows", "from_task": "tasks", "to_task": "tasks", "ticket_definition": "tickets"}
# Those who design and run a company, and those who work there; whom a call refuses, tests/test_permissions.py tells.
PEOPLE = [("workflow_creator", "admin", "ticket_admin"), ("user", "task_worker")]
CALLS = [(method, path) for path, item in document()["paths"].items() for method in METHODS if method in item]


@contextmanager
def same_connection():
    """As Django's own test client does: the end of a request doesn't end the test's connection."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    try:
        yield
    finally:
        for signal in (request_started, request_finished):
            signal.connect(close_old_connections)


@pytest.mark.parametrize(("method", "path"), CALLS, ids=[f"{method.upper()} {path}" for method, path in CALLS])
def test_generated_input(method, path, stage):
    """Each input is sent by both kinds of people, where both may make the call."""
    from tests.generated import check_answers  # it takes a second to load, in each process that collects tests

    callers, ids = stage
    kind = document()["paths"][path][method]["x-hosts"][0]
    # On the public host it is nobody's matter who they are.
    asked = PEOPLE[:1] if kind == "public" else [roles for roles in PEOPLE if may(roles, method, path)]

    def send(case):
        aim(case, ids)
        return [answered(case, callers[roles], HOSTS[kind]) for roles in asked]

    check_answers(method, path, send, examples=EXAMPLES)


def may(roles, method, path):
    """Whether one of these roles may make the call at a company."""
    allowed = COMPANY[method.upper(), path.replace("{", "<").replace("}", ">")].roles
    return not set(roles).isdisjoint(allowed)


def answered(case, caller, host):
    """The answer to one input; what the call has changed is undone."""
    connection.set_tenant(caller.company)
    with undone(), same_connection():
        return case.call(headers={"Host": host, "Authorization": f"Bearer {caller.access}"})


@pytest.fixture(scope="module")
def stage(file_db):
    """({roles: who calls}, ids of rows of every kind), made once: what a call changes is undone."""
    acme = Company.objects.get(slug="acme")
    connection.set_tenant(acme)
    scene = Scene(signed_in("workflow_creator", acme), signed_in(("user", "task_worker"), acme), "acme")
    return {roles: signed_in(roles, acme) for roles in PEOPLE}, scene.ids


def aim(case, ids: dict[str, int]) -> None:
    """Put ids of rows that exist where generated numbers would find none."""
    body = case.body if isinstance(case.body, dict) else {}
    for name, kind in BODY_IDS.items():
        if type(body.get(name)) is int:
            body[name] = ids[kind]
    parts = case.path.split("/")
    for name, value in case.path_parameters.items():
        place = parts.index(f"{{{name}}}")
        if type(value) is int and value > 0:
            case.path_parameters[name] = ids.get("/".join(parts[place - 2 : place])) or ids[parts[place - 1]]
