"""Run by tests: `python processes_parent.py FOLDER CODE` runs the Python CODE in a child until that ends."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent.parent))

from core.processes import Children, exit_on_signals

exit_on_signals()
with Children(Path(sys.argv[1]), grace_seconds=0.5) as children:
    children.start("child", [sys.executable, "-u", "-c", sys.argv[2]])
    try:
        name, code = children.wait()
    except KeyboardInterrupt:
        sys.exit("interrupted")
    sys.exit(f"{name} ended with {code}")
