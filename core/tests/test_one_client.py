"""Nothing but `core.http_client` opens connections to the outside: the linter says so."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def findings(source, path):
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
    return [found["code"] for found in json.loads(done.stdout) if found["code"] == "TID251"]


@pytest.mark.parametrize(
    "source",
    [
        "import httpx\n",
        "from httpx import Client\n",
        "import httpcore\n",
        "import h11\n",
        "import requests\n",
        "import urllib.request\n",
        "from urllib.request import urlopen\n",
        "from urllib import request\n",
        "import http.client\n",
        "from http import client\n",
        "import aiohttp\n",
        "import urllib3\n",
    ],
)
def test_other_clients_are_refused(source):
    assert findings(source, "workflow_ops/services/calling.py") == ["TID251"]


def test_where_they_are_needed():
    assert findings("import h11\n", "core/http_client/wire.py") == []
    assert findings("import http.client\n", "workflow_ops/tests/test_calling.py") == []
