"""Rows that all tests of a file stand on, made once: `file_db`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from django.db import transaction
from django.test import override_settings


@contextmanager
def undone() -> Iterator[None]:
    """What the block writes is undone. As in Django's TestCase, transactions that allow none around them may begin."""
    block = transaction.atomic()
    block._from_testcase = True
    with block:
        yield
        transaction.set_rollback(True)


@pytest.fixture(scope="module")
def file_db(django_db_setup, django_db_blocker):
    """For fixtures of a file: what they write is there in every test of it. `db` undoes what a test changes of it, and
    the end of the file all of it."""
    hashers = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    with django_db_blocker.unblock(), override_settings(PASSWORD_HASHERS=hashers), undone():
        yield
