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
LARGE = 500_000
SECONDS = 15  # on a busy machine; alone it is less than three


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
    assert response.status_code == 400, response.content[:500]
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
    "too many nodes": "workflow: [" + "0," * 500_000 + "0]",
}


@pytest.mark.parametrize("case", HOSTILE_YAML)
def test_hostile_yaml(alice, case):
    text = HOSTILE_YAML[case]
    raw = text if isinstance(text, bytes) else text.encode()
    assert refused(alice, UPLOAD, raw, content_type=YAML) == {"parse_error"}
    if len(raw) > LARGE:  # what takes a second is shown once
        return
    form = b'--x\r\nContent-Disposition: form-data; name="file"; filename="d.yaml"\r\n\r\n' + raw + b"\r\n--x--\r\n"
    assert refused(alice, UPLOAD, form, content_type="multipart/form-data; boundary=x") == {"parse_error"}


def test_words_that_older_yaml_reads_otherwise(alice):
    """`no`, dates and octal numbers are what they look like."""
    text = "workflow: {key: x, title: no, description: 2026-01-01, guidelines: '0o17'}"
    made = alice.post(UPLOAD, text.encode(), content_type=YAML).json()["workflow"]
    assert (made["title"], made["description"], made["guidelines"]) == ("no", "2026-01-01", "0o17")


@pytest.mark.parametrize(
    "form",
    [
        b"",
        b"--x--\r\n",
        b"no boundary at all",
        b'--x\r\nContent-Disposition: form-data; name="other"; filename="a"\r\n\r\n{}\r\n--x--\r\n',
        b'--x\r\nContent-Disposition: form-data; name="file"\r\n\r\n{}\r\n--x--\r\n',
        b'--x\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n{}\r\n' * 2 + b"--x--\r\n",
        b'--x\r\nContent-Disposition: form-data; name="file"; filename="../../a\x00.yaml"\r\n\r\n[\r\n--x--\r\n',
    ],
    ids=range(7),
)
def test_broken_forms(alice, form):
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
@pytest.mark.parametrize(("remote", "codes"), REMOTE, ids=range(len(REMOTE)))
def test_nothing_is_fetched(alice, listener, name, remote, codes):
    schema = json.loads(json.dumps(remote).replace("PORT", str(listener.port)))
    assert refused(alice, UPLOAD, with_schema(name, schema)) == codes
    workflow = alice.post(WORKFLOWS, {"title": "W"}).json()
    if name == "state_schema":
        assert alice.patch(f"{WORKFLOWS}{workflow['id']}/", {name: schema}).status_code == 400
    else:
        body = {"workflow": workflow["id"], "title": "A", "task_type": "FORM"}
        assert alice.post(TASKS, {**body, name: schema}).status_code == 400
    assert listener.connections == 0


HOSTILE_SCHEMAS = {
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
}


@pytest.mark.parametrize("case", HOSTILE_SCHEMAS)
def test_hostile_schemas(alice, case):
    for name in ("state_schema", "output_schema"):
        refused(alice, UPLOAD, with_schema(name, HOSTILE_SCHEMAS[case]))


def test_a_schema_too_deep(alice):
    schema = {"type": "object"}
    for _ in range(70):
        schema = {"not": schema}
    refused(alice, UPLOAD, with_schema("output_schema", schema))


@pytest.mark.parametrize("pattern", ["^(a+)+$", "^(a|a)*$", "^(a|aa)+$", "^([a-zA-Z]+)*$", "(.*)*x", "^(\\w+\\s?)*$"])
def test_patterns_that_backtrack_elsewhere(alice, pattern):
    """They are good schemas: what matters is what values cost."""
    field = {"FieldName": "word", "FieldType": "string"}
    schema = {"type": "object", "properties": {"word": {"type": "string", "pattern": pattern}}}
    document = with_schema("output_schema", schema)
    document["workflow"]["fields"].append(field)
    document["transitions"] = None
    with soon():
        made = alice.post(UPLOAD, document)
    assert made.status_code == 201, made.content
    address = f"{WORKFLOWS}{made.json()['workflow']['id']}/simulate/"
    with soon():
        response = alice.post(address, {"data": {"amount": 1}, "outputs": {"approve": [{"word": "a" * 50_000 + "!"}]}})
    assert response.status_code == 200


# --- conditions and templates ---

DEEP: Any = 0
for _ in range(70):
    DEEP = {"!": DEEP}
HOSTILE_RULES = {
    "unknown operator": {"log": "x"},
    "method call": {"method": [{"var": "amount"}, "__class__"]},
    "two operators": {"==": [1, 1], "!=": [1, 2]},
    "no rule": {},
    "a number": 5,
    "a text": "yes",
    "too deep": DEEP,
    "too wide": {"or": [{"==": [1, n]} for n in range(20_000)]},
}


@pytest.mark.parametrize("case", HOSTILE_RULES)
def test_hostile_conditions(alice, case):
    document = json.loads(json.dumps(PURCHASE))
    document["transitions"][1]["condition"] = HOSTILE_RULES[case]
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


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)",
        "file:///etc/passwd",
        "http://",
        "//host/x",
        "http://user:pw@host/",
        "ftp://host/",
        "http://a b/",
        "x",
    ],
)
def test_addresses_that_are_none(alice, url):
    workflow = alice.post(WORKFLOWS, {"title": "W"}).json()["id"]
    body = {"workflow": workflow, "title": "A", "task_type": "SYNC_ACTION", "action_url": url}
    assert refused(alice, TASKS, body) == {"bad_url"}
