"""Definitions that would hurt whoever reads, checks or shows them: refused, or kept as the text they are, and soon."""

from __future__ import annotations

import json
import socket
import threading
import time
from contextlib import contextmanager
from typing import Any

import pytest
from django.test import Client

from tests.people import PASSWORD
from tests.routes import written
from workflow_design.tests.documents import PURCHASE, TASKS, UPLOAD, WORKFLOWS, errors

YAML = "application/yaml"
SECONDS = 15  # on a busy machine; alone it is less than three


pytestmark = pytest.mark.usefixtures("cast")


@pytest.fixture
def alice(api, acme_db):
    return api("workflow_creator")


@contextmanager
def soon():
    """The block must end within SECONDS."""
    started = time.monotonic()
    yield
    assert time.monotonic() - started < SECONDS


def refused(caller, path, body, *, content_type="application/json"):
    """The codes of a 400 that wrote nothing and came soon."""
    before = written()
    with soon():
        response = caller.post(path, body, content_type=content_type)
    assert response.status_code == 400, (str(body)[:500], response.content[:500])
    assert written() == before
    return {code for _, code in errors(response)}


# --- YAML ---

BOMB = "a: &a [x, x]\n" + "".join(
    f"{chr(98 + n)}: &{chr(98 + n)} [*{chr(97 + n)}, *{chr(97 + n)}]\n" for n in range(20)
)
HOSTILE_YAML = {
    "python object": "workflow: !!python/object/apply:os.system ['touch /tmp/owned']",
    "python name": "workflow: !!python/name:os.system",
    "own tag": "workflow: !thing {key: x, title: X}",
    "binary": "workflow: {key: x, title: !!binary aGVsbG8=}",
    "tag directive": "%TAG ! tag:example.com,2000:\n---\nworkflow: !x {}",
    "billion laughs": BOMB,
    "an alias of itself": "workflow: &w {key: x, title: X, fields: [*w]}",
    "an anchor that nothing refers to": "workflow: &w {key: x, title: X}",
    "merge keys": "base: &b {key: x}\nworkflow: {<<: *b, title: X}",
    "a key twice": "workflow: {key: x, key: y, title: X}",
    "a key that is a list": "workflow: {[a, b]: 1}",
    "two documents": "workflow: {key: x, title: X}\n---\nworkflow: {key: y, title: Y}",
    "nan": "workflow: {key: x, title: X, fields: [{FieldName: a, FieldType: number, Default: .nan}]}",
    "infinity": "workflow: {key: x, title: X, end_action: {a: -.inf}}",
    "nul": 'workflow: {key: x, title: "a\\0b"}',
    "half a surrogate pair": 'workflow: {key: x, title: "\\ud800"}',
    "a control character": "workflow: {key: x, title: \x07}",
    "latin-1": "workflow: {key: x, title: Büro}".encode("latin-1"),
    "utf-16": "workflow: {key: x, title: X}".encode("utf-16"),
    "lists too deep": "workflow: " + "[" * 200 + "]" * 200,
    "far too deep": "[" * 100_000,
    "maps too deep": "".join(f"{' ' * n}a:\n" for n in range(500)),
    "a long number": "workflow: {key: x, title: X, fields: " + "9" * 5000 + "}",
    "broken": "workflow: {key: x, title: [",
    "tabs": "workflow:\n\tkey: x",
}


def as_file(raw):
    """The body of a form, bounded by x, that brings a file."""
    return b'--x\r\nContent-Disposition: form-data; name="file"; filename="d.yaml"\r\n\r\n' + raw + b"\r\n--x--\r\n"


def test_hostile_yaml(alice):
    found = {}
    for case, text in HOSTILE_YAML.items():
        raw = text if isinstance(text, bytes) else text.encode()
        found[case] = refused(alice, UPLOAD, raw, content_type=YAML)
        found[case] |= refused(alice, UPLOAD, as_file(raw), content_type="multipart/form-data; boundary=x")
    assert {case: codes for case, codes in found.items() if codes != {"parse_error"}} == {}


def test_words_that_older_yaml_reads_otherwise(alice):
    """`no`, dates and octal numbers are what they look like."""
    text = "workflow: {key: x, title: no, description: 2026-01-01, guidelines: '0o17'}"
    made = alice.post(UPLOAD, text.encode(), content_type=YAML).json()["workflow"]
    assert (made["title"], made["description"], made["guidelines"]) == ("no", "2026-01-01", "0o17")


BROKEN_FORMS = [
    b"",
    b"--x--\r\n",
    b"no boundary at all",
    b'--x\r\nContent-Disposition: form-data; name="other"; filename="a"\r\n\r\n{}\r\n--x--\r\n',
    b'--x\r\nContent-Disposition: form-data; name="file"\r\n\r\n{}\r\n--x--\r\n',
    b'--x\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n{}\r\n' * 2 + b"--x--\r\n",
    b'--x\r\nContent-Disposition: form-data; name="file"; filename="../../a\x00.yaml"\r\n\r\n[\r\n--x--\r\n',
]


def test_broken_forms(alice):
    for form in BROKEN_FORMS:
        refused(alice, UPLOAD, form, content_type="multipart/form-data; boundary=x")


def test_a_form_without_its_boundary(alice):
    refused(alice, UPLOAD, b"--x--", content_type="multipart/form-data")


# --- schemas ---


class Listener:
    """Counts who connects to a port of this machine."""

    def __init__(self) -> None:
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        self.connections = 0
        threading.Thread(target=self._count, daemon=True).start()

    def _count(self) -> None:
        while True:
            try:
                connection, _ = self.socket.accept()
            except OSError:
                return
            self.connections += 1
            connection.close()


@pytest.fixture
def listener():
    found = Listener()
    yield found
    found.socket.close()


def with_schema(name, schema):
    """The purchase document with a schema in one of the places there are."""
    document = json.loads(json.dumps(PURCHASE))
    (document["workflow"] if name == "state_schema" else document["tasks"][0])[name] = schema
    return document


REMOTE: list[tuple[dict[str, Any], set[str]]] = [
    ({"$ref": "http://127.0.0.1:PORT/x.json"}, {"schema_remote_ref"}),
    ({"properties": {"a": {"$ref": "http://127.0.0.1:PORT/x.json#/a"}}}, {"schema_remote_ref"}),
    ({"$id": "http://127.0.0.1:PORT/x.json", "$ref": "y.json"}, {"schema_id", "schema_remote_ref"}),
    ({"$schema": "http://127.0.0.1:PORT/meta"}, {"schema_dialect"}),
    ({"$dynamicRef": "http://localhost:PORT/x.json"}, {"schema_remote_ref"}),
    ({"$defs": {"a": {"$id": "http://127.0.0.1:PORT/a"}}, "$ref": "#/$defs/a"}, {"schema_id"}),
    ({"allOf": [{"if": {"$ref": "//127.0.0.1:PORT/x"}}]}, {"schema_remote_ref"}),
    ({"$ref": "file:///etc/passwd"}, {"schema_remote_ref"}),
    ({"$ref": "other.json"}, {"schema_remote_ref"}),
    ({"$schema": "http://json-schema.org/draft-07/schema#"}, {"schema_dialect"}),
    ({"$ref": "#/$defs/missing"}, {"schema_ref"}),
]


@pytest.mark.parametrize("name", ["state_schema", "input_schema", "output_schema"])
def test_nothing_is_fetched(alice, listener, name):
    workflow = alice.post(WORKFLOWS, {"title": "W"}).json()["id"]
    task = {"workflow": workflow, "title": "A", "task_type": "FORM"}
    for remote, codes in REMOTE:
        schema = json.loads(json.dumps(remote).replace("PORT", str(listener.port)))
        assert (schema, refused(alice, UPLOAD, with_schema(name, schema))) == (schema, codes)
        if name == "state_schema":
            assert alice.patch(f"{WORKFLOWS}{workflow}/", {name: schema}).status_code == 400, schema
        else:
            assert alice.post(TASKS, {**task, name: schema}).status_code == 400, schema
    assert listener.connections == 0


HOSTILE_SCHEMAS: dict[str, Any] = {
    "look-ahead": {"pattern": "(?=a)b"},
    "back-reference": {"pattern": r"(a)\1"},
    "broken pattern": {"pattern": "("},
    "an exploding pattern": {"pattern": "((a{1,1000}){1,1000}){1,1000}"},
    "a long pattern": {"pattern": "a" * 100_000},
    "no type": {"type": "text"},
    "no schema": {"properties": {"a": 5}},
    "endless": {"$defs": {"a": {"$ref": "#/$defs/b"}, "b": {"$ref": "#/$defs/a"}}, "$ref": "#/$defs/a"},
    "doubling": {
        "$defs": {f"a{n}": {"allOf": [{"$ref": f"#/$defs/a{n + 1}"}] * 2} for n in range(40)} | {"a40": {}},
        "$ref": "#/$defs/a0",
    },
    "too many": {"properties": {f"a{n}": {"type": "string"} for n in range(6_000)}},
    "a long enum": {"enum": list(range(2_000))},
    "a wide choice": {"anyOf": [{"anyOf": [{"const": n * m} for n in range(80)]} for m in range(80)]},
    "too deep": json.loads('{"not": ' * 70 + "{}" + "}" * 70),
}


def test_hostile_schemas(alice):
    for schema in HOSTILE_SCHEMAS.values():
        for name in ("state_schema", "output_schema"):
            refused(alice, UPLOAD, with_schema(name, schema))


PATTERNS = ["^(a+)+$", "^(a|a)*$", "^(a|aa)+$", "^([a-zA-Z]+)*$", "(.*)*x", "^(\\w+\\s?)*$"]


def test_patterns_that_backtrack_elsewhere(alice):
    """They are good schemas: what matters is what values cost."""
    names = [f"word{place}" for place in range(len(PATTERNS))]
    words = {name: {"type": "string", "pattern": pattern} for name, pattern in zip(names, PATTERNS, strict=True)}
    document = with_schema("output_schema", {"type": "object", "properties": words})
    document["workflow"]["fields"] += [{"FieldName": name, "FieldType": "string"} for name in names]
    document["transitions"] = None
    with soon():
        made = alice.post(UPLOAD, document)
    assert made.status_code == 201, made.content
    address = f"{WORKFLOWS}{made.json()['workflow']['id']}/simulate/"
    for name in names:
        with soon():
            response = alice.post(
                address, {"data": {"amount": 1}, "outputs": {"approve": [{name: "a" * 50_000 + "!"}]}}
            )
        assert response.status_code == 200


# --- conditions and templates ---

HOSTILE_RULES = {
    "unknown operator": {"log": "x"},
    "method call": {"method": [{"var": "amount"}, "__class__"]},
    "two operators": {"==": [1, 1], "!=": [1, 2]},
    "no rule": {},
    "a number": 5,
    "a text": "yes",
    "too deep": json.loads('{"!": ' * 70 + "0" + "}" * 70),
    "too wide": {"or": [{"==": [1, n]} for n in range(20_000)]},
}


def test_hostile_conditions(alice):
    document = json.loads(json.dumps(PURCHASE))
    for rule in HOSTILE_RULES.values():
        document["transitions"][1]["condition"] = rule
        refused(alice, UPLOAD, document)


@pytest.mark.parametrize(
    "rule",
    [
        {"reduce": [{"var": "amount"}, {"cat": [{"var": "accumulator"}, {"var": "accumulator"}]}, "x"]},
        {"map": [list(range(900)), {"map": [list(range(900)), {"map": [list(range(900)), 1]}]}]},
        {"cat": [{"cat": ["x" * 500] * 100}] * 100},
    ],
    ids=["doubling", "nested maps", "a long text"],
)
def test_rules_that_run_away(alice, rule):
    """They end in milliseconds, as an error of the run, not of the server."""
    document = json.loads(json.dumps(PURCHASE))
    document["transitions"][1]["condition"] = {"==": [rule, 1]}
    with soon():
        made = alice.post(UPLOAD, document)
    assert made.status_code in (201, 400)
    if made.status_code == 201:
        address = f"{WORKFLOWS}{made.json()['workflow']['id']}/simulate/"
        with soon():
            response = alice.post(address, {"data": {"amount": 1}, "outputs": {"approve": [{"approved": True}]}})
        assert response.status_code == 200


# --- text that others would read as something else ---

MARKUP = "<script>alert(1)</script><img src=x onerror=alert(2)>{{ 7*7 }}{% now 'Y' %}"


def test_markup_is_text(api, alice):
    made = alice.post(WORKFLOWS, {"key": "markup", "title": MARKUP[:200], "description": MARKUP})
    assert made.status_code == 201
    answer = alice.get(f"{WORKFLOWS}{made.json()['id']}/")
    assert answer.json()["title"] == MARKUP[:200]
    assert (answer["Content-Type"], answer["X-Content-Type-Options"]) == ("application/json", "nosniff")
    ada = api("admin")
    admin = Client(headers={"host": "acme.localhost"})
    assert admin.post("/admin/login/", {"username": ada.user.email, "password": PASSWORD}).status_code == 302
    pages = ["/admin/workflow_design/workflowdefinition/", "/admin/core/history/"]
    pages.append(f"{pages[0]}{made.json()['id']}/change/")
    for page in pages:
        response = admin.get(page, follow=True)
        assert response.status_code == 200, page
        text = response.content.decode()
        assert "<script>alert" not in text, page
        assert "<img src=x" not in text, page
        assert "&lt;script&gt;alert(1)" in text, page


def test_addresses_that_are_none(alice):
    urls = ["javascript:alert(1)", "file:///etc/passwd", "http://", "//host/x", "http://user:pw@host/", "ftp://host/"]
    workflow = alice.post(WORKFLOWS, {"title": "W"}).json()["id"]
    body = {"workflow": workflow, "title": "A", "task_type": "SYNC_ACTION"}
    for url in [*urls, "http://a b/", "x"]:
        assert (url, refused(alice, TASKS, {**body, "action_url": url})) == (url, {"bad_url"})
