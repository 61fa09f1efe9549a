"""Generated input for a call of openapi.yaml, good and bad, by schemathesis."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any

import schemathesis
from hypothesis import HealthCheck, assume, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.control import SkipTest
from schemathesis.generation.hypothesis.builder import HypothesisTestConfig, HypothesisTestMode, create_test
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.contract import document
from ticketflower.wsgi import application

CONFIG = schemathesis.Config.from_dict(
    {
        # Parameters that no call knows are ignored; tokens are the test's.
        "generation": {"allow-extra-parameters": False, "with-security-parameters": False},
        # A stale If-Match is refused before the body is looked at.
        "checks": {"negative_data_rejection": {"expected-statuses": ["400", "401", "403", "404", "409", "412", "415"]}},
    }
)
# Left out are those that tests of their own make better: who may call what, which methods there are, and what rules
# of the domain refuse though its type is right.
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
    response_headers_conformance,
    negative_data_rejection,
]

schema = schemathesis.openapi.from_dict(document(), config=CONFIG)
schema.app = application


@schema.hook
def before_generate_case(context: Any, strategy: Any) -> Any:
    """The first that would be drawn is the least that a call takes, which the call's own tests send."""
    return st.booleans().flatmap(lambda more: strategy if more else st.nothing())


def values(part: Any) -> list[Any]:
    """What the keys of a body or a query hold."""
    return list(part.values()) if isinstance(part, dict) else []


def is_empty(value: Any) -> bool:
    """Whether nothing of it, or of one of its items, is seen in an address."""
    return value in ("", None, {}, []) or (isinstance(value, list) and any(map(is_empty, value)))


def check_answers(method: str, path: str, send: Callable[[Any], list[Any]], *, examples: int) -> None:
    """Give generated inputs of each kind to `send`, so many, and hold the answers that it returns against the document.

    From 100 on there are also those that go along the limits of each schema.
    """
    answers = 0

    @settings(
        max_examples=examples, derandomize=True, deadline=None, database=None, suppress_health_check=list(HealthCheck)
    )
    def sent(case: Any) -> None:
        nonlocal answers
        # An empty value is no filter, whatever the others may be.
        assume(not any(map(is_empty, values(case.query))))
        # Space around a text is cut off before its length is looked at.
        assume(not any(isinstance(value, str) and value != value.strip() for value in values(case.body)))
        for response in send(case):
            case.validate_response(response, checks=CHECKS)
            answers += 1

    operation = schema[path][method]
    # Without a body what is bad is most often the address, and then it is nobody's.
    kinds = list(GenerationMode) if operation.body or examples > 1 else [GenerationMode.POSITIVE]
    phases = [HypothesisTestMode.EXAMPLES, HypothesisTestMode.FUZZING]
    config = HypothesisTestConfig(
        project=schema.config, modes=phases if examples < 100 else [*phases, HypothesisTestMode.COVERAGE]
    )
    for kind in kinds:
        schema.config.generation.update(modes=[kind])
        with suppress(SkipTest):  # what takes nothing can't be given anything bad
            create_test(operation=operation, test_func=sent, config=config)()
    assert answers
