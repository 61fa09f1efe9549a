"""A headless Chromium for tests of pages: what a page looks like when its scripts have run, and what it asked for."""

from __future__ import annotations

import json
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
# How long scripts may run, in the browser's own time, which passes as fast as they do.
SCRIPT_MILLISECONDS = 15_000


@dataclass(frozen=True)
class Visit:
    """A page, after its scripts."""

    html: str
    screenshot: Path
    requested: list[str]
    connected: set[str]


def visit(url: str, folder: Path, *, height: int = 1600) -> Visit:
    """Open `url` with a profile of its own in `folder`."""
    folder.mkdir()
    assert CHROMIUM is not None
    log, picture = folder / "net.json", folder / "page.png"
    common = [CHROMIUM, "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run"]
    common += ["--disable-background-networking", "--disable-component-update", "--disable-default-apps"]
    common += ["--disable-sync", "--metrics-recording-only", f"--virtual-time-budget={SCRIPT_MILLISECONDS}"]
    # What the browser itself would like to ask its maker stays here.
    common += ["--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE localhost , EXCLUDE *.localhost"]
    common += [f"--window-size=1200,{height}"]
    options = [f"--user-data-dir={folder / 'profile'}", f"--log-net-log={log}", f"--screenshot={picture}"]
    done = subprocess.run(
        [*common, *options, "--dump-dom", url], capture_output=True, text=True, timeout=120, check=True
    )
    return Visit(done.stdout, picture, *_network(log, url))


def _network(log: Path, page: str) -> tuple[list[str], set[str]]:
    """What the page asked for, and all addresses that were connected to, from Chromium's own record of its network."""
    text = log.read_text().rstrip()
    try:
        record = json.loads(text)
    except ValueError:  # the list of events is left open by a browser that was closed
        record = json.loads(text.rstrip(",") + "]}")
    types = record["constants"]["logEventTypes"]
    params = [(event["type"], event.get("params", {})) for event in record["events"]]
    started = [item for kind, item in params if kind == types["URL_REQUEST_START_JOB"] and "url" in item]
    origin = "{0.scheme}://{0.netloc}".format(urlsplit(page))
    requested = [item["url"] for item in started if item.get("initiator") == origin or item["url"] == page]
    attempts = [item for kind, item in params if kind == types["TCP_CONNECT_ATTEMPT"]]
    return requested, {item["address"].rpartition(":")[0] for item in attempts if "address" in item}
