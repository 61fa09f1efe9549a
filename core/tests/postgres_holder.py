"""Run by tests: `python postgres_holder.py FOLDER` prints a DATABASE_URL and holds it until a line comes in."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent.parent))

from core.postgres import running

with running(Path(sys.argv[1]), durable=False) as url:
    sys.stdout.write(f"{url}\n")
    sys.stdout.flush()
    sys.stdin.readline()
