"""Every call of openapi.yaml with generated input, good and bad: no 5xx, no answer that the document does not have,
nothing taken that it forbids.

SCHEMATHESIS_EXAMPLES=1000 looks deeper than the run of every day.
"""

from __future__ import annotations

import os
from contextlib import contextmanager

import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.db import close_old_connections, connection
from hypothesis import HealthCheck, assume, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tenants.models import Company
from tests.contract import METHODS, document
from tests.database import undone
from tests.people import signed_in
from tests.routes import Scene
from ticketflower.wsgi import application

EXAMPLES = int(os.environ.get("SCHEMATHESIS_EXAMPLES", "2"))
CONFIG = schemathesis.Config.from_dict(
    {
        # Parameters that no call knows are ignored; tokens are the test's.
        "generation": {"allow-extra-parameters": False, "with-security-parameters": False},
        # A stale If-Match is refused before the body is looked at.
        "checks": {"negative_data_rejection": {"expected-statuses": ["400", "401", "403", "404", "409", "412", "415"]}},
        "phases": {"coverage": {"enabled": EXAMPLES >= 100}, "stateful": {"enabled": False}},
    }
)

HOSTS = {"company": "acme.localhost", "public": "localhost"}
# Left out are those that tests of their own make better: who may call what, which methods there are, and what rules
# of the domain refuse though its type is right.
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
    response_headers_conformance,
    negative_data_rejection,
]

BODY_IDS = {"workflow": "workflows", "from_task": "tasks", "to_task": "tasks", "ticket_definition": "tickets"}

ROLES = [("workflow_creator", "admin"), ("user",)]

schema = schemathesis.openapi.from_dict(document(), config=CONFIG)
schema.app = application


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


# Without a parameter of ours all calls would be tests of one name, of which parallel processes run one.
@pytest.mark.parametrize("people", [ROLES], ids=["creator and user"])
@schema.parametrize()
@settings(
    max_examples=EXAMPLES, derandomize=True, deadline=None, database=None, suppress_health_check=list(HealthCheck)
)
def test_generated_input(case, stage, people):
    """Each input is sent by a person of each kind."""
    # An empty value is no filter, whatever the others may be.
    assume("" not in (case.query or {}).values())
    callers, scene = stage
    aim(case, scene.ids)
    for roles in people:
        caller = callers[roles]
        connection.set_tenant(caller.company)
        host = HOSTS[case.operation.definition.raw["x-hosts"][0]]
        headers = {"Host": host, "Authorization": f"Bearer {caller.access}"}
        with undone(), same_connection():
            response = case.call(headers=headers)
        case.validate_response(response, checks=CHECKS)


@pytest.fixture(scope="module")
def stage(file_db):
    """({roles: who calls}, rows of every kind), made once: what a call changes is undone."""
    acme = Company.objects.get(slug="acme")
    connection.set_tenant(acme)
    scene = Scene(signed_in("workflow_creator", acme), signed_in(("user", "task_worker"), acme), "acme")
    return {roles: signed_in(roles, acme) for roles in ROLES}, scene


def test_every_call_has_a_test_of_its_own(request):
    ours = {item.nodeid for item in request.session.items if item.nodeid.startswith(f"{request.node.parent.nodeid}::")}
    calls = [(path, method) for path, item in document()["paths"].items() for method in METHODS if method in item]
    assert len(ours) in (1, len(calls) + 1)  # 1: this one was asked for alone


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
