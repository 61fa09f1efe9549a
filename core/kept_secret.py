"""Secrets that this machine makes for itself and keeps in a file."""

from __future__ import annotations

import secrets
from pathlib import Path

from core.presence import exclusive


def kept_secret(path: Path, *, bytes_of_chance: int = 32) -> str:
    """The secret in the file `path`, for its owner alone; made at the first call, of letters, digits, - and _."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with exclusive(path.with_name(f"{path.name}.lock"), timeout=60):
        if not path.exists():
            new = path.with_name(f"{path.name}.new")
            new.unlink(missing_ok=True)
            new.touch(mode=0o600)
            new.write_text(secrets.token_urlsafe(bytes_of_chance), encoding="ascii")
            new.replace(path)
    return path.read_text(encoding="ascii")
