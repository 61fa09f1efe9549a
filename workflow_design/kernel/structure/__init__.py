"""Whether a definition makes sense as it stands, without running it. `docs/checks.md` lists every code."""

from workflow_design.kernel.structure.assumptions import assumptions
from workflow_design.kernel.structure.checks import Made, check, made_of

__all__ = ["Made", "assumptions", "check", "made_of"]
