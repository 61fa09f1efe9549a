"""The parts of a bundle as a document wrote them, before they are checked."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field
from typing import Any

from workflow_design.kernel.document.places import Places


@dataclass(slots=True)
class Raw:
    """Raw parts, which of them the document has, and where each was. `whole` is false for one task or ticket type."""

    workflow: Any
    tasks: Any = None
    transitions: Any = None
    tickets: Any = None
    sections: set[str] = field(default_factory=set)
    places: Places = field(default_factory=Places)
    whole: bool = True


def slug(value: Any) -> Any:
    """A key made from a name or number that a person wrote: "Verify contact" → `verify-contact`."""
    if type(value) is int:
        value = str(value)
    if type(value) is not str:
        return value
    plain = unicodedata.normalize("NFKD", value[:1000]).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9_]+", "-", plain).strip("-_")[:64].strip("-_")


def spoken(value: str) -> str:
    """A title made from an identifier: `create_issue` → "Create issue"."""
    words = re.sub(r"[\s_-]+", " ", value).strip()
    return words[:1].upper() + words[1:]
