"""Documents: every accepted form in, one bundle in normal form out, and back as JSON or YAML.

`docs/documents.md` describes them for creators.
"""

from workflow_design.kernel.document.difference import Change, diff, same
from workflow_design.kernel.document.export import export, export_entity
from workflow_design.kernel.document.forms import FORMAT
from workflow_design.kernel.document.hashing import content_hash
from workflow_design.kernel.document.merge import Bundle, sequence
from workflow_design.kernel.document.normal import Normalized, normalize, workflow_key
from workflow_design.kernel.document.rows import (
    EntityKind,
    check_task,
    check_ticket,
    check_transition,
    check_workflow,
    read_entity,
)
from workflow_design.kernel.document.yaml_reader import DocumentSyntaxError, parse_yaml
from workflow_design.kernel.document.yaml_writer import to_yaml

__all__ = [
    "FORMAT",
    "Bundle",
    "Change",
    "DocumentSyntaxError",
    "EntityKind",
    "Normalized",
    "check_task",
    "check_ticket",
    "check_transition",
    "check_workflow",
    "content_hash",
    "diff",
    "export",
    "export_entity",
    "normalize",
    "parse_yaml",
    "read_entity",
    "same",
    "sequence",
    "to_yaml",
    "workflow_key",
]
