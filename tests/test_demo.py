"""`manage.py demo`, as a person starts it, on a database of the test's own."""

import http.client
import json
import re
import shutil
import signal
import socket
import subprocess
from io import StringIO

import psycopg
import pytest
from django.core.management import call_command, load_command_class

from tests.commands import SECONDS, Commands, free_port
from tests.servers import ROOT
from tests.workers import until
from ticketflower.demo_runs import RUNS

LEFT_OPEN = 8
CALLED, CALLED_BACK = 6, 2
EXAMPLES = sorted(path.name for path in (ROOT / "examples").iterdir() if path.suffix in (".yaml", ".json"))


@pytest.fixture
def manage(own_database, tmp_path):
    """`manage("demo", PORT="9000")` starts a command on the own database."""
    with Commands(own_database.url, tmp_path) as commands:
        yield commands.start


def sign_in(port, slug, email, password):
    connection = http.client.HTTPConnection("127.0.0.1", int(port), timeout=SECONDS)
    body = json.dumps({"email": email, "password": password})
    connection.request("POST", f"/api/tenants/{slug}/login/", body, {"Content-Type": "application/json"})
    answer = connection.getresponse()
    assert answer.status == 200
    found = json.loads(answer.read())
    connection.close()
    return found


def count(own_database, table):
    with psycopg.connect(own_database.url) as connection:
        return connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0]


def check_played(said, own_database):
    """Every ticket type was opened, and done to its end or left where somebody has to act; a line tells each."""
    lines = re.findall(r"^acme: #(\d+) (\S+) “.+”: (\S+(?: → \S+)*): (\w+)(, waits for )?", said, re.MULTILINE)
    assert [int(number) for number, *_ in lines] == list(range(1, len(RUNS) + 1))
    assert [ticket for _, ticket, *_ in lines] == [run.ticket for run in RUNS]
    completed = {ticket for _, ticket, _, status, _ in lines if status == "COMPLETED"}
    assert len(completed) == count(own_database, "acme.ticket_definitions")
    waiting = [(status, bool(waits)) for *_, status, waits in lines if status != "COMPLETED"]
    assert waiting == [("IN_PROGRESS", True)] * LEFT_OPEN
    ways = {ticket: way for _, ticket, way, status, _ in lines if status == "COMPLETED"}
    assert ways["meal-allowance"] == "approve → audit → correct → approve → audit → pay"
    # Called, and called back: by workers, and the systems that stand in for those of the examples.
    assert ways["background-check"] == "record-consent → run-check → release-offer"
    assert ways["executive-check"] == "record-consent → run-check → hr-review → decline"
    assert ways["new-vendor"] == "screen → compliance-review → create-in-erp → tell-requester"
    assert count(own_database, "acme.action_attempts WHERE status = 'SUCCEEDED'") == CALLED
    assert count(own_database, "acme.callbacks WHERE status = 'USED'") == CALLED_BACK
    # What no connector does yet, the line says who did.
    assert 'there are no connectors yet: create-issue {"issue_key": "BUG-2291"' in said
    assert count(own_database, "acme.incidents") == 0
    for person in ("user", "task_worker"):
        mine = f"w JOIN acme.users u ON u.id = w.assignee_id WHERE u.email = '{person}@acme.example'"
        assert count(own_database, f"acme.task_instances {mine} AND w.status = 'COMPLETED'") > 0
    assert count(own_database, f"acme.task_instances {mine} AND w.status = 'IN_PROGRESS'") > 0
    assert count(own_database, "acme.task_instances WHERE status = 'OPEN'") > 0
    assert count(own_database, "globex.tickets") == 0


def check_a_call(port, password):
    """The worker calls, the system that it calls calls back, and the ticket goes on."""
    token = sign_in(port, "acme", "user@acme.example", password)["access"]

    def ask(method, path, body=None):
        connection = http.client.HTTPConnection("127.0.0.1", int(port), timeout=SECONDS)
        headers = {"Content-Type": "application/json", "Authorization": f"Bearer {token}"}
        connection.request(method, f"/api/tenants/acme/{path}", json.dumps(body) if body else None, headers)
        answer = connection.getresponse()
        found = json.loads(answer.read())
        connection.close()
        assert answer.status in (200, 201), found
        return found

    data = next(run.data for run in RUNS if run.ticket == "background-check")
    ticket = ask("POST", "tickets/", {"ticket_definition": "background-check", "data": data})
    consent = {"output": {"consent_given": True, "consent_on": "2027-01-11"}}
    ask("POST", f"tasks/{ticket['open_tasks'][0]['id']}/complete/", consent)

    def waits_for():
        return [task["task_key"] for task in ask("GET", f"tickets/{ticket['id']}/")["open_tasks"]]

    until(lambda: waits_for() == ["release-offer"])


def check_the_lines_to_paste(said):
    lines = [line for line in said.splitlines() if re.match(r"TOKEN=\$\(curl|curl ", line)]
    assert len(lines) == 3
    pasted = subprocess.run(
        ["sh", "-c", f"{lines[0]}\n{lines[1]}\necho\n{lines[2]}"],
        capture_output=True,
        text=True,
        cwd=ROOT,
        timeout=SECONDS,
    )
    listed, tried = map(json.loads, pasted.stdout.splitlines())
    assert listed["count"] == len(EXAMPLES)
    assert (tried["workflow"]["key"], tried["created"], tried["changed"]) == ("leave-request", False, False)


def check_the_people(said, port, password):
    people = re.findall(r"^ +(\w+)@(acme|globex)\.example", said, re.MULTILINE)
    assert len(people) == 10
    for role, slug in people:
        shown = sign_in(port, slug, f"{role}@{slug}.example", password)["user"]
        assert shown["system_roles"] == [role]
        assert (len(shown["company_roles"]) > 1) is (slug == "acme" and role in ("user", "task_worker"))


@pytest.mark.skipif(shutil.which("curl") is None, reason="the lines to paste call curl")
def test_demo_from_the_first_start_to_ctrl_c_and_the_next(manage, own_database, settings):
    port = free_port()
    serving = manage("demo", "--port", port)
    said = serving.said_until("Serving until Ctrl-C.")
    assert [name for name in EXAMPLES if f"acme: {name} uploaded, published as version 1\n" not in said] == []
    # No role is unknown, nothing may be left unset.
    assert count(own_database, "acme.workflow_versions WHERE problems::text <> '[]'") == 0
    check_played(said, own_database)
    assert f"http://acme.localhost:{port}/admin/" in said
    assert f"http://globex.localhost:{port}/admin/" in said
    assert [count(own_database, f"{slug}.users") for slug in ("acme", "globex")] == [5, 5]
    assert [count(own_database, f"{slug}.workflow_definitions") for slug in ("acme", "globex")] == [len(EXAMPLES), 0]
    assert count(own_database, "public.users") == 1
    check_the_lines_to_paste(said)
    password = re.search(r"^Password +(\S+)", said, re.MULTILINE)[1]
    check_the_people(said, port, password)
    check_a_call(port, password)

    code, errors = serving.stop(signal.SIGINT)
    assert code == 0
    assert "Traceback" not in errors
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", int(port)))

    # Once more: what is there stays as it is.
    history = count(own_database, "acme.history")
    settings.ALLOWED_PRIVATE_HOSTS = []  # the demo sets it, and the test's end takes that back
    output = StringIO()
    call_command("demo", port=9000, once=True, stdout=output)
    said = output.getvalue()
    assert "acme: 5 people, 0 of them new" in said
    assert f"acme: {len(RUNS)} tickets are there, {LEFT_OPEN} of them with open tasks\n" in said
    assert "acme: #" not in said
    assert [name for name in EXAMPLES if f"acme: {name} is there" not in said] == []
    assert "http://acme.localhost:9000/admin/" in said
    assert count(own_database, "acme.history") == history


def test_taken_port_is_told_before_anything_is_done(own_database, monkeypatch, capsys):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        monkeypatch.setenv("PORT", str(port))
        for command in ("run", "demo"):
            with pytest.raises(SystemExit) as ended:
                load_command_class("ticketflower", command).run_from_argv(["manage.py", command])
            assert ended.value.code == 1
            [line] = capsys.readouterr().err.splitlines()
            assert f"Can't listen on 127.0.0.1, port {port}: Address already in use." in line
    assert count(own_database, "acme.users") == 0
