"""Signs of living processes, and locks between them."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from core.presence import LockTimeout, Presence, exclusive, forget, look

ROOT = Path(__file__).resolve().parents[2]
OTHER = """
import sys
from pathlib import Path
from core.presence import Presence, exclusive
if sys.argv[1] == "sign":
    sign = Presence(Path(sys.argv[2]))
    print(sign.name, flush=True)
    sys.stdin.read()
else:
    with exclusive(Path(sys.argv[2]), timeout=10):
        print("locked", flush=True)
        sys.stdin.read()
"""


@pytest.fixture
def other():
    """`other("sign", folder)` or `other("lock", file)`: a process that holds it, and what it printed."""
    started = []

    def start(what, path):
        process = subprocess.Popen(
            [sys.executable, "-c", OTHER, what, path],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        return process, process.stdout.readline().strip()

    yield start
    for process in started:
        process.kill()
        process.communicate()


def test_nobody_is_in_a_folder_that_is_not_there(tmp_path):
    assert look(tmp_path / "none") == ([], [])


def test_present_until_leaving(tmp_path):
    first, second = Presence(tmp_path), Presence(tmp_path)
    assert look(tmp_path) == (sorted([first.name, second.name]), [])
    first.leave()
    assert look(tmp_path) == ([second.name], [])
    second.leave()
    assert look(tmp_path) == ([], [])


def test_killed_process_is_dead_and_a_living_one_present(tmp_path, other):
    killed, dead = other("sign", tmp_path)
    _living, alive = other("sign", tmp_path)
    assert look(tmp_path) == (sorted([dead, alive]), [])
    killed.kill()
    killed.wait()
    assert look(tmp_path) == ([alive], [dead])
    forget(tmp_path, dead)
    assert look(tmp_path) == ([alive], [])


def test_lock_of_another_process_is_waited_for_and_no_longer_than_allowed(tmp_path, other):
    path = tmp_path / "lock"
    holder, _locked = other("lock", path)
    with pytest.raises(LockTimeout, match=r"has been holding .*lock for 0.1 seconds"), exclusive(path, timeout=0.1):
        raise AssertionError("locked twice")
    holder.kill()
    with exclusive(path, timeout=10):
        pass


def test_one_thread_at_a_time(tmp_path):
    inside = []

    def enter(_number):
        with exclusive(tmp_path / "lock", timeout=10):
            inside.append(1)
            count = len(inside)
            inside.pop()
            return count

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(enter, range(40))) == {1}


def test_lock_is_free_after_an_error(tmp_path):
    with pytest.raises(ZeroDivisionError), exclusive(tmp_path / "lock", timeout=1):
        raise ZeroDivisionError
    with exclusive(tmp_path / "lock", timeout=0):
        pass
