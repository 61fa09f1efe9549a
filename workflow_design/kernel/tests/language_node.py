"""npm packages of the JSONLogic world in a node process: JSON lines in, JSON lines out."""

from __future__ import annotations

import json
import shutil
import subprocess
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

CACHE = Path(__file__).resolve().parents[3] / ".data" / "node"

_EACH_LINE = 'require("readline").createInterface({input: process.stdin}).on("line", (line) => {'
# undefined is written as null, as JSON does; a number or a half character that can't be stored is told apart.
_APPLY = (
    """
const logic = require(process.argv[1]);
logic.add_operation("startsWith", (a, b) => typeof a === "string" && a.startsWith(b));
logic.add_operation("endsWith", (a, b) => typeof a === "string" && a.endsWith(b));
const half = /[\\ud800-\\udbff](?![\\udc00-\\udfff])|(?<![\\ud800-\\udbff])[\\udc00-\\udfff]/;
"""
    + _EACH_LINE
    + """
  const {rule, data} = JSON.parse(line);
  let answer;
  try {
    const value = logic.apply(rule, data);
    let error;
    const text = JSON.stringify(value, (_, part) => {
      if (typeof part === "number" && !Number.isFinite(part)) error ??= "not_finite";
      if (typeof part === "string" && half.test(part)) error ??= "split_character";
      return part;
    });
    answer = error ? {error} : {value: text === undefined ? null : JSON.parse(text), true: logic.truthy(value)};
  } catch (thrown) { answer = {error: thrown.name}; }
  console.log(JSON.stringify(answer));
});
"""
)
_EXPORT = (
    "const {formatQuery} = require(process.argv[1]);"
    + _EACH_LINE
    + 'console.log(JSON.stringify(formatQuery(JSON.parse(line), "jsonlogic")));});'
)


def installed(package: str) -> Path:
    """The folder of `package` ("name@version"), fetched once; skips the test without node, npm or the package."""
    if not shutil.which("node") or not shutil.which("npm"):
        pytest.skip("node and npm are not installed")
    home = CACHE / package.replace("/", "-")
    library = home / "node_modules" / package.rpartition("@")[0]
    if not library.is_dir():
        CACHE.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=CACHE) as folder:
            made = Path(folder) / "made"
            made.mkdir()
            options = ["--prefix", str(made), "--ignore-scripts", "--no-audit", "--no-fund", "--fetch-retries=0"]
            command = ["npm", "install", *options, package]
            with suppress(subprocess.SubprocessError):
                subprocess.run(command, capture_output=True, timeout=90, check=True)
                if not home.exists():
                    made.rename(home)
    if not library.is_dir():
        pytest.skip(f"npm can't fetch {package}")
    return library


def apply_all(json_logic: Path, cases: list[tuple[Any, Any]]) -> list[dict[str, Any]]:
    """What json-logic-js answers for each (rule, data): {"value", "true"} or {"error"}."""
    return _answers(_APPLY, json_logic, [{"rule": rule, "data": data} for rule, data in cases])


def export_all(query_builder: Path, queries: list[Any]) -> list[Any]:
    """What react-querybuilder exports for each query."""
    return _answers(_EXPORT, query_builder / "dist" / "formatQuery.js", queries)


def _answers(script: str, module: Path, questions: list[Any]) -> list[Any]:
    lines = "\n".join(json.dumps(question) for question in questions)
    command = ["node", "-e", script, str(module)]
    done = subprocess.run(command, input=lines, capture_output=True, text=True, timeout=120, check=True)
    return [json.loads(line) for line in done.stdout.splitlines()]
