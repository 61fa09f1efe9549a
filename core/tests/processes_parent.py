"""Run by tests: `python processes_parent.py FOLDER GRACE CODE` runs the Python CODE in a child until that ends.
At its own end it gives the child GRACE seconds to stop."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent.parent))

from core.processes import Children, exit_on_signals

exit_on_signals()
with Children(Path(sys.argv[1]), grace_seconds=float(sys.argv[2])) as children:
    children.start("child", [sys.executable, "-u", "-c", sys.argv[3]])
    try:
        name, code = children.wait()
    except KeyboardInterrupt:
        sys.exit("interrupted")
    sys.exit(f"{name} ended with {code}")
