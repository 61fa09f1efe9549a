"""Where the PostgreSQL of tests has its data."""

from __future__ import annotations

import hashlib
import os
import shutil
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
# Linux: a file system in memory, empty after a restart. What another user has put there is not taken.
MEMORY = Path("/dev/shm")
ROOM_BYTES = 2 << 30


def data_folder() -> Path:
    """In memory, where the system has room there: a database is 850 files, and making and removing them over and over
    costs a disk's file system half a second of processor time each, twenty times what it does in memory.
    """
    if not MEMORY.is_dir():
        return ROOT / ".data" / "test-postgres"
    folder = MEMORY / f"ticketflower-{os.geteuid()}-{hashlib.sha256(bytes(ROOT)).hexdigest()[:12]}"
    ours = folder.stat().st_uid == os.geteuid() if folder.exists() else shutil.disk_usage(MEMORY).free > ROOM_BYTES
    return (folder if ours else ROOT / ".data") / "test-postgres"
