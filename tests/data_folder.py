"""Where the PostgreSQL of tests has its data."""

from __future__ import annotations

import hashlib
import os
import shutil
from contextlib import suppress
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
# Linux: a file system in memory, empty after a restart. What another user has put there is not taken.
MEMORY = Path("/dev/shm")
ROOM_BYTES = 2 << 30
# A file there that names the checkout.
OF = "of"


def data_folder() -> Path:
    """In memory, where the system has room there: a database is 850 files, and making and removing them over and over
    costs a disk's file system half a second of processor time each, twenty times what it does in memory.
    """
    if not MEMORY.is_dir():
        return ROOT / ".data" / "test-postgres"
    begin = f"ticketflower-{os.geteuid()}-"
    _clear(begin)
    folder = MEMORY / f"{begin}{hashlib.sha256(bytes(ROOT)).hexdigest()[:12]}"
    if not folder.exists() and shutil.disk_usage(MEMORY).free > ROOM_BYTES:
        folder.mkdir(exist_ok=True)
        (folder / OF).write_text(str(ROOT))
    return (folder if _is_ours(folder) else ROOT / ".data") / "test-postgres"


def _clear(begin: str) -> None:
    """Remove what checkouts have left that are gone."""
    for folder in MEMORY.glob(f"{begin}*"):
        with suppress(OSError):
            if _is_ours(folder) and not Path((folder / OF).read_text()).exists():
                shutil.rmtree(folder)


def _is_ours(folder: Path) -> bool:
    return folder.is_dir() and not folder.is_symlink() and folder.stat().st_uid == os.geteuid()
