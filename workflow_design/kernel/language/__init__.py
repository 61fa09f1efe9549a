"""The language of conditions and templates: JSONLogic as json-logic-js evaluates it, bounded.

Rules for people are in `docs/language.md`.
"""

from workflow_design.kernel.language.check import check_condition, check_template
from workflow_design.kernel.language.compiler import OPERATORS
from workflow_design.kernel.language.condition import Condition, compile_condition
from workflow_design.kernel.language.errors import EvaluationError, RuleError
from workflow_design.kernel.language.parse import parse_condition
from workflow_design.kernel.language.reads import unknown_roots
from workflow_design.kernel.language.template import Template, compile_template

__all__ = [
    "OPERATORS",
    "Condition",
    "EvaluationError",
    "RuleError",
    "Template",
    "check_condition",
    "check_template",
    "compile_condition",
    "compile_template",
    "parse_condition",
    "unknown_roots",
]
