"""Secrets that a machine makes for itself."""

import re
import stat
from concurrent.futures import ThreadPoolExecutor

from core.kept_secret import kept_secret


def test_made_once_and_for_the_owner_alone(tmp_path):
    path = tmp_path / "data" / "secret"
    secret = kept_secret(path)
    assert re.fullmatch(r"[A-Za-z0-9_-]{43}", secret)
    assert kept_secret(path) == secret
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert kept_secret(tmp_path / "other") != secret


def test_callers_at_once_get_one_secret(tmp_path):
    with ThreadPoolExecutor(8) as pool:
        secrets = set(pool.map(kept_secret, [tmp_path / "secret"] * 8))
    assert len(secrets) == 1


def test_what_an_interrupted_call_left_is_no_secret(tmp_path):
    (tmp_path / "secret.new").write_text("half")
    assert kept_secret(tmp_path / "secret") != "half"
