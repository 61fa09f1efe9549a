"""Many small cases in one test: what pytest does around a test would take longer than most of them."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable
from functools import wraps
from typing import Any

import pytest


def each(names: str, cases: Iterable[Any]) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Run a test with each case as what `names` names, as `pytest.mark.parametrize` has them, in one test.

    All cases are tried; those that fail are raised together, each with what it was. Fixtures are theirs together.
    """
    keys = [name.strip() for name in names.split(",")]
    given = [dict(zip(keys, case if len(keys) > 1 else [case], strict=True)) for case in cases]
    assert given

    def decorate(test: Callable[..., None]) -> Callable[..., None]:
        @wraps(test)
        def every(**fixtures: Any) -> None:
            failed, told = [], []
            for number, values in enumerate(given):
                try:
                    test(**values, **fixtures)
                except (Exception, pytest.fail.Exception) as error:
                    failed.append(error)
                    told.append(f"case {number}, {str(values)[:300]}: {str(error)[:300]}")
            if failed:
                raise BaseExceptionGroup("\n".join([f"{len(failed)} of {len(given)} cases fail:", *told]), failed)

        signature = inspect.signature(test)
        left = [one for name, one in signature.parameters.items() if name not in keys]
        every.__signature__ = signature.replace(parameters=left)  # type: ignore[attr-defined]
        return every

    return decorate
