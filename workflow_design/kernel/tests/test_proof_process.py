"""The process in which z3 runs: whatever becomes of it, its parent goes on, in time."""

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from workflow_design.kernel.proof.process import Solvers

CHILD = "workflow_design.kernel.tests.solver_child"
ROOT = Path(__file__).resolve().parents[3]
PID = ("pid", None)

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals")


@pytest.fixture
def solvers():
    made = Solvers(CHILD)
    yield made
    made.close()


def ended(pid):
    """Whether there is no such process any more, not even one that nobody has waited for. Waits a little for it."""
    until = time.monotonic() + 10
    while time.monotonic() < until:
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return True
        threading.Event().wait(0.01)
    return False


def test_answers_in_the_order_of_the_questions(solvers):
    said = [{"a": [1, 2.5, None, True, "ä\n"]}, 2**60, "", {}]
    assert solvers.solve_all([("say", value) for value in said]) == said
    assert solvers.solve_all([]) == []


def test_no_question_starts_no_process(solvers):
    solvers.solve_all([])
    assert solvers.processes() == []


def test_one_child_is_kept_for_the_next_questions(solvers):
    (first, second) = solvers.solve_all([PID, PID])
    assert first == second
    assert solvers.solve_all([PID]) == [first]
    assert solvers.processes() == [first]
    solvers.close()
    assert ended(first)


def test_each_question_is_told_its_time(solvers):
    assert solvers.solve_all([("seconds", None)], seconds_each=1.5) == [1.5]
    (left,) = solvers.solve_all([("seconds", None)], seconds_each=5, seconds_total=3)
    assert 0 < left <= 3


@pytest.mark.parametrize("what", ["sleep", "compute"])
def test_what_takes_too_long_is_killed_and_the_rest_answered(solvers, what):
    (before,) = solvers.solve_all([PID])
    begin = time.monotonic()
    assert solvers.solve_all([("say", 1), (what, 60), ("say", 2)], seconds_each=0.1) == [1, None, 2]
    assert time.monotonic() - begin < 10
    assert ended(before)


def test_the_time_in_all_is_kept(solvers):
    solvers.solve_all([PID])
    begin = time.monotonic()
    answers = solvers.solve_all([("say", 1), *[("sleep", 60)] * 50], seconds_each=0.1, seconds_total=0.8)
    assert answers == [1, *[None] * 50]
    assert time.monotonic() - begin < 5


def test_memory_is_limited(solvers):
    assert solvers.solve_all([("fill", 10_000_000), ("fill", 2_000_000_000), ("say", 1)]) == [10_000_000, None, 1]


def test_an_exception_costs_one_answer(solvers, caplog):
    assert solvers.solve_all([("raise", "no"), ("say", 1)]) == [None, 1]
    assert caplog.messages == ["The solver failed: ValueError: no"]


def test_a_child_that_dies_of_a_question_is_asked_again_once(solvers, tmp_path):
    assert solvers.solve_all([("die", None), ("say", 1)]) == [None, 1]
    assert solvers.solve_all([("die once", str(tmp_path / "died")), ("say", 1)]) == ["alive", 1]


def test_a_child_killed_between_calls_is_replaced(solvers):
    (first,) = solvers.solve_all([PID])
    os.kill(first, signal.SIGKILL)
    (second,) = solvers.solve_all([PID])
    assert second not in (None, first)
    assert ended(first)


def test_a_child_killed_while_it_works_is_replaced(solvers):
    (first,) = solvers.solve_all([PID])
    killer = threading.Timer(0.1, os.kill, (first, signal.SIGKILL))
    killer.start()
    answers = solvers.solve_all([("sleep", 0.5), PID], seconds_each=5)
    killer.join()
    assert answers[1] not in (None, first)
    assert ended(first)


@pytest.mark.parametrize(
    "text",
    ["nonsense\n", "[1]\n", '{"id": 0}\n', '{"id": 7, "answer": 1}\n', '{"answer": 1}\n', "\n", '{"ready": true}\n'],
)
def test_what_is_no_answer_is_none(solvers, text):
    begin = time.monotonic()
    assert solvers.solve_all([("write", text), ("say", 1)], seconds_each=30) == [None, 1]
    assert time.monotonic() - begin < 20


def test_what_is_printed_is_no_answer(solvers):
    assert solvers.solve_all([("print", '{"id": 0, "answer": 1}'), ("say", 2)]) == [None, 2]


@pytest.mark.parametrize("how, total, most", [("never", 0.5, 10), ("broken", 5, 10)])
def test_a_child_that_does_not_start(how, total, most, caplog):
    solvers = Solvers(CHILD, how)
    begin = time.monotonic()
    assert solvers.solve_all([("say", 1), ("say", 2)], seconds_total=total) == [None, None]
    assert time.monotonic() - begin < most
    assert caplog.messages == ["The solver did not start."]


def test_it_knows_no_secret_and_holds_no_connection(solvers, monkeypatch):
    monkeypatch.setenv("DATABASE_URL", "postgres://secret")
    monkeypatch.setenv("SECRET_KEY", "secret")
    with open(os.devnull) as held:
        os.set_inheritable(held.fileno(), True)
        environment, files, modules = solvers.solve_all(
            [("environment", None), ("files", None), ("modules", ["django", "psycopg", "core"])],
            seconds_each=30,  # it imports all of the proof
            seconds_total=60,
        )
        # stdin, stdout, stderr, two copies of stdout, and the folder that is being listed
        assert len(files) <= 6
    assert "secret" not in "".join(environment.values())
    assert set(environment) <= {"PATH", "PYTHONPATH", "LD_LIBRARY_PATH", "LANG", "TEMP", "TMP", "LC_CTYPE"}
    assert modules == []


def test_threads_share_two_children(solvers):
    found = {}

    def ask(name):
        found[name] = solvers.solve_all([("say", [name, number]) for number in range(20)] + [PID])

    threads = [threading.Thread(target=ask, args=(name,)) for name in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(found[name][:-1] == [[name, number] for number in range(20)] for name in range(12))
    assert len({answers[-1] for answers in found.values()}) <= 2
    assert 1 <= len(solvers.processes()) <= 2


def test_who_waits_too_long_for_a_turn_gets_no_answer():
    solvers = Solvers(CHILD, size=1)
    solvers.solve_all([PID])
    thread = threading.Thread(target=solvers.solve_all, args=([("sleep", 60)], 0.5))
    thread.start()
    while solvers.processes() and thread.is_alive():
        threading.Event().wait(0.01)
    assert solvers.solve_all([("say", 1)], seconds_total=0.2) == [None]
    thread.join()
    assert solvers.solve_all([("say", 1)]) == [1]
    solvers.close()


def test_an_idle_child_ends():
    solvers = Solvers(CHILD, idle=0.2)
    (pid,) = solvers.solve_all([PID])
    assert ended(pid)
    assert solvers.processes() == []


def test_it_ends_with_its_parent():
    code = (
        "import os, signal\n"
        "from workflow_design.kernel.proof.process import Solvers\n"
        f"print(Solvers({CHILD!r}).solve_all([('pid', None)])[0], flush=True)\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    parent = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert parent.returncode == -signal.SIGKILL
    assert ended(int(parent.stdout))


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
def test_a_fork_starts_its_own():
    code = (
        "import os\n"
        "from workflow_design.kernel.proof import process\n"
        f"process.SOLVERS._command[2:] = [{CHILD!r}]\n"
        "first = process.solve_all([('pid', None)])\n"
        "child = os.fork()\n"
        "second = process.solve_all([('pid', None)])\n"
        "if not child:\n"
        "    os._exit(0 if second[0] and second != first else 1)\n"
        "assert second == first\n"
        "assert os.waitpid(child, 0)[1] == 0\n"
    )
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True, timeout=60)
