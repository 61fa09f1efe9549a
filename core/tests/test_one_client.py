"""Nothing but `core.http_client` opens connections to the outside: the linter says so."""

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def findings(source, path):
    """The lines that are refused."""
    command = [
        sys.executable,
        "-m",
        "ruff",
        "check",
        "--no-cache",
        "--output-format=json",
        f"--stdin-filename={path}",
        "-",
    ]
    done = subprocess.run(command, input=source, cwd=ROOT, capture_output=True, text=True)
    return [found["location"]["row"] for found in json.loads(done.stdout) if found["code"] == "TID251"]


CLIENTS = """\
import httpx
from httpx import Client
import httpcore
import h11
import requests
import urllib.request
from urllib.request import urlopen
from urllib import request
import http.client
from http import client
import aiohttp
import urllib3
"""


def test_other_clients_are_refused():
    assert findings(CLIENTS, "workflow_ops/services/calling.py") == list(range(1, 13))


def test_where_they_are_needed():
    assert findings("import h11\n", "core/http_client/wire.py") == []
    assert findings("import http.client\n", "workflow_ops/tests/test_calling.py") == []
