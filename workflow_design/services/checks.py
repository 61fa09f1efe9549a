"""What the checks say about a working copy: the kernel's findings, and those that need the company's own rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from hashlib import sha256
from threading import Lock
from typing import Any

import orjson

from core.errors import not_found
from workflow_design.kernel.document import Normalized
from workflow_design.kernel.problems import Problem
from workflow_design.kernel.proof import Proof, prove
from workflow_design.kernel.structure.findings import Findings
from workflow_design.services.children import check_children
from workflow_design.services.staffing import check_staffing
from workflow_design.services.stored import load


@dataclass(frozen=True, slots=True)
class Report:
    """`assumptions` are what a proof of this definition takes for granted, as sentences."""

    problems: list[Problem]
    assumptions: list[str]
    proved: bool


@dataclass(frozen=True, slots=True)
class Examined:
    """What the kernel says of a bundle, which nobody changes afterwards, and of others with the same digest, whatever
    company has them.
    """

    bundle: Mapping[str, Any]
    digest: bytes
    proof: Proof

    def is_of(self, bundle: Mapping[str, Any]) -> bool:
        """Whether it was this bundle."""
        return bundle is self.bundle or self.digest == _digest(bundle)


_MAX_PROOFS = 64
_proofs: dict[bytes, Proof] = {}
"""The last ones by digest: what was validated need not be proved again to be published."""
_lock = Lock()


def validate(*, workflow_id: int) -> Report:
    """Everything the checks find in a workflow's working copy, with pointers into its exported document. 404."""
    found = load(workflow_id)
    if found is None:
        raise not_found()
    return report(found.bundle)


def examine(bundle: Mapping[str, Any]) -> Examined:
    """What a bundle in normal form says by itself. It may take seconds, so not while others wait for a lock."""
    digest = _digest(bundle)
    proof = _proofs.get(digest)
    if proof is None:
        proof = prove(bundle)
        if proof.decided:  # else another try, with the machine less busy, may tell more
            _keep(digest, proof)
    return Examined(bundle, digest, proof)


def _keep(digest: bytes, proof: Proof) -> None:
    with _lock:
        _proofs[digest] = proof
        if len(_proofs) > _MAX_PROOFS:
            del _proofs[next(iter(_proofs))]


def report(bundle: Mapping[str, Any], examined: Examined | None = None) -> Report:
    """What publishing goes by: with what the company's own rows add. Where `examined` is of another bundle, since
    somebody has changed the working copy meanwhile, it is looked at anew.
    """
    if examined is None or not examined.is_of(bundle):
        examined = examine(bundle)
    proof = examined.proof
    own = [*check_staffing(bundle), *check_children(bundle)]
    proved = proof.proved and all(problem.severity == "warning" for problem in own)
    return Report(Findings([*own, *proof.problems]).result(), proof.assumptions, proved)


def _digest(bundle: Mapping[str, Any]) -> bytes:
    """Of everything in it: also the order of keys, which problems may follow."""
    return sha256(orjson.dumps(bundle)).digest()


def located(problems: list[Problem], found: Normalized, document: Any) -> list[Problem]:
    """Findings about a document on top of what is stored (`found.after`), with pointers into the document that came.

    A condition written as text has no places inside: the pointer ends there.
    """
    answer = []
    for problem in problems:
        path = _without_inside_of_text(document, found.locate(problem.path))
        answer.append(problem if path == problem.path else replace(problem, path=path))
    return answer


def _without_inside_of_text(document: Any, path: str) -> str:
    part, end = document, 0
    for step in path.split("/")[1:]:
        if isinstance(part, str):
            return path[:end]
        end += len(step) + 1
        name = step.replace("~1", "/").replace("~0", "~")
        if isinstance(part, dict):
            part = part.get(name)
        elif isinstance(part, list) and name.isdecimal() and int(name) < len(part):
            part = part[int(name)]
        else:
            break
    return path
