"""The forms of every example, rendered by @rjsf/core as a front end would, without a word of complaint.

Needs node and npm; the packages of package.json are fetched once, into `.data/node`.
"""

from __future__ import annotations

import hashlib
import html
import json
import shutil
import subprocess
import tempfile
from contextlib import suppress
from pathlib import Path

import pytest

from core.db import connection
from tenants.models import Company
from tests.people import signed_in
from tests.servers import ROOT
from ticketflower.demo import examples
from ticketflower.demo_runs import RUNS
from users.models import CompanyRole
from workflow_design.tests.documents import UPLOAD
from workflow_ops.models import VersionTask

pytestmark = pytest.mark.node
HERE = Path(__file__).resolve().parent
CACHE = ROOT / ".data" / "node"


@pytest.fixture(scope="module")
def packages():
    """The folder with node_modules; skips where it can't be had."""
    if not shutil.which("node") or not shutil.which("npm"):
        pytest.skip("node and npm are not installed")
    wanted = (HERE / "package.json").read_bytes()
    home = CACHE / f"forms-{hashlib.sha256(wanted).hexdigest()[:12]}"
    if not home.is_dir():
        CACHE.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=CACHE) as folder:
            made = Path(folder) / "made"
            made.mkdir()
            (made / "package.json").write_bytes(wanted)
            options = ["--prefix", str(made), "--ignore-scripts", "--no-audit", "--no-fund", "--fetch-retries=0"]
            with suppress(subprocess.SubprocessError, OSError):
                subprocess.run(["npm", "install", *options], capture_output=True, timeout=120, check=True)
                made.rename(home)
    if not home.is_dir():
        pytest.skip("npm can't fetch the packages that render forms")
    return home


@pytest.fixture(scope="module")
def forms(file_db):
    """Every form of the examples as the API hands them out: name, JSON Schema, and what the demo's people fill in."""
    acme = Company.objects.get(slug="acme")
    connection.set_tenant(acme)
    creator, requester = signed_in("workflow_creator", acme), signed_in("user", acme)
    workflows = {}
    for example in examples():
        made = creator.call("POST", UPLOAD, example.document, query={"publish": "true"})
        assert made.status_code == 201, made.content
        workflows |= {ticket["key"]: made.json()["workflow"]["key"] for ticket in made.json()["tickets"]}
    access = creator.get("/api/workflow/access/", {"limit": 200}).json()["results"]
    roles = [CompanyRole.objects.get_or_create(name=row["role"])[0] for row in access]
    requester.user.company_roles.add(*roles)
    given = {("ticket", run.ticket): run.data for run in RUNS}
    given |= {(workflows[run.ticket], key): outputs[0] for run in RUNS for key, outputs in run.outputs.items()}
    found = {
        ("ticket", row["key"]): {"schema": row["form"]} for row in requester.get("/api/ticket-types/").json()["results"]
    }
    assert found.keys() == {("ticket", key) for key in workflows}
    for task in VersionTask.objects.select_related("version__workflow"):
        found[task.version.workflow.key, task.key] = {"schema": task.form}
    return [
        {"name": " ".join(name), **form, **({"data": given[name]} if name in given else {})}
        for name, form in found.items()
    ]


# A schema that can't be rendered, and values that don't fit: they have to be told.
BAD = [
    {"name": "unsupported", "schema": {"type": "object", "properties": {"a": {"type": "spaceship"}}}},
    {"name": "format", "schema": {"type": "string", "format": "no-such-format"}, "data": "x"},
    {"name": "wrong", "schema": {"type": "object", "properties": {"a": {"type": "integer"}}}, "data": {"a": "x"}},
]


@pytest.fixture(scope="module")
def answers(packages, forms):
    """What became of each form, by name."""
    command = ["node", str(HERE / "render.cjs"), str(packages)]
    given = json.dumps(forms + BAD)
    done = subprocess.run(command, input=given, capture_output=True, text=True, timeout=120, check=True)
    assert done.stderr == ""
    return {answer["name"]: answer for answer in json.loads(done.stdout)}


def test_every_form_of_the_examples(forms, answers):
    assert len(answers) - len(BAD) == len(forms) > 80
    assert sum("data" in form for form in forms) > 60
    for form in forms:
        answer = answers[form["name"]]
        assert (answer["said"], answer["errors"]) == ([], []), form["name"]
        assert "nsupported field" not in answer["html"], form["name"]
        for field, schema in form["schema"].get("properties", {}).items():
            assert f'id="root_{field}' in answer["html"], (form["name"], field)
            if "title" in schema:
                assert html.escape(schema["title"], quote=False) in answer["html"].replace("&#x27;", "'"), form["name"]


def test_the_test_would_notice(answers):
    assert "nsupported field" in answers["unsupported"]["html"]
    assert answers["format"]["said"] != []
    assert answers["wrong"]["errors"] == [".a must be integer"]
