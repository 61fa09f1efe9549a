"""Clients made from openapi.yaml: generators have nothing to warn of, and what they make works."""

from __future__ import annotations

import importlib
import json
import shutil
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from tests.contract import DOCUMENT, METHODS, document
from tests.servers import ROOT
from ticketflower.wsgi import application
from workflow_design.kernel.document import parse_yaml

NODE = ROOT / ".data" / "node"
PACKAGES = ("openapi-typescript@7.13.0", "typescript@5.9.3")


@pytest.fixture(scope="module")
def package(tmp_path_factory):
    """A Python client, generated; the name of its package."""
    folder = tmp_path_factory.mktemp("clients")
    (folder / "config.yaml").write_text("post_hooks: []\n")
    # As JSON, which the generator reads in no time; it needs seconds for YAML.
    (folder / "openapi.json").write_text(json.dumps(document()))
    command = [Path(sys.executable).with_name("openapi-python-client"), "generate", "--path", folder / "openapi.json"]
    command += ["--output-path", folder / "made_client", "--meta", "none", "--config", folder / "config.yaml"]
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "warning" not in (done.stdout + done.stderr).lower(), done.stdout
    sys.path.insert(0, str(folder))
    yield "made_client"
    sys.path.remove(str(folder))
    for name in [name for name in sys.modules if name.split(".")[0] == "made_client"]:
        del sys.modules[name]


def call(package, tag, name):
    return importlib.import_module(f"{package}.api.{tag}.{name}")


def test_python_has_every_call(package):
    for item in document()["paths"].values():
        for method in METHODS:
            if method in item:
                tag = item[method]["tags"][0].replace("-", "_")
                assert callable(call(package, tag, item[method]["operationId"]).sync_detailed)


def test_the_first_calls_of_the_readme_in_python(package, own_database):
    """Make a company, sign in, upload a definition and read it back."""
    client = importlib.import_module(f"{package}.client")
    models = importlib.import_module(f"{package}.models")

    def at(host, token=None):
        served = {"transport": httpx.WSGITransport(application)}
        options = {"base_url": f"http://{host}", "httpx_args": served, "raise_on_unexpected_status": True}
        return client.AuthenticatedClient(token=token, **options) if token else client.Client(**options)

    email, password = "peter@initech.example", "tps-reports-since-1999"
    wanted = models.SignUpRequest(company_name="Initech", email=email, password=password)
    with at("localhost") as public:
        made = call(package, "sign_in", "create_company").sync(client=public, body=wanted)
    assert (made.company.slug, made.user.email) == ("initech", email)

    with at(made.company.domain) as nobody:
        login = call(package, "sign_in", "login")
        signed_in = login.sync(client=nobody, body=models.LoginRequest(email=email, password=password))
        refused = login.sync(client=nobody, body=models.LoginRequest(email=email, password="wrong"))
    assert isinstance(refused, models.Error)
    assert refused.errors[0].code == "authentication_failed"

    bundle = parse_yaml((ROOT / "examples" / "leave-request.yaml").read_bytes())
    with at(made.company.domain, signed_in.access) as peter:
        uploaded = call(package, "workflow", "upload_definition").sync(
            client=peter, body=models.BundleRequest.from_dict(bundle)
        )
        assert (uploaded.created, uploaded.workflow.status) == (True, models.WorkflowStatus.DRAFT)
        back = call(package, "workflow", "export_workflow").sync(id=uploaded.workflow.id, client=peter)
        assert back.workflow.title == bundle["workflow"]["title"]
        assert [task.key for task in back.tasks] == [task["key"] for task in bundle["tasks"]]
        again = call(package, "workflow", "upload_definition").sync(
            client=peter, body=models.BundleRequest.from_dict(back.to_dict())
        )
        assert (again.created, again.changed) == (False, False)
        page = call(package, "workflow", "list_workflows").sync(client=peter, status=models.ListWorkflowsStatus.DRAFT)
        assert [row.key for row in page.results] == [uploaded.workflow.key]


def node_packages() -> Path:
    """Where the packages are; skips where there is no npm, or no registry."""
    if shutil.which("npm") is None or shutil.which("node") is None:
        pytest.skip("no npm")
    wanted = json.dumps(PACKAGES)
    stamp = NODE / "installed.json"
    if not stamp.exists() or stamp.read_text() != wanted:
        NODE.mkdir(parents=True, exist_ok=True)
        (NODE / "package.json").write_text('{"private": true}')
        install = ["npm", "install", "--no-audit", "--no-fund", "--ignore-scripts", *PACKAGES]
        done = subprocess.run(install, cwd=NODE, capture_output=True, text=True, timeout=150)
        if done.returncode:
            pytest.skip(f"npm could not install: {done.stderr.strip()[-200:]}")
        stamp.write_text(wanted)
    return NODE / "node_modules" / ".bin"


@pytest.mark.node
def test_typescript(tmp_path):
    """The types are made without a word of warning, and say what the compiler takes for right and wrong."""
    programs = node_packages()
    types = tmp_path / "schema.d.ts"
    done = subprocess.run(
        [programs / "openapi-typescript", DOCUMENT, "-o", types], capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    assert "warn" not in (done.stdout + done.stderr).lower()
    (tmp_path / "use.ts").write_text("""
import type { components, operations } from "./schema";
type Workflow = components["schemas"]["Workflow"];
export const status: Workflow["status"] = "DRAFT";
export const page: operations["list_workflows"]["responses"]["200"]["content"]["application/json"] =
  { count: null, next: null, previous: null, results: [] };
export const body: operations["login"]["requestBody"]["content"]["application/json"] = { email: "a", password: "b" };
// @ts-expect-error
export const bad: Workflow["status"] = "NOPE";
""")
    check = [programs / "tsc", "--noEmit", "--strict", "--target", "es2022", "--lib", "es5", "--skipDefaultLibCheck"]
    checked = subprocess.run([*check, tmp_path / "use.ts"], capture_output=True, text=True, timeout=120)
    assert checked.returncode == 0, checked.stdout
