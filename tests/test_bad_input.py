"""Requests that are wrong in form: refused with the reason by every call they can be sent to, and nothing written.

Every call gets something wrong of each kind, and every wrong thing goes to some call. ODD_VALUES is how many things of
a kind each gets (1 unless set, all of them in `make evidence`).
"""

from __future__ import annotations

import gzip
import os
import re
import time
from collections import Counter
from urllib.parse import quote

import pytest
from django.test import Client

from core.db import connection
from tenants.models import Company
from tests.contract import METHODS, document
from tests.people import PASSWORD, signed_in
from tests.routes import COMPANY_CALLS, Scene, written
from tests.turns import in_turn
from users.models import SystemRole
from workflow_design.tests.documents import errors

MAX_BODY = 10_485_760
ODD_VALUES = int(os.environ.get("ODD_VALUES", "1"))
JSON = "application/json"
# Forms, files: what else than JSON a call takes is tested with it.
OTHER_TYPES = ("/api/workflow/upload/", "/attachments/")
# Its signature is looked at before its body: what else it refuses is tested with it.
SIGNED = "/api/callbacks/<task_id>/"


def operation(method: str, route: str) -> dict:
    return document()["paths"].get(re.sub("<([a-z_]+)>", r"{\1}", route), {}).get(method.lower(), {})


WITH_BODY = sorted(
    (method, route)
    for method, route in COMPANY_CALLS
    if JSON in operation(method, route).get("requestBody", {}).get("content", {}) and route != SIGNED
)
LISTS = sorted(
    route
    for method, route in COMPANY_CALLS
    if method == "GET" and any(item["name"] == "limit" for item in operation("GET", route).get("parameters", []))
)


@pytest.fixture(scope="module")
def stage(file_db):
    """(somebody who may do all there is, rows of every kind)."""
    acme = Company.objects.get(slug="acme")
    connection.set_tenant(acme)
    everything = signed_in(tuple(SystemRole.values), acme)
    return everything, Scene(everything, everything, "acme")


@pytest.fixture
def everything(stage, acme_db):
    return stage[0]


@pytest.fixture
def scene(stage, acme_db):
    return stage[1]


# What is refused with each code.
BROKEN = {
    "parse_error": [
        b'{"title": ',
        b"title=x",
        b"{}{}",
        b'{"title": "x" /* here */}',
        b'{"title": "a\x00b"}',  # a raw control character
        '{"title": "x"}'.encode("utf-16-le"),
    ],
    "number": [
        b'{"title": NaN}',
        b'{"title": -Infinity}',
        b'{"title": 1e400}',
        b'{"title": ' + b"9" * 5000 + b"}",
    ],
    "duplicate_key": [b'{"title": "a", "title": "b"}', b'{"x": [{"a": 1, "\\u0061": 2}]}'],
    "nul": [b'{"title": "a\\u0000b"}', b'{"a\\u0000b": 1}'],
    "surrogate": [b'{"title": "\\ud83d"}'],
    "encoding": [
        '{"title": "Büro"}'.encode("latin-1"),
        '{"title": "x"}'.encode("utf-16"),
        b'{"title": "\xc0\xaf"}',  # an overlong form
    ],
    "too_deep": [
        b'{"x": ' + b"[" * 100 + b"]" * 100 + b"}",
        b"[" * 100_000,
        b'{"a":' * 101 + b"1" + b"}" * 101,
    ],
}


@pytest.mark.parametrize("code", BROKEN)
def test_a_body_that_is_no_json(everything, scene, code):
    before = written()
    found = {}
    for place, (method, route) in enumerate(WITH_BODY):
        answers = [
            everything.call(method, scene.path(route), body) for body in in_turn(BROKEN[code], place, ODD_VALUES)
        ]
        found[method, route] = {(answer.status_code, *(error[1] for error in errors(answer))) for answer in answers}
    assert found == {call: {(400, code)} for call in WITH_BODY}
    assert written() == before


def test_json_that_is_no_object(everything, scene):
    before = written()
    for place, (method, route) in enumerate(WITH_BODY):
        for body in in_turn([b"[]", b'"text"', b"5", b"null", b"true", b"[{}]"], place, ODD_VALUES):
            assert everything.call(method, scene.path(route), body).status_code == 400, (method, route, body)
    assert written() == before


TYPES = ["text/plain", "application/x-www-form-urlencoded", "application/xml", "x", ""]


def test_another_type(everything, scene):
    calls = [call for call in WITH_BODY if not call[1].endswith(OTHER_TYPES)]
    before = written()
    for place, (method, route) in enumerate(calls):
        for kind in in_turn(TYPES, place, ODD_VALUES):
            answer = everything.call(method, scene.path(route), b"{}", content_type=kind)
            assert answer.status_code == 415, (method, route, kind)
    for kind in TYPES:
        assert everything.post("/api/workflow/upload/", b"{}", content_type=kind).status_code == 415
    assert written() == before


# --- references in bodies ---

IMPOSSIBLE = [0, -1, 10**30, -(10**30), 2**63, 1.5, "1", True, [1], {"id": 1}, 999_999_999]
REFERENCES = [
    ("tasks", "workflow", {"title": "A", "task_type": "FORM"}),
    ("tickets", "workflow", {"title": "A"}),
    ("transitions", "workflow", {"from_task": None, "to_task": None}),
    ("transitions", "from_task", {"to_task": None}),
    ("transitions", "to_task", {"from_task": None, "on_event": "completed"}),
    ("access", "ticket_definition", {"role": "everyone"}),
]


@pytest.mark.parametrize("kind, name, body", REFERENCES, ids=lambda value: value if isinstance(value, str) else "")
def test_references_to_nothing(everything, scene, kind, name, body):
    before = written()
    for value in IMPOSSIBLE:
        sent = {"workflow": scene.ids["workflows"], **body, name: value}
        response = everything.post(f"/api/workflow/{kind}/", sent)
        assert (response.status_code, errors(response)[0][0]) == (400, name), value
    assert written() == before


def test_a_transition_between_workflows(everything, scene):
    other = everything.post("/api/workflow/workflows/", {"title": "Other"}).json()["id"]
    task = everything.post("/api/workflow/tasks/", {"workflow": other, "title": "A", "task_type": "FORM"}).json()["id"]
    before = written()
    own = scene.ids["workflows"]
    for body in (
        {"workflow": own, "from_task": task, "to_task": None},
        {"workflow": own, "from_task": scene.tasks[0], "to_task": task, "on_event": "error"},
        {"workflow": other, "from_task": scene.tasks[0], "to_task": None},
    ):
        assert everything.post("/api/workflow/transitions/", body).status_code == 400, body
    path = f"/api/workflow/transitions/{scene.ids['transitions']}/"
    assert everything.patch(path, {"from_task": task}).status_code == 400
    order = f"/api/workflow/workflows/{own}/task-order/"
    for tasks in ([*scene.tasks, task], scene.tasks[:1], scene.tasks * 2, [], [10**30], ["1"], None, {}):
        assert everything.put(order, {"tasks": tasks}).status_code == 400, tasks
    assert written() == before


# --- addresses and queries ---

BAD_VALUES = {
    "integer": ["x", "1.5", "-1", "99999999999999999999", "1e3", "0x1", "1,2", "[1]", "½"],
    "boolean": ["maybe", "1", "TRUE", "yes"],
    "date-time": ["yesterday", "2026-13-01T00:00:00Z", "1"],
    "enum": ["NOPE", "draft", "0"],
}
LIMITS = {"limit": ["0", "-1", "201", "x", "1.0", "1e1", "٣", "9" * 30], "offset": ["-1", "x", "9" * 30, "1.5"]}
NAMES = ["nope", "-", "id,nope", "--id", "id;drop", "pk", "workflow__created_by__password"]


def bad_values(parameter: dict) -> list[str]:
    if parameter["name"] in LIMITS:
        return LIMITS[parameter["name"]]
    if parameter["name"] == "ordering":
        return NAMES
    schema = parameter["schema"]
    kind = "enum" if "enum" in schema else "date-time" if schema.get("format") == "date-time" else schema["type"]
    return BAD_VALUES.get(kind, [])


ODD_TEXTS = ["%ED%A0%80", "%FF", "%", "'\";--", "a" * 5000, quote("{{7*7}}${x}%s\\"), "(((|&!:*"]


def test_queries_of_the_wrong_type(everything, scene):
    found = [(route, item) for route in LISTS for item in operation("GET", route)["parameters"]]
    seen: Counter[str] = Counter()  # how many parameters that refuse the same there have been
    for place, (route, parameter) in enumerate((route, item) for route, item in found if item["in"] == "query"):
        path, name, values = scene.path(route), parameter["name"], bad_values(parameter)
        kind = str(values)
        seen[kind] += 1
        for value in in_turn(values, seen[kind], ODD_VALUES):
            response = everything.get(path, {name: value})
            assert (response.status_code, errors(response)[0][0]) == (400, name), (route, value)
        assert everything.get(f"{path}?{name}=%00").status_code == 400, (route, name)
        for value in in_turn(ODD_TEXTS, place, ODD_VALUES):
            assert everything.get(f"{path}?{name}={value}").status_code in (200, 400), (route, name, value)


ODD_IDS = ["0", "-1", "1.5", "x", "9" * 18, "9" * 40, "..%2f1", "٣", "1%20", "1;1", "null", "'"]


def test_ids_that_are_none(everything, scene):
    routes = sorted({route for method, route in COMPANY_CALLS if method == "GET" and "<" in route})
    for place, route in enumerate(routes):
        for odd in in_turn(ODD_IDS, place, ODD_VALUES):
            response = everything.get(re.sub("<[a-z_]+>", odd, route))
            assert response.status_code in (404, 400, 405), (route, odd)
        assert everything.get(re.sub("<[a-z_]+>", "%00", route)).status_code == 400, route


HOSTS = [
    "",
    "ACME.localhost.evil.example",
    "acme.localhost@globex.localhost",
    "acme_.localhost",
    "*.localhost",
    "a" * 300,
    "acme..localhost",
    ".acme.localhost",
    "[::1",
    "acme.localhost:x",
    "acmé.localhost",
    "xn--acm-dma.localhost",
]


@pytest.mark.parametrize("host", HOSTS)
def test_hosts_of_nobody(acme, host):
    response = Client().get("/api/me/", headers={"host": host})
    assert (response.status_code, response.json()["errors"][0]["code"]) == (404, "not_found")


BAD_SLUGS = [
    "public",
    "www",
    "admin",
    "api",
    "static",
    "media",
    "health",
    "ready",
    "localhost",
    "information_schema",
    "pg",
    "pg-catalog",
    "pgx",
    "Acme",
    "a b",
    "-a",
    "a-",
    "a" * 51,
    "123",
    "",
    "ü",
    "a/b",
    "a.b",
    'a"b',
    "a'; DROP SCHEMA acme",
    "acme",
    "globex",
    5,
    ["a"],
    {"a": 1},
    True,
]


@pytest.mark.parametrize("slug", BAD_SLUGS, ids=str)
def test_slugs_that_no_company_gets(public, acme, slug):
    before = written()
    body = {"company_name": "New", "slug": slug, "email": "new@new.example", "password": PASSWORD}
    response = public.post("/api/create-company/", body)
    assert (response.status_code, errors(response)[0][0]) == (400, "slug")
    assert written() - before <= 3  # the counted attempt, and rows of what was undone


# --- sizes, over a real server ---


def test_bodies_too_large_chunked_and_compressed(servers):
    (server,) = servers(THROTTLE_BAD_PASSWORDS="")

    def send(body, *, chunked=False, **headers):
        sent = {"Content-Type": JSON, **headers}
        return server.request("POST", "/api/login/", body, headers=sent, host="acme.localhost", chunked=chunked)

    start = b'{"email": "a@acme.example", "password": "'
    fitting = start + b"x" * (MAX_BODY - len(start) - 2) + b'"}'
    assert len(fitting) == MAX_BODY
    assert send(fitting).status == 400  # a password that long
    assert send(fitting + b" ").status == 413
    assert send(iter([fitting]), chunked=True).status == 400
    assert send(iter([fitting, b" "]), chunked=True).status == 413
    assert send(iter([b"x" * 65_536] * 161), chunked=True).status == 413
    small = b'{"email": "a@acme.example", "password": "wrong"}'
    assert send(iter([small[:9], small[9:]]), chunked=True).status == 401
    assert send(gzip.compress(small), **{"Content-Encoding": "gzip"}).status == 415
    for body in (gzip.compress(b"0" * 2 * MAX_BODY), b"\x1f\x8b"):
        answer = send(body, **{"Content-Encoding": "gzip"})
        assert (answer.status, answer.json()["errors"][0]["code"]) == (415, "unsupported_media_type")
    started = time.monotonic()
    assert send(b"[" * MAX_BODY).json()["errors"][0]["code"] == "too_deep"
    assert time.monotonic() - started < 10
    assert server.request("GET", "/health/").status == 200


def test_nothing_but_calls_has_bodies():
    """What WITH_BODY is made from: bodies stand where the document has them."""
    for path, item in document()["paths"].items():
        for method in METHODS:
            if method == "get":
                assert "requestBody" not in item.get(method, {}), path
