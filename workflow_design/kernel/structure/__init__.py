"""Whether a definition makes sense as it stands, without running it. `docs/checks.md` lists every code."""

from workflow_design.kernel.structure.assumptions import assumptions
from workflow_design.kernel.structure.checks import check

__all__ = ["assumptions", "check"]
