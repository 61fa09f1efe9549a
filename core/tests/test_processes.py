"""Children of a command end with it. Real processes, bounded in time."""

import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from core.processes import Children

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="sends POSIX signals")
PARENT = Path(__file__).with_name("processes_parent.py")
SECONDS = 30
# Each prints its process id, and the number of one that it starts.
POLITE = """
import os, signal, sys, time
signal.signal(signal.SIGTERM, lambda *_: sys.exit(print("bye")))
print(os.getpid())
time.sleep(300)
"""
STUBBORN = """
import os, signal, subprocess, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
if len(sys.argv) == 1:
    code = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up'); time.sleep(300)"
    grandchild = subprocess.Popen([sys.executable, "-u", "-c", code], stdout=subprocess.PIPE, start_new_session=True)
    grandchild.stdout.readline()
    print(os.getpid(), grandchild.pid)
time.sleep(300)
"""
# How long it is waited for them.
GRACE = {POLITE: "20", STUBBORN: "0.05"}


@contextmanager
def parent(folder, code):
    """A process with a child that runs `code`, and the processes that the child names."""
    process = subprocess.Popen(
        [sys.executable, PARENT, folder, GRACE[code], code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    named = []
    try:
        named = [psutil.Process(int(number)) for number in process.stdout.readline().split()]
        yield process, named
    finally:
        process.kill()
        for one in named:
            if one.is_running():
                one.kill()
        process.communicate(timeout=SECONDS)


def alive(processes):
    """Those of them that run at this moment."""
    return [one for one in processes if one.is_running() and one.status() != psutil.STATUS_ZOMBIE]


def outliving(processes):
    """Those of them that still run after a while."""
    deadline = time.monotonic() + 5
    while alive(processes) and time.monotonic() < deadline:
        psutil.wait_procs(processes, timeout=0.05)
    return alive(processes)


def test_child_is_asked_to_stop_at_the_end(tmp_path, capfd):
    with Children(tmp_path / "run") as children:
        child = psutil.Process(children.start("web", [sys.executable, "-u", "-c", POLITE]))
        while not capfd.readouterr().out:
            assert child.is_running()
    assert capfd.readouterr().out == "bye\n"
    assert not child.is_running()
    assert list((tmp_path / "run").iterdir()) == []


def test_wait_tells_who_ended_first_and_how(tmp_path):
    with Children(tmp_path / "run") as children:
        children.start("sleeper", [sys.executable, "-c", "import time; time.sleep(300)"])
        children.start(
            "quitter", [sys.executable, "-c", "import os; raise SystemExit(int(os.environ['CODE']))"], {"CODE": "7"}
        )
        assert children.wait() == ("quitter", 7)


def test_unknown_command_is_a_child_that_failed(tmp_path, capfd):
    with Children(tmp_path / "run") as children:
        children.start("nothing", ["/no/such/program"])
        assert children.wait() == ("nothing", 1)
    assert capfd.readouterr().err == "/no/such/program: No such file or directory\n"


@pytest.mark.parametrize(("number", "code", "text"), [(signal.SIGINT, 1, "interrupted\n"), (signal.SIGTERM, 143, "")])
def test_signal_to_the_parent_stops_its_children(tmp_path, number, code, text):
    with parent(tmp_path / "run", POLITE) as (process, named):
        process.send_signal(number)
        out, err = process.communicate(timeout=SECONDS)
        assert (process.returncode, out, err) == (code, "bye\n", text)
        assert outliving(named) == []


def test_who_does_not_stop_is_killed_with_what_it_started(tmp_path):
    with parent(tmp_path / "run", STUBBORN) as (process, named):
        assert len(alive(named)) == 2
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=SECONDS)
        assert outliving(named) == []


@pytest.mark.skipif(sys.platform != "linux", reason="needs PR_SET_PDEATHSIG")
def test_children_of_a_killed_parent_stop_at_once(tmp_path):
    with parent(tmp_path / "run", POLITE) as (process, named):
        process.kill()
        assert process.communicate(timeout=SECONDS)[0] == "bye\n"
        assert outliving(named) == []


def test_next_start_ends_what_a_killed_parent_left_and_nothing_else(tmp_path):
    folder = tmp_path / "run"
    with parent(folder, STUBBORN) as (killed, left), parent(folder, STUBBORN) as (_living, others):
        unmarked = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(300)"])
        killed.kill()
        killed.wait(timeout=SECONDS)
        assert len(alive(left)) == 2
        with Children(folder, grace_seconds=0.05):
            assert outliving(left) == []
        assert len(alive(others)) == 2
        assert unmarked.poll() is None
        unmarked.kill()
        unmarked.wait()
        assert len(list(folder.iterdir())) == 1


def test_leftovers_of_a_parent_in_another_folder_are_not_ours(tmp_path):
    with parent(tmp_path / "other", STUBBORN) as (killed, left):
        killed.kill()
        killed.wait(timeout=SECONDS)
        with Children(tmp_path / "run"):
            pass
        assert len(alive(left)) == 2
        with Children(tmp_path / "other", grace_seconds=0.05):
            pass
        assert outliving(left) == []


def test_second_command_leaves_the_first_alone(tmp_path):
    with Children(tmp_path / "run") as first:
        child = psutil.Process(first.start("web", [sys.executable, "-c", "import time; time.sleep(300)"]))
        with Children(tmp_path / "run"):
            pass
        assert alive([child]) == [child]
