"""/api/workflow/workflows/{id}/diagram/ and the pictures in the company's admin."""

from xml.etree import ElementTree

import pytest

from core.models import History
from users.tests.pages import admin_browser
from workflow_design.kernel.tests.each import each
from workflow_design.tests.documents import PURCHASE, UPLOAD, WORKFLOWS

pytestmark = pytest.mark.usefixtures("cast")

SVG = "{http://www.w3.org/2000/svg}"
HEADERS = {
    "Content-Type": "image/svg+xml",
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; sandbox",
}
ADMIN = "/admin/workflow_design/"


@pytest.fixture
def pk(alice):
    """A published workflow, whose task "Approve" has been renamed since and may be done by a role that isn't there."""
    pk = alice.post(f"{UPLOAD}?publish=true", PURCHASE).json()["workflow"]["id"]
    (row,) = [row for row in alice.get(f"{WORKFLOWS}{pk}/tasks/").json()["results"] if row["key"] == "approve"]
    alice.patch(f"/api/workflow/tasks/{row['id']}/", {"title": "Decide", "assignee_roles": ["nobody_yet"]})
    return pk


@pytest.fixture
def address(pk):
    return f"{WORKFLOWS}{pk}/diagram/"


def subtitle(text):
    root = ElementTree.fromstring(text)
    return next(element.text for element in root.iter(f"{SVG}text") if element.get("class") == "tf-small tf-muted")


def headers(answer):
    return {name: answer.headers[name] for name in HEADERS}


def test_svg_of_the_working_copy(alice, address):
    answer = alice.get(address)
    assert (answer.status_code, headers(answer)) == (200, HEADERS)
    assert subtitle(answer.content).startswith("Working copy · 2 tasks · ")
    assert b"Decide" in answer.content
    assert answer.content == alice.get(address, {"as": "svg"}).content


def test_a_version_with_the_problems_it_was_published_with(alice, address):
    answer = alice.get(address, {"version": 1})
    assert subtitle(answer.content).startswith("Version 1 · 2 tasks")
    assert b"Approve" in answer.content
    assert b"Decide" not in answer.content
    stored = alice.get(address.replace("diagram", "versions/1")).json()["problems"]
    assert alice.get(address, {"version": 1, "as": "json"}).json()["problems"] == stored


def test_mermaid(alice, address):
    answer = alice.get(address, {"as": "mermaid"})
    assert answer.headers["Content-Type"] == "text/vnd.mermaid; charset=utf-8"
    assert answer.content.decode().startswith('flowchart TD\n    n0(("Start"))\n    n1("Decide<br/>')


def test_json_for_react_flow(alice, address):
    answer = alice.get(address, {"as": "json"}).json()
    assert answer["title"] == "Purchase approval"
    nodes = {node["id"]: node for node in answer["nodes"]}
    assert list(nodes) == ["start", "task-approve", "task-order", "end-approve", "end-order"]
    approve = nodes["task-approve"]
    assert (approve["type"], approve["width"], approve["height"]) == ("task", 200, 68)
    assert {key: value for key, value in approve["data"].items() if key != "problems"} == {
        "label": "Decide",
        "task": "approve",
        "mark": "form",
        "who": "nobody_yet",
        "split": "exclusive",
        "exits": [],
    }
    assert approve["position"]["y"] < nodes["task-order"]["position"]["y"]
    assert nodes["start"]["data"] == {"label": "Start", "who": "", "exits": [], "problems": []}
    assert [(edge["source"], edge["target"], edge["label"]) for edge in answer["edges"]] == [
        ("start", "task-approve", ""),
        ("task-approve", "task-order", "approved is true"),
        ("task-approve", "end-approve", ""),
        ("task-order", "end-order", ""),
    ]
    assert answer["edges"][2]["data"] == {
        "transition": 2,
        "on_event": "completed",
        "condition": "",
        "is_default": True,
        "priority": 0,
        "problems": [],
    }
    problems = alice.post(address.replace("diagram", "validate")).json()["problems"]
    assert answer["problems"] == problems
    unknown = [problem for problem in problems if problem["path"] == "/tasks/0/assignee_roles/0"]
    assert unknown
    assert [problem for problem in approve["data"]["problems"] if problem in unknown] == unknown


@each("query,status", [({"as": "png"}, 400), ({"version": "x"}, 400), ({"version": 2}, 404)])
def test_refusals(alice, address, query, status):
    assert alice.get(address, query).status_code == status


def test_nothing_is_written(alice, address, acme, in_company):
    with in_company(acme):
        before = History.objects.count()
    for form in ("svg", "mermaid", "json"):
        assert alice.get(address, {"as": form}).status_code == 200
    with in_company(acme):
        assert History.objects.count() == before


def test_the_admin_shows_both(alice, pk, acme, in_company):
    browser = admin_browser(acme)
    version = alice.get(f"{WORKFLOWS}{pk}/versions/").json()["results"][0]["id"]
    for page, title in ((f"workflowdefinition/{pk}", b"Decide"), (f"workflowversion/{version}", b"Approve")):
        assert f'<img src="{ADMIN}{page}/diagram/"' in browser.get(f"{ADMIN}{page}/change/").content.decode()
        answer = browser.get(f"{ADMIN}{page}/diagram/")
        assert (answer.status_code, headers(answer)) == (200, HEADERS)
        assert title in answer.content
    assert browser.get(f"{ADMIN}workflowdefinition/{pk + 1000}/diagram/").status_code == 404
    browser.client.logout()
    assert browser.get(f"{ADMIN}workflowdefinition/{pk}/diagram/").status_code == 302
