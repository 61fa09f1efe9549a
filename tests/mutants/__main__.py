"""`python -m tests.mutants [name …]`: apply each patch to a copy of the project; show which test goes red.

A patch begins with a sentence that says what it takes away, and a line `Tests:` with what pytest shall run. The exit
code is 1 when a patch makes no test fail, or does not apply any more.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from core.postgres import running
from tests.data_folder import data_folder

ROOT = Path(__file__).resolve().parent.parent.parent
FOLDER = Path(__file__).resolve().parent
SECONDS = 600


@dataclass(frozen=True)
class Mutant:
    """One defence, gone."""

    path: Path
    sentence: str
    tests: list[str]

    @property
    def name(self) -> str:
        return self.path.stem


def read(path: Path) -> Mutant:
    """The mutant in a patch file."""
    head = path.read_text().partition("\n--- ")[0]
    sentence, _, tests = head.partition("Tests:")
    if not sentence.strip() or not tests.strip():
        raise SystemExit(f"{path.name}: it must begin with a sentence and a line `Tests: …`.")
    return Mutant(path, " ".join(sentence.split()), shlex.split(tests))


def copy_project(target: Path) -> None:
    """What git knows or would know of the project."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, check=True)
    for name in filter(None, listed.stdout.decode().split("\0")):
        if (ROOT / name).is_file():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, target / name)


def apply(mutant: Mutant, project: Path, *options: str) -> bool:
    """Whether the patch could be applied (or, with -R, taken back)."""
    done = subprocess.run(
        ["git", "apply", "-C1", *options, str(mutant.path)],
        cwd=project,
        env={**os.environ, "GIT_CEILING_DIRECTORIES": str(project.parent)},
        capture_output=True,
        text=True,
    )
    return done.returncode == 0


def run(tests: list[str], project: Path, url: str, *options: str) -> tuple[int, str]:
    """pytest's exit code and output."""
    command = [sys.executable, "-m", "pytest", "-q", "--no-header", "--tb=short", "-p", "no:cacheprovider"]
    # Without compiled files: two versions of a source may be as long and as old as each other.
    environment = {**os.environ, "DATABASE_URL": url, "PYTHONDONTWRITEBYTECODE": "1"}
    try:
        done = subprocess.run(
            [*command, *options, *tests],
            cwd=project,
            env=environment,
            capture_output=True,
            text=True,
            timeout=SECONDS,
        )
    except subprocess.TimeoutExpired:
        return -1, f"no end after {SECONDS} seconds"
    return done.returncode, done.stdout + done.stderr


def verdict(mutant: Mutant, project: Path, url: str) -> tuple[bool, str]:
    """Whether a test goes red, and what happened."""
    if not apply(mutant, project):
        return False, "the patch does not apply any more"
    try:
        code, output = run(mutant.tests, project, url, "-x")
    finally:
        apply(mutant, project, "-R")
    red = re.search(r"^FAILED (.+?)(?: - |$)", output, re.MULTILINE)
    if code == 1 and red:
        return True, red[1]
    return False, "no test goes red" if code == 0 else f"pytest ended with {code}:\n{output[-2000:]}"


def main(names: list[str]) -> int:
    """Run the named mutants, or all."""
    mutants = [read(path) for path in sorted(FOLDER.glob("*.patch")) if not names or path.stem in names]
    if unknown := set(names).difference(mutant.name for mutant in mutants):
        print(f"There is no mutant {', '.join(sorted(unknown))}.")
        return 2
    with tempfile.TemporaryDirectory() as folder, running(data_folder(), durable=False) as url:
        project = Path(folder) / "project"
        copy_project(project)
        tests = sorted({test for mutant in mutants for test in mutant.tests})
        print(f"{len(mutants)} mutants; first their tests as they are …", flush=True)
        code, output = run(tests, project, url)
        if code:
            print(f"They must pass first:\n{output[-4000:]}")
            return 1
        survivors = 0
        for mutant in mutants:
            started = time.monotonic()
            caught, what = verdict(mutant, project, url)
            survivors += not caught
            seconds = time.monotonic() - started
            word = "red     " if caught else "SURVIVED"
            print(f"{word} {mutant.name} ({seconds:.0f} s): {mutant.sentence}\n         {what}", flush=True)
    print(f"{len(mutants) - survivors} of {len(mutants)} noticed")
    return 1 if survivors else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
