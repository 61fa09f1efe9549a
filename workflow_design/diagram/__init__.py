"""Pictures of workflows, from a bundle and what the checks found: pure Python, no Django.

`docs/diagram.md` tells what they show.
"""

from workflow_design.diagram.flow_json import flow_json
from workflow_design.diagram.mermaid import mermaid
from workflow_design.diagram.model import Diagram, diagram
from workflow_design.diagram.svg import svg

__all__ = ["Diagram", "diagram", "flow_json", "mermaid", "svg"]
