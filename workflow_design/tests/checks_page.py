"""docs/checks.md: its tables and its document; and the codes that the source uses."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any, NamedTuple

from workflow_design.kernel.document import parse_yaml

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/checks.md").read_text(encoding="utf-8")
DOCUMENT = parse_yaml(re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)[0].encode())


class Row(NamedTuple):
    """A line of a table."""

    section: str
    code: str
    severity: str
    example: str
    where: str


def _rows() -> Iterator[Row]:
    section = ""
    for line in PAGE.splitlines():
        if line.startswith("## "):
            section = line[3:]
        if line.startswith("| `"):
            code, severity, _, example, where = (cell.strip() for cell in line.split("|")[1:-1])
            yield Row(section, code.strip("`"), severity, example, where.strip("`"))


ROWS = list(_rows())


def changed(example: str) -> tuple[Any, dict[str, Any]]:
    """The page's document with the changes of an example, and its `/data` and `/outputs`."""
    whole: dict[str, Any] = {"document": deepcopy(DOCUMENT), "data": {}, "outputs": {}}
    for edit in re.findall(r"`([^`]*)`", example):
        pointer, _, text = edit.removeprefix("-").partition(": ")
        first = pointer.split("/")[1] if pointer else ""
        steps = ["document", *pointer.split("/")[1:]]
        if first in ("data", "outputs"):
            steps = steps[1:]
        part = whole
        for step in steps[:-1]:
            part = part[int(step)] if isinstance(part, list) else part[step]
        last: Any = int(steps[-1]) if isinstance(part, list) and steps[-1] != "-" else steps[-1]
        if edit.startswith("-"):
            del part[last]
        elif isinstance(part, list) and last == "-":
            part.append(json.loads(text))
        else:
            part[last] = json.loads(text)
    return whole.pop("document"), whole


_CODE = re.compile(r"[a-z]+(?:_[a-z]+)*")
# Which argument of a call is a code.
_PLACES = {
    "Problem": 1,
    "_problem": 1,
    "report": 1,
    "add": 1,
    "SchemaError": 1,
    "refuse": 0,
    "error": 0,
    "warning": 0,
    "RoutingError": 0,
    "EvaluationError": 0,
    "_refusal": 0,
    "_stop": 3,
}


def codes_in_use() -> set[str]:
    """Every code that the kernel and the services of definitions give to a finding."""
    found: set[str] = set()
    files = [*(ROOT / "workflow_design/kernel").rglob("*.py"), *(ROOT / "workflow_design/services").glob("*.py")]
    for path in files:
        if "tests" not in path.parts:
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                found.update(_codes(node))
    return found


def _codes(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Call):
        name = getattr(node.func, "attr", None) or getattr(node.func, "id", None)
        place = _PLACES.get(name or "")
        if place is not None and len(node.args) > place:
            yield from _texts(node.args[place])
    elif isinstance(node, ast.Yield) and isinstance(node.value, ast.Tuple):
        yield from _texts(node.value.elts[0])


def _texts(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.IfExp):
        yield from _texts(node.body)
        yield from _texts(node.orelse)
    elif isinstance(node, ast.Constant) and isinstance(node.value, str):
        if _CODE.fullmatch(node.value):
            yield node.value
    elif isinstance(node, ast.JoinedStr) and isinstance(node.values[-1], ast.Constant):
        # f"{kind}_too_deep": of conditions and of templates.
        for kind in ("condition", "template"):
            if _CODE.fullmatch(text := f"{kind}{node.values[-1].value!s}"):
                yield text
