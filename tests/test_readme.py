"""The README's commands, pasted into a shell, and its links."""

import re
import shutil
import subprocess

import pytest

from tests.servers import ROOT

README = (ROOT / "README.md").read_text()
BLOCKS = re.findall(r"```sh\n(.*?)```", README, re.DOTALL)
JOURNEY = [block for block in BLOCKS if "curl" in block or "TOKEN" in block]


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
def test_first_calls(servers):
    [server] = servers(1)
    assert len(JOURNEY) == 3
    script = "set -eu\n" + "\necho '<<>>'\n".join(JOURNEY).replace("127.0.0.1:8000", f"127.0.0.1:{server.port}")
    # The two calls of the last block apart, to see each answer.
    script = script.replace(
        '\ncurl -s "$API/workflow/workflows/1', "\necho '<<>>'\ncurl -s \"$API/workflow/workflows/1"
    )
    done = subprocess.run(["bash", "-c", script], cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert (done.returncode, done.stderr) == (0, "")
    created, token, uploaded, exported = done.stdout.split("<<>>\n")
    assert '"slug":"initech"' in created.replace(" ", "")
    assert token == ""
    assert '"created":true' in uploaded.replace(" ", "")
    assert exported.startswith("format: ticketflower/1\nworkflow:\n  key: leave-request\n")
