"""Comments: who sees the ticket reads and writes them, and nobody changes them."""

from __future__ import annotations

import pytest
from django.db import IntegrityError, connection, transaction

from core.models import History
from workflow_ops.models import Comment
from workflow_ops.tests.documents import TICKETS, flow


@pytest.fixture(scope="module")
def ticket(file_publish, cast):
    """Uma's, with one task that a worker may claim."""
    file_publish(flow("ask", ["answer"], []))
    return cast["user"].post(TICKETS, {"ticket_definition": "ask", "data": {}}).json()


@pytest.fixture(scope="module")
def comments(ticket):
    return f"{TICKETS}{ticket['id']}/comments/"


def test_what_is_said_is_there_for_all_who_see_the_ticket(api, ticket, comments):
    uma, tom, will = api("user"), api("ticket_admin"), api("task_worker")
    first = uma.post(comments, {"text": "  When?\n— soon?"})
    assert first.status_code == 201
    row = first.json()
    assert {name: row[name] for name in ("company", "ticket", "text", "author", "created_by")} == {
        "company": "acme",
        "ticket": ticket["id"],
        "text": "  When?\n— soon?",
        "author": "Uma",
        "created_by": uma.user.pk,
    }
    assert row["created_at"] == row["updated_at"]
    # A worker sees the ticket from when a task of it is theirs.
    assert will.get(comments).status_code == will.post(comments, {"text": "x"}).status_code == 404
    assert will.post(f"/api/tasks/{ticket['open_tasks'][0]['id']}/claim/").status_code == 200
    assert will.post(comments, {"text": "Today."}).status_code == 201
    assert tom.post(comments, {"text": "Thanks."}).status_code == 201
    for person in (uma, tom, will):
        assert [row["text"] for row in person.get(comments).json()["results"]] == [row["text"], "Today.", "Thanks."]
    newest = tom.get(comments, {"ordering": "-created_at", "limit": 1}).json()
    assert (newest["count"], [row["author"] for row in newest["results"]]) == (3, ["Tom"])


def test_nobody_else_sees_or_says_anything(api, ticket, comments):
    uma = api("user")
    uma.post(comments, {"text": "secret"})
    strangers = [api(roles) for roles in ("admin", "workflow_creator", ("user", "workflow_creator"))]
    before = History.objects.count()
    for stranger in strangers:
        assert stranger.get(comments).status_code == stranger.post(comments, {"text": "x"}).status_code == 404
    assert api(None).get(comments).status_code == 401
    assert uma.get(f"{TICKETS}999999/comments/").status_code == 404
    assert (Comment.objects.count(), History.objects.count()) == (1, before)


def test_history_tells_of_it_without_the_text(api, ticket, comments):
    uma = api("user")
    made = uma.post(comments, {"text": "Something private"}).json()
    entry = History.objects.latest("id")
    assert (entry.event, entry.actor, entry.subject_type, entry.subject_id, entry.detail) == (
        "ticket.commented",
        uma.user.email,
        "ticket",
        ticket["id"],
        {"comment": made["id"]},
    )


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({}, "wrong_type"),
        ({"text": None}, "wrong_type"),
        ({"text": 5}, "wrong_type"),
        ({"text": " \n\t"}, "required"),
        ({"text": "a" * 20_001}, "too_long"),
    ],
)
def test_what_is_no_comment(api, ticket, comments, body, code):
    answer = api("user").post(comments, body)
    assert (answer.status_code, answer.json()["errors"][0]["code"], answer.json()["errors"][0]["attr"]) == (
        400,
        code,
        "text",
    )
    assert not Comment.objects.exists()


def test_longest_comment_and_a_closed_ticket(api, ticket, comments):
    uma = api("user")
    assert uma.post(f"{TICKETS}{ticket['id']}/cancel/").status_code == 200
    assert uma.post(comments, {"text": "é" * 20_000}).json()["text"] == "é" * 20_000


def test_comments_have_no_address_of_their_own(api, ticket, comments):
    uma = api("user")
    made = uma.post(comments, {"text": "x"}).json()
    assert uma.delete(comments).status_code == 405
    assert uma.get(f"{comments}{made['id']}/").status_code == 404


@pytest.mark.parametrize(
    "statement", ["UPDATE ticket_comments SET text = ''", "DELETE FROM ticket_comments", "TRUNCATE ticket_comments"]
)
def test_not_even_sql_changes_them(api, ticket, comments, statement):
    api("user").post(comments, {"text": "x"})
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")  # as at the end of the transaction
        with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
            cursor.execute(statement)


def test_author_without_a_name_is_told_by_address(api, ticket, comments):
    tom = api("ticket_admin")
    tom.patch("/api/me/", {"first_name": "", "last_name": ""})
    assert tom.post(comments, {"text": "x"}).json()["author"] == tom.user.email
