"""A child that does what its questions say, to see what becomes of its parent.

What serves it is loaded alone: all of the proof, beside it, takes ten times as long as what most tests are about.
"""

import importlib
import mmap
import os
import runpy
import signal
import sys
import time
from pathlib import Path

serve = runpy.run_path(str(Path(__file__).parents[1] / "proof" / "serving.py"))["serve"]


def solve(question, seconds):
    """`question`: the name of something to do, and what with."""
    what, value = question
    if what == "say":
        return value
    if what == "sleep":
        time.sleep(value)
    elif what == "compute":
        while True:
            pass
    elif what == "fill":
        return len(mmap.mmap(-1, value))
    elif what == "raise":
        raise ValueError(value)
    elif what == "die":
        os.kill(os.getpid(), signal.SIGKILL)
    elif what == "die once":
        try:
            os.close(os.open(value, os.O_CREAT | os.O_EXCL))
        except FileExistsError:
            return "alive"
        os.kill(os.getpid(), signal.SIGKILL)
    elif what == "write":
        os.write(ANSWERS, value.encode())
        time.sleep(60)
    elif what == "print":
        print(value, flush=True)
    elif what == "pid":
        return os.getpid()
    elif what == "seconds":
        return seconds
    elif what == "environment":
        return dict(os.environ)
    elif what == "files":
        return sorted(int(name) for name in os.listdir("/proc/self/fd"))
    elif what == "modules":
        importlib.import_module("workflow_design.kernel.proof")
        return sorted(name for name in value if name in sys.modules)
    return None


if __name__ == "__main__":
    if sys.argv[1:] == ["never"]:
        time.sleep(60)
    if sys.argv[1:] == ["broken"]:
        raise SystemExit(3)
    ANSWERS = os.dup(1)
    serve(solve)
