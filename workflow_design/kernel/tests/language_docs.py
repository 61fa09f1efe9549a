"""The tables of docs/language.md, which are tests as well."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

PAGE = Path(__file__).resolve().parents[3] / "docs" / "language.md"


def rows(*header: str) -> list[list[str]]:
    """The cells of the table with these column names; raises ValueError when the page has none."""
    lines = PAGE.read_text("utf-8").splitlines()
    start = lines.index("| " + " | ".join(header) + " |") + 2
    found = []
    for line in lines[start:]:
        if not line.startswith("| "):
            break
        found.append(line[2:-2].split(" | "))
    return found


def code(cell: str) -> str:
    """What stands between the backquotes of a cell."""
    return cell.strip("`")


def value(cell: str) -> Any:
    """The JSON in a cell."""
    return json.loads(code(cell))
