"""What has been recorded stays as it is."""

import pytest
from django.db import IntegrityError, connection, transaction

from core.models import Actor, History, record


@pytest.fixture(params=["public", "acme"])
def schema(request, acme):
    """Operators' history and a company's are the same."""
    connection.set_schema(request.param)
    record(actor=Actor(3, "alice@acme.example"), event="test.happened", subject_type="test", subject_id=5, subject="It")
    return request.param


def test_recorded(schema):
    row = History.objects.get(event="test.happened")
    assert (row.actor_id, row.actor, row.subject_type, row.subject_id) == (3, "alice@acme.example", "test", 5)
    assert (row.subject, row.detail) == ("It", {})
    assert str(row).endswith("test.happened It")


@pytest.mark.parametrize(
    "change",
    ["UPDATE history SET event = 'x'", "DELETE FROM history", "TRUNCATE history", "DELETE FROM history WHERE false"],
)
def test_no_change(schema, change):
    with (
        pytest.raises(IntegrityError, match="The history is append-only") as caught,
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(change)
    diagnosis = caught.value.__cause__.diag
    assert (diagnosis.sqlstate, diagnosis.constraint_name) == ("23001", "history_append_only")
    assert (diagnosis.schema_name, diagnosis.table_name) == (schema, "history")
    assert History.objects.get(event="test.happened").subject == "It"


def test_not_through_the_models(schema):
    row = History.objects.get(event="test.happened")
    row.event = "x"
    for change in (row.save, row.delete, History.objects.all().delete):
        with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
            change()


def test_key_order_is_kept(db):
    detail = {"z": 1, "a": {"y": [1, None, "ü"], "b": 2.5}}
    record(actor=Actor(), event="test.order", subject_type="test", subject_id=None, detail=detail)
    stored = History.objects.get(event="test.order")
    assert list(stored.detail) == ["z", "a"]
    assert stored.detail == detail
    assert (stored.actor, stored.actor_id) == ("system", None)


def test_a_long_subject_is_cut(db):
    record(actor=Actor(), event="test.long", subject_type="test", subject_id=None, subject="x" * 300)
    assert History.objects.get(event="test.long").subject == "x" * 255
