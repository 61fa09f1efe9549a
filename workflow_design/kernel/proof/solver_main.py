"""The process in which z3 runs: `process` starts it."""

from __future__ import annotations

import z3  # noqa: F401 - what takes its time is done before the first question

from workflow_design.kernel.proof.decisions import solve
from workflow_design.kernel.proof.serving import serve

if __name__ == "__main__":
    serve(solve)
