"""`manage.py run`, as a person starts it, on a database of the test's own."""

import http.client
import json
import re
import signal
import socket
from contextlib import suppress

import psutil
import pytest
from django.core.management import CommandError, call_command

from tests.commands import SECONDS, Commands, free_port
from tests.test_demo import count
from tests.workers import until


@pytest.fixture
def manage(own_database, tmp_path):
    """`manage("demo", PORT="9000")` starts a command on the own database."""
    with Commands(own_database.url, tmp_path) as commands:
        yield commands.start


def ready(port):
    connection = http.client.HTTPConnection("127.0.0.1", int(port), timeout=SECONDS)
    connection.request("GET", "/ready/")
    found = json.loads(connection.getresponse().read())
    connection.close()
    return found


def worker_processes(parent):
    """Those below the process `parent`."""
    found = []
    for process in psutil.Process(parent.process.pid).children(recursive=True):
        with suppress(psutil.Error):  # it has just ended
            found += [process] * ("run_worker" in process.cmdline())
    return found


def test_run_has_no_demo_data_and_a_worker_beside_the_server(manage, own_database):
    """The worker is there, it is replaced when it is killed, and it ends with the server."""
    port = free_port()
    serving = manage("run", from_the_shell=True, PORT=port)
    said = serving.said_until("  One worker")
    assert said.startswith("Every schema is up to date.\n")
    assert "\nServing until Ctrl-C:" in said
    assert "One worker runs jobs, 8 at a time" in said
    assert count(own_database, "acme.users") == 0
    with socket.create_connection(("127.0.0.1", int(port))) as connection:
        connection.sendall(b"GET /health/ HTTP/1.1\r\nHost: anything\r\nConnection: close\r\n\r\n")
        assert connection.recv(100).startswith(b"HTTP/1.1 200 ")
    until(lambda: ready(port)["workers"] == 1)
    [worker] = worker_processes(serving)
    worker.kill()
    [second] = until(lambda: [found for found in worker_processes(serving) if found.pid != worker.pid])
    until(lambda: count(own_database, "procrastinate_workers WHERE id > 1"))
    code, errors = serving.stop()
    assert code == 128 + signal.SIGTERM
    assert "The worker ended with exit code -9; another one starts in 1 s.\n" in errors
    assert not second.is_running()
    assert count(own_database, "procrastinate_workers WHERE id > 1") == 0


def test_no_worker(manage):
    port = free_port()
    serving = manage("run", "--no-worker", PORT=port)
    assert "No worker was started" in serving.said_until("  No worker")
    assert (ready(port)["workers"], worker_processes(serving)) == (0, [])
    assert serving.stop()[0] == 128 + signal.SIGTERM


def test_port_that_is_none(monkeypatch):
    monkeypatch.setenv("PORT", "web")
    with pytest.raises(CommandError, match=re.escape("'web' is not a port (1 to 65535)")):
        call_command("run")
