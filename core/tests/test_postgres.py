"""The embedded server: what it is, who holds it, and what it survives. Real servers in temporary folders."""

import os
import shutil
import signal
import stat
import subprocess
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path

import psutil
import psycopg
import pytest

from core.postgres import PostgresError, check_version, running
from tests import warm

SECONDS = 60


@pytest.fixture(scope="module")
def interrupted():
    """A folder that the server's user can reach, in which making a cluster was interrupted; what was left there."""
    base = Path(tempfile.mkdtemp(prefix="ticketflower-test-", dir="/var/tmp" if os.name == "posix" else None))
    base.chmod(0o755)
    folder = base / "data" / "postgres"
    with holder(folder) as killed:
        while not list(folder.glob("initdb-*/cluster/PG_VERSION")):
            assert killed.process.poll() is None
            assert not (folder / "cluster").exists()
            time.sleep(0.005)
        killed.kill()
        for process in psutil.process_iter(["name", "cmdline"]):
            if process.info["name"] == "initdb" and str(folder) in " ".join(process.info["cmdline"] or []):
                process.send_signal(signal.SIGKILL)
    yield folder, {path.name.partition("-")[0] for path in folder.iterdir() if path.is_dir()}
    shutil.rmtree(base)


@pytest.fixture(scope="module")
def made(interrupted):
    """A folder with a cluster in it; no server is running."""
    folder, _left = interrupted
    with running(folder, durable=False):
        pass
    return folder


@pytest.fixture
def folder(made):
    """The same, and nothing is left running by a test."""
    yield made
    for process in servers(made):
        process.kill()
    assert not servers(made)


class Holder:
    """Another process that holds the server of a folder."""

    def __init__(self, folder, *more):
        reading, writing = os.pipe()
        with open(writing, "wb") as output:
            self.process = warm.start("core.tests.postgres_holder", [str(folder), *more], os.environ, output)
        self.said = os.fdopen(reading)

    def url(self):
        return self.said.readline().strip()

    def leave(self):
        self.process.terminate()
        assert self.process.wait(SECONDS) == 128 + signal.SIGTERM

    def kill(self):
        self.process.kill()
        self.process.wait(SECONDS)


@contextmanager
def holder(folder, *more):
    one = Holder(folder, *more)
    try:
        yield one
    finally:
        one.kill()
        one.said.close()


def servers(folder):
    """The postmasters that run on the cluster of `folder`, gone or not within a moment."""
    cluster = (folder / "cluster").resolve()
    found = []
    for process in psutil.process_iter():
        try:
            arguments = process.cmdline()
        except psutil.Error:
            continue
        if "-D" in arguments and arguments[arguments.index("-D") + 1] == str(cluster) and "postgres" in arguments[0]:
            found.append(process)
    _gone, alive = psutil.wait_procs(found, timeout=0)
    return alive


def ask(url, query):
    with psycopg.connect(url, autocommit=True) as connection:
        cursor = connection.execute(query)
        return cursor.fetchone()[0] if cursor.description else None


def postmaster(folder):
    return psutil.Process(int((folder / "cluster" / "postmaster.pid").read_text().splitlines()[0]))


# --- what it is ----------------------------------------------------------------------------------------------


def test_rows_stay_and_the_server_goes_with_its_holder(folder):
    with running(folder, durable=False) as url:
        ask(url, "CREATE TABLE kept AS SELECT 'Zoë' AS name")
    assert servers(folder) == []
    with pytest.raises(psycopg.OperationalError):
        ask(url, "SELECT 1")
    with running(folder, durable=False) as url:
        assert ask(url, "SELECT name FROM kept") == "Zoë"
        ask(url, "DROP TABLE kept")


def test_durable_server(folder):
    with running(folder) as url:
        settings = {
            name: ask(url, f"SHOW {name}")
            for name in (
                *("server_version_num", "server_encoding", "max_connections", "max_locks_per_transaction"),
                *("fsync", "synchronous_commit", "full_page_writes", "listen_addresses", "unix_socket_directories"),
            )
        }
        locale = ask(url, "SELECT datlocprovider::text || datlocale FROM pg_database WHERE datname = 'ticketflower'")
        addresses = {c.laddr.ip for c in postmaster(folder).net_connections() if c.status == psutil.CONN_LISTEN}
    assert settings.pop("server_version_num") >= "180000"
    assert settings == {
        "server_encoding": "UTF8",
        "max_connections": "200",
        "max_locks_per_transaction": "512",
        "fsync": "on",
        "synchronous_commit": "on",
        "full_page_writes": "on",
        "listen_addresses": "127.0.0.1",
        "unix_socket_directories": "",
    }
    assert locale == "bC.UTF-8"
    assert addresses == {"127.0.0.1"}


def test_server_for_tests_and_settings_of_the_caller(folder):
    prefix = r"it's a \ test "
    with running(folder, durable=False, settings={"log_line_prefix": prefix, "max_connections": "20"}) as url:
        assert [ask(url, f"SHOW {name}") for name in ("fsync", "synchronous_commit", "full_page_writes")] == ["off"] * 3
        assert ask(url, "SHOW max_connections") == "20"
        assert ask(url, "SHOW log_line_prefix") == prefix


def test_password_is_needed_and_kept_to_the_owner(folder):
    with running(folder, durable=False) as url:
        password = (folder / "password").read_text()
        assert len(password) >= 40
        assert f":{password}@127.0.0.1:" in url
        with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
            ask(url.replace(password, "wrong"), "SELECT 1")
        assert stat.S_IMODE((folder / "password").stat().st_mode) == 0o600
        command_lines = [process.info["cmdline"] or [] for process in psutil.process_iter(["cmdline"])]
        assert not [line for line in command_lines if any(password in argument for argument in line)]
        others = [path for path in folder.iterdir() if path.is_file() and path.name != "password"]
        assert not [path for path in others if password in path.read_text()]


def test_data_of_another_version_are_refused(folder):
    version = folder / "cluster" / "PG_VERSION"
    version.write_text("16\n")
    try:
        with (
            pytest.raises(PostgresError, match="made by PostgreSQL 16, and this is 18"),
            running(folder, durable=False),
        ):
            pass
    finally:
        version.write_text("18\n")


@pytest.mark.parametrize(("version", "text"), [(140_011, "14.11"), (90_624, "9.624")])
def test_old_servers_are_refused(version, text):
    class Connection:
        pg_version = version

    with pytest.raises(PostgresError, match=f"PostgreSQL 15 or later is needed, and the server is {text}."):
        check_version(Connection())


def test_least_version_is_accepted():
    class Connection:
        pg_version = 150_000

    check_version(Connection())


# --- who holds it --------------------------------------------------------------------------------------------


def test_holders_share_one_server_and_the_last_stops_it(folder):
    with holder(folder) as first, running(folder, durable=False) as url:
        assert first.url() == url
        with running(folder, durable=False) as again:
            assert again == url
        assert ask(url, "SELECT 1") == 1
        first.leave()
        assert ask(url, "SELECT 1") == 1
    assert servers(folder) == []
    assert list((folder / "holders").iterdir()) == []


def test_holders_that_come_at_once_start_one_server(folder):
    with holder(folder) as a, holder(folder) as b, holder(folder) as c:
        urls = {one.url() for one in (a, b, c)}
        assert len(urls) == 1
        assert len(servers(folder)) == 1
        for one in (a, b, c):
            one.leave()
    assert servers(folder) == []


def test_error_in_the_block_stops_the_server(folder):
    with pytest.raises(ZeroDivisionError), running(folder, durable=False):
        raise ZeroDivisionError
    assert servers(folder) == []


def test_forked_child_does_not_stop_its_parents_server(folder):
    with running(folder, durable=False) as url, holder(folder, "fork") as parent:
        assert parent.url() == url
        assert len(list((folder / "holders").iterdir())) == 2
        parent.leave()
        assert ask(url, "SELECT 1") == 1
    assert servers(folder) == []


# --- what it survives ----------------------------------------------------------------------------------------


def test_server_of_a_killed_holder_is_used_and_then_stopped(folder):
    with holder(folder) as killed:
        url = killed.url()
        killed.kill()
    assert ask(url, "SELECT 1") == 1
    with running(folder, durable=False) as same:
        assert same == url
    assert servers(folder) == []
    assert list((folder / "holders").iterdir()) == []


def test_killed_holder_does_not_keep_the_server_up(folder):
    with holder(folder) as killed, running(folder, durable=False) as url:
        assert killed.url() == url
        killed.kill()
        assert ask(url, "SELECT 1") == 1
    assert servers(folder) == []


def test_killed_server_is_started_again(folder):
    with holder(folder) as killed:
        killed.url()
        killed.kill()
    postmaster(folder).kill()
    with running(folder, durable=False) as url:
        assert ask(url, "SELECT 1") == 1


def test_pid_file_that_names_a_later_process(folder):
    with holder(folder) as killed:
        killed.url()
        owner = postmaster(folder).username()
        killed.kill()
    postmaster(folder).kill()
    as_owner = {"user": owner} if os.geteuid() == 0 else {}
    with subprocess.Popen(["sleep", "60"], **as_owner) as foreign:
        try:
            pid_file = folder / "cluster" / "postmaster.pid"
            lines = pid_file.read_text().splitlines()
            pid_file.write_text("\n".join([str(foreign.pid), *lines[1:]]) + "\n")
            with running(folder, durable=False) as url:
                assert ask(url, "SELECT 1") == 1
            assert foreign.poll() is None
        finally:
            foreign.kill()


def test_interrupted_making_is_done_again(interrupted, made):
    _folder, left = interrupted
    assert left == {"initdb", "holders"}
    assert list(made.glob("initdb-*")) == []
    with running(made, durable=False) as url:
        assert ask(url, "SELECT 1") == 1
