"""Statements that are sent together: rows of each, the first error, and a connection that can be used again."""

from __future__ import annotations

import pytest
from django.db import DataError, transaction

from core.db import fetch_all
from core.sending import sent

ONE = ("SELECT %s::int + 1 AS more", [1])
NULL = ("SELECT generate_series(1, %s::int), NULL", [2])
WRONG = ("SELECT 1 / %s::int AS wrong", [0])


@pytest.fixture
def in_company(acme_db):
    with transaction.atomic():
        fetch_all("SELECT 1")  # sets the search path
        yield


def test_each_gives_its_rows(in_company):
    with sent(ONE, NULL) as wait:
        assert wait() == [[(2,)], [(1, None), (2, None)]]
    with sent(NULL, ONE) as wait:
        assert wait() == [[(1, None), (2, None)], [(2,)]]


def test_waiting_raises_the_first_error(in_company):
    for statements in ((WRONG, ONE), (ONE, WRONG, NULL)):
        with pytest.raises(DataError, match="division by zero"), transaction.atomic(), sent(*statements) as wait:
            wait()
        assert fetch_all(*ONE) == [(2,)]


def test_whoever_leaves_without_waiting_can_go_on(in_company):
    with pytest.raises(KeyError), sent(ONE, NULL):
        raise KeyError
    assert fetch_all(*ONE) == [(2,)]
    with transaction.atomic():
        with sent(WRONG):
            pass
        transaction.set_rollback(True)
    assert fetch_all(*ONE) == [(2,)]
