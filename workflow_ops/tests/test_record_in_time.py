"""What was answered is recorded though the connection breaks; what PostgreSQL has against it is said at once."""

import pytest
from django.db import OperationalError, connection, transaction

from workflow_ops.services.attempts import in_time


def test_a_connection_that_breaks_while_the_database_is_there(own_database):
    """The one that Django has opened by then can be used, which says nothing of the one that broke."""
    tried = []

    @transaction.atomic
    def record():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_backend_pid()")
            tried.append(cursor.fetchone()[0])
            if len(tried) == 1:
                cursor.execute("SELECT pg_terminate_backend(pg_backend_pid())")
        return "recorded"

    assert in_time(record) == "recorded"
    assert len(tried) == len(set(tried)) == 2


def test_what_the_database_refuses_is_not_tried_again(own_database):
    tried = []

    @transaction.atomic
    def record():
        tried.append(1)
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL statement_timeout = 1; SELECT pg_sleep(10)")

    with pytest.raises(OperationalError, match="statement timeout"):
        in_time(record)
    assert tried == [1]
