"""The README's commands, pasted into a shell, and its links."""

import json
import re
import shutil
import subprocess

import pytest

from tenants import spares
from tests.servers import ROOT

README = (ROOT / "README.md").read_text()
BLOCKS = re.findall(r"```sh\n(.*?)```", README, re.DOTALL)
JOURNEY = [block for block in BLOCKS if re.search("^(call|curl|API)", block, re.MULTILINE)]


def test_the_two_commands_exist():
    commands = [block.strip() for block in BLOCKS if block.startswith("make")]
    assert commands == ["make demo", "make test"]
    for command in commands:
        dry = subprocess.run([*command.split(), "--dry-run"], cwd=ROOT, capture_output=True, text=True, check=True)
        assert "manage.py demo" in dry.stdout or "-m pytest" in dry.stdout


@pytest.mark.parametrize("link", sorted(set(re.findall(r"\]\(([^)#]+)\)", README))))
def test_links_lead_somewhere(link):
    assert (ROOT / link).exists()


@pytest.mark.skipif(shutil.which("curl") is None, reason="the README calls curl")
def test_first_ticket(servers):
    spares.fill(1)  # without it the server takes seconds to make its first company
    [server] = servers(1)
    answers = pasted(server.port)
    assert len(JOURNEY) == 6
    created, uploaded, opened, inbox, approved, recorded, history = answers
    assert created["company"]["slug"] == "initech"
    assert (uploaded["created"], uploaded["published_version"]) == (True, 1)
    assert {(problem["severity"], problem["code"]) for problem in uploaded["problems"]} == {("warning", "unknown_role")}
    assert (opened["number"], opened["status"]) == (1, "IN_PROGRESS")
    assert [(task["id"], task["task_key"], task["ticket"]) for task in inbox["results"]] == [(1, "manager-approval", 1)]
    assert inbox["results"][0]["input"]["working_days"] == 10
    assert [task["id"] for task in approved["opened_tasks"]] == [2]
    assert (approved["ticket"]["status"], recorded["ticket"]["status"]) == ("IN_PROGRESS", "COMPLETED")
    assert [row["event"] for row in history["results"]] == ["ticket.opened", "task.completed", "task.completed"]
    seen = history["results"][1]["detail"]["steps"][0]["conditions"][0]
    assert (seen["value"], seen["inputs"]) == (True, {"decision": "Approved"})


def pasted(port):
    """What each call of the journey answers, in order: the blocks run one after the other in one shell."""
    script = "\n".join(JOURNEY).replace("127.0.0.1:8000", f"127.0.0.1:{port}")
    # A line of its own for each answer; signing in keeps its to itself.
    script = re.sub(r"^(call |curl )", r"echo; \1", script, flags=re.MULTILINE)
    done = subprocess.run(["bash", "-euc", script], cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert (done.returncode, done.stderr) == (0, "")
    return [json.loads(line) for line in done.stdout.splitlines() if line]
