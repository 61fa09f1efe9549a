"""Other products as baselines, where they are at hand; what is not is left out, and said so.

They stand in the folder PEERS (else `../shared/peers` beside the project), run with PEERS_PYTHON (else the Python of
`.data/bench/venv`), which has what `requirements-bench.txt` names, and speak to the PostgreSQL that ours speaks to.
"""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import jwt

from bench.client import Client
from bench.measure import processor_seconds
from bench.stage import FOLDER, ROOT, end, free_port, libpq, wait_for_port

PEERS = Path(os.environ.get("PEERS") or ROOT.parent / "shared" / "peers")
PYTHON = Path(os.environ.get("PEERS_PYTHON") or FOLDER / "venv" / "bin" / "python")
SECRET = "a secret of baselines, which protects nothing"
BULK = "/drf_bulk_idonly"
ORM_LIST = "/fastapi_sqla"


class Peer(Client):
    """A running baseline and a connection to it."""

    process: subprocess.Popen[bytes]

    def processor_seconds(self) -> float:
        """What it has used so far."""
        return processor_seconds(self.process.pid)


@contextmanager
def drf_bulk(url: str) -> Iterator[Peer | None]:
    """Django REST framework with bulk_create, on the server that ours runs on."""
    folder = PEERS / "w2"
    if _missing("DRF with bulk_create", folder):
        yield None
        return
    setup = (
        "import os, sys; sys.path.insert(0, '.'); sys.path.insert(0, os.path.join('..', 'common'))\n"
        "import pg; pg.recreate('w2'); os.environ['DJANGO_SETTINGS_MODULE'] = 'djsite.settings'\n"
        "import django; django.setup(); from django.core.management import call_command\n"
        "call_command('migrate', run_syncdb=True, verbosity=0)\n"
        "from django.contrib.auth.models import User; User.objects.create_user('u1')"
    )
    environment = _environment(url)
    subprocess.run([PYTHON, "-c", setup], cwd=folder, env=environment, check=True, timeout=120)
    port = free_port()
    command = [str(PYTHON), "-m", "granian", "--interface", "wsgi", "--workers", "1", "--blocking-threads", "2"]
    command += ["--host", "127.0.0.1", "--port", str(port), "--no-ws", "--log-level", "warning", "wsgi:application"]
    with _running(command, folder, environment, port) as peer:
        yield peer


@contextmanager
def fastapi(url: str) -> Iterator[Peer | None]:
    """FastAPI with SQLAlchemy, one process of uvicorn."""
    folder = PEERS / "w3"
    if _missing("FastAPI with SQLAlchemy", folder):
        yield None
        return
    port = free_port()
    command = [str(PYTHON), "-m", "uvicorn", "fa_app:app", "--port", str(port), "--log-level", "warning"]
    command += ["--no-access-log", "--loop", "uvloop", "--http", "httptools"]
    with _running(command, folder, _environment(url), port) as peer:
        yield peer


def _missing(name: str, folder: Path) -> bool:
    """Whether a baseline can't run here; then it is said why."""
    lacking = "its program" if not folder.is_dir() else "its libraries" if not PYTHON.exists() else ""
    if lacking:
        print(f"left out: {name}, {lacking} being absent (docs/performance.md says how to get them)")
    return bool(lacking)


def _environment(url: str) -> dict[str, str]:
    kept = {key: value for key, value in os.environ.items() if key != "DJANGO_SETTINGS_MODULE"}
    return {**kept, **libpq(url), "JWT_SECRET": SECRET, "PYTHONDONTWRITEBYTECODE": "1"}


def _token() -> str:
    now = datetime.now(UTC)
    claims = {"token_type": "access", "exp": now + timedelta(hours=10), "iat": now, "jti": "x" * 32}
    return jwt.encode({**claims, "user_id": "1", "sub": "1"}, SECRET, algorithm="HS256")


@contextmanager
def _running(command: list[str], folder: Path, environment: dict[str, str], port: int) -> Iterator[Peer]:
    with tempfile.NamedTemporaryFile() as log:
        process = subprocess.Popen(command, cwd=folder, env=environment, stdout=log, stderr=subprocess.STDOUT)
        try:
            wait_for_port(port, process, Path(log.name))
            with Peer(port, "localhost", _token()) as peer:
                peer.process = process
                yield peer
        finally:
            end(process)
