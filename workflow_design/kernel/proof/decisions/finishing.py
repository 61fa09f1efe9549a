"""What the answers of a solver show."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from typing import Any

from workflow_design.kernel.problems import Problem
from workflow_design.kernel.proof.decisions.asking import data_from
from workflow_design.kernel.proof.decisions.deciding import Question
from workflow_design.kernel.proof.decisions.witness import MAX_DATA_TRIED
from workflow_design.kernel.proof.decisions.words import NO_DEFAULT, NO_RESULT


def problems_of(questions: Sequence[Question], answers: Sequence[dict[str, Any] | None]) -> list[Problem]:
    """The problems that answers show, each once a split; what there is no answer to is unproved."""
    found: dict[tuple[Any, ...], Problem] = {}
    for question, answer in zip(questions, answers, strict=True):
        results = {result["ask"]: result for result in answer["results"]} if answer else {}
        for ask in question.payload["asks"]:
            for problem in _problems(question, ask, results.get(ask)):
                found.setdefault((problem.code, problem.severity, problem.path, problem.message), problem)
    return list(found.values())


def _problems(question: Question, ask: str, result: dict[str, Any] | None) -> Iterator[Problem]:
    split, names, reports = question.split, question.model.names, question.reports
    listed = [index for index, _ in split.conditions]
    conditional = [index for index, rule in split.conditions if rule is not True]
    verdict = result["answer"] if result else "unknown"
    what, *places = ask.split()
    if verdict == "no":
        if what in ("taken", "default") and question.alone:
            yield reports.dead(split, listed[int(places[0])] if places else split.exits[-1])
        return
    if what == "gap":
        data = _confirmed(question, result, question.claims.gap)
        if data is not None:
            yield reports.gap(split, question.ticket, data, names)
        else:
            yield reports.unproved(split, NO_DEFAULT, conditional)
    elif what == "error":
        failed = _confirmed(question, result, question.claims.error)
        if failed is not None:
            yield reports.error(split, question.ticket, failed[1], names, failed[0])
        else:
            yield reports.unproved(split, NO_RESULT, conditional)
    elif what == "overlap":
        earlier, later = (listed[int(place)] for place in places)
        data = _confirmed(question, result, lambda tried: question.claims.overlap(tried, earlier, later))
        if data is not None:
            yield reports.overlap(split, earlier, later, data, names)


def _confirmed(question: Question, result: dict[str, Any] | None, claim: Callable[[dict[str, Any]], Any]) -> Any:
    for point in result["points"] if result else ():
        for data in islice(data_from(question.model, point), MAX_DATA_TRIED):
            if (shown := claim(data)) is not None:
                return shown
    return None
