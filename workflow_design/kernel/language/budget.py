"""What one evaluation may still do. Nodes outside loops are not counted: the size of the rule bounds them."""

from __future__ import annotations

from workflow_design.kernel.language.errors import EvaluationError
from workflow_design.kernel.language.limits import MAX_OPERATIONS, MAX_RESULT

LONG_TEXT = 256  # shorter strings cost no more than the node that handles them


class Budget:
    """Counts one evaluation, or the evaluations of one split together; made anew for each."""

    __slots__ = ("operations", "size")

    def __init__(self) -> None:
        self.operations = MAX_OPERATIONS
        self.size = MAX_RESULT

    def spend(self, operations: int) -> None:
        """Raises EvaluationError `operation_budget` when the work is more than what is left."""
        self.operations -= operations
        if self.operations < 0:
            raise EvaluationError(
                "operation_budget", f"The rule needs more than {MAX_OPERATIONS:,} steps; it was stopped."
            )

    def read(self, length: int) -> None:
        """Pays for handling a string of `length` characters."""
        if length > LONG_TEXT:
            self.spend(length >> 6)

    def hand_out(self, size: int) -> None:
        """Pays for a part of the result. Raises EvaluationError `result_size`."""
        self.size -= size
        if self.size < 0:
            raise too_large()


def too_large() -> EvaluationError:
    """The error of a string or a result that grows past its limit."""
    return EvaluationError("result_size", f"The result is larger than {MAX_RESULT:,} characters; it was stopped.")
