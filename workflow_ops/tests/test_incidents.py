"""What stops a run, and /api/incidents/: note, resolve, retry, skip."""

import pytest

from core.models import History
from workflow_design.kernel.schemas import compile_schema
from workflow_ops.models import Incident, TaskInstance, WorkflowInstance
from workflow_ops.tests.documents import INCIDENTS, TASKS, TICKETS, errors, flow, form, refused, statements

LIST = {"output_schema": form([], n={"type": "array", "items": {"type": "integer"}})}
NUMBER = {"output_schema": form([], n={"type": "number"})}
# A text that doubles with each item: thirty make one that is too long to be told true or false.
DOUBLE = {"cat": [{"var": "accumulator"}, {"var": "accumulator"}]}
LONG = {"condition": {"===": [{"reduce": [{"var": "n"}, DOUBLE, "x"]}, "xx"]}}
THIRTY, ONE, NONE = ({"n": [0] * count} for count in (30, 1, 0))
FIELDS = [{"FieldName": "n", "FieldType": "json"}]
# b stays workable whatever becomes of a.
SPLIT = flow(
    "split",
    [("a", LIST), "b", "c"],
    [(None, "a"), (None, "b"), ("a", "c", LONG), ("a", None, {"is_default": True}), ("b", None), ("c", None)],
)


def task_of(ticket, key):
    return next(task["id"] for task in ticket["open_tasks"] if task["task_key"] == key)


@pytest.fixture(scope="module", autouse=True)
def _published(file_publish):
    file_publish(SPLIT)


@pytest.fixture
def stopped(publish, start, will):
    """A ticket whose task a has an evaluation error: (ticket, the completing call's answer)."""
    publish(SPLIT)
    ticket = start("split")
    answer = will.post(f"{TASKS}{task_of(ticket, 'a')}/complete/", {"output": THIRTY})
    assert answer.status_code == 200
    return ticket, answer.json()


@pytest.fixture
def incident(stopped, tom):
    """The incident of `stopped`: its address."""
    (row,) = tom.get(INCIDENTS).json()["results"]
    return f"{INCIDENTS}{row['id']}/"


def status(person, ticket):
    return person.get(f"{TICKETS}{ticket['id']}/").json()["status"]


def test_an_evaluation_error_stops_its_task_alone(stopped, will, tom, uma):
    ticket, answer = stopped
    a, b = task_of(ticket, "a"), task_of(ticket, "b")
    assert (answer["task"]["status"], answer["task"]["output"]) == ("ERROR", THIRTY)
    assert (answer["ticket"]["status"], answer["opened_tasks"]) == ("ERROR", [])
    assert [task["id"] for task in answer["ticket"]["open_tasks"]] == [b]
    (row,) = tom.get(INCIDENTS).json()["results"]
    assert row == {
        "id": row["id"],
        "company": "acme",
        "kind": "WORKFLOW_TRANSITION",
        "status": "NEW",
        "code": "result_size",
        "message": row["message"],
        "trace": row["trace"],
        "note": "",
        "ticket": ticket["id"],
        "execution": WorkflowInstance.objects.get().pk,
        "workflow": ticket["workflow"],
        "task": a,
        "resolved_by": None,
        "resolved_at": None,
        "created_by": uma.user.pk,
        "created_at": row["created_at"],
        "updated_at": row["updated_at"],
    }
    assert row["trace"].startswith("transition 2: (n folded from x by text of")
    assert row["trace"].endswith(f'\nwith {{"n":[{",".join("0" * 30)}]}}')
    assert row["message"].startswith("After A: A condition can't be evaluated")
    # The stopped task takes nothing more; the other one does.
    assert refused(will.post(f"{TASKS}{a}/complete/", {"output": {}})) == (409, "task_closed")
    done = will.post(f"{TASKS}{b}/complete/", {"output": {}}).json()
    assert (done["task"]["status"], done["ticket"]["status"]) == ("COMPLETED", "ERROR")
    assert WorkflowInstance.objects.get().completed_at is None


def test_nobody_but_ticket_admins_is_told(stopped, incident, uma, will, alice, api):
    ticket, _ = stopped
    for person in (uma, will, alice, api("admin")):
        for call in (person.get(INCIDENTS), person.get(incident), person.post(f"{incident}retry/")):
            assert call.status_code == 403
    for person in (uma, will):
        text = person.get(f"{TICKETS}{ticket['id']}/history/").content.decode()
        assert "can't be evaluated" not in text
        assert "0,0,0" not in text


def test_retry_goes_on_where_it_stopped(stopped, incident, will, tom):
    ticket, _ = stopped
    # It fails again: the old incident is resolved, a new one is there.
    answer = tom.post(f"{incident}retry/")
    assert (answer.status_code, answer.json()["status"], answer.json()["resolved_by"]) == (200, "RESOLVED", tom.user.pk)
    assert refused(tom.post(f"{incident}retry/")) == (409, "resolved")
    assert list(Incident.objects.order_by("id").values_list("status", flat=True)) == ["RESOLVED", "NEW"]
    assert status(tom, ticket) == "ERROR"
    # Somebody mended the data.
    WorkflowInstance.objects.update(data=ONE)
    second = tom.get(INCIDENTS, {"status": "NEW"}).json()["results"][0]["id"]
    tom.post(f"{INCIDENTS}{second}/retry/")
    row = tom.get(f"{TICKETS}{ticket['id']}/").json()
    assert (row["status"], [task["task_key"] for task in row["open_tasks"]]) == ("IN_PROGRESS", ["b", "c"])
    done = TaskInstance.objects.get(task__key="a")
    # It was done by who did it, with the output that it had.
    assert (done.status, done.completed_by_id, done.assignee_id, done.output) == (
        "COMPLETED",
        will.user.pk,
        will.user.pk,
        THIRTY,
    )
    events = History.objects.filter(event__startswith="incident.").values_list("event", flat=True)
    assert list(events) == ["incident.retried"] * 2


def test_skip_goes_on_with_another_output(stopped, incident, tom):
    ticket, _ = stopped
    before = list(TaskInstance.objects.values()), list(Incident.objects.values())
    for body, found in (
        ({"output": {"n": 5}}, [("output.n", "type")]),
        ({"output": [1]}, [("output", "wrong_type")]),
        ({"output": {"m": 1}}, [("output.m", "unknown_field")]),
    ):
        answer = tom.post(f"{incident}skip/", body)
        assert (answer.status_code, [attr for attr, _ in errors(answer)]) == (400, [attr for attr, _ in found])
    assert (list(TaskInstance.objects.values()), list(Incident.objects.values())) == before
    assert tom.post(f"{incident}skip/", {"output": NONE}).json()["status"] == "RESOLVED"
    row = tom.get(f"{TICKETS}{ticket['id']}/").json()
    assert (row["status"], row["data"], [task["task_key"] for task in row["open_tasks"]]) == (
        "IN_PROGRESS",
        NONE,
        ["b"],
    )
    assert TaskInstance.objects.get(task__key="a").output == NONE


def test_note_and_resolve(stopped, incident, tom):
    answer = tom.patch(incident, {"note": "Asked Ada", "status": "REVIEWED"})
    assert (answer.status_code, answer.json()["note"], answer.json()["status"]) == (200, "Asked Ada", "REVIEWED")
    entry = History.objects.get(event="incident.updated")
    assert entry.detail == {
        "note": {"before": "", "after": "Asked Ada"},
        "status": {"before": "NEW", "after": "REVIEWED"},
    }
    # The same again changes nothing.
    assert tom.patch(incident, {"note": "Asked Ada"}).status_code == 200
    assert History.objects.filter(event="incident.updated").count() == 1
    for body, attr in (({"note": 5}, "note"), ({"note": "x" * 20_001}, "note"), ({"status": "DONE"}, "status")):
        assert errors(tom.patch(incident, body))[0][0] == attr
    assert errors(tom.patch(incident, {"status": ["NEW"]}))[0][0] == "status"
    # Resolving goes on, like a retry.
    WorkflowInstance.objects.update(data=NONE)
    row = tom.patch(incident, {"status": "RESOLVED", "note": "Mended"}).json()
    assert (row["status"], row["note"], row["resolved_by"]) == ("RESOLVED", "Mended", tom.user.pk)
    assert TaskInstance.objects.get(task__key="a").status == "COMPLETED"
    # A note may still be added, but it stays resolved.
    assert tom.patch(incident, {"note": "Mended for good"}).json()["status"] == "RESOLVED"
    # And be taken away.
    assert tom.patch(incident, {"note": ""}).json()["note"] == ""
    assert refused(tom.patch(incident, {"status": "NEW"})) == (409, "resolved")


def test_what_is_on_hold_or_closed_is_not_repaired(stopped, incident, tom, uma):
    ticket, _ = stopped
    tom.post(f"{TICKETS}{ticket['id']}/hold/")
    for call in (
        tom.post(f"{incident}retry/"),
        tom.post(f"{incident}skip/", {"output": {}}),
        tom.patch(incident, {"status": "RESOLVED"}),
    ):
        assert refused(call) == (409, "on_hold")
    assert Incident.objects.get().status == "NEW"
    tom.post(f"{TICKETS}{ticket['id']}/resume/")
    assert status(tom, ticket) == "ERROR"
    uma.post(f"{TICKETS}{ticket['id']}/cancel/")
    assert Incident.objects.get().status == "RESOLVED"
    assert refused(tom.post(f"{incident}retry/")) == (409, "resolved")


def test_the_run_is_in_error_until_none_is_unresolved(publish, start, will, tom):
    links = [(None, key) for key in "ab"]
    ways = [way for key in "ab" for way in ((key, "c", LONG), (key, None, {"is_default": True}))]
    publish(flow("both", [("a", LIST), ("b", {"output_schema": form([])}), "c"], [*links, *ways, ("c", None)]))
    ticket = start("both")
    for key, output in (("a", THIRTY), ("b", {})):
        will.post(f"{TASKS}{task_of(ticket, key)}/complete/", {"output": output})
    first, second = (row["id"] for row in tom.get(INCIDENTS).json()["results"])
    WorkflowInstance.objects.update(data=NONE)
    tom.post(f"{INCIDENTS}{first}/retry/")
    assert status(tom, ticket) == "ERROR"
    tom.post(f"{INCIDENTS}{second}/retry/")
    assert status(tom, ticket) == "COMPLETED"


def test_a_start_that_fails(publish_unchecked, start, tom):
    publish_unchecked(
        {
            **flow("start", ["a"], [(None, "a", LONG), ("a", None)], fields=FIELDS),
            "tickets": [{"key": "start", "title": "Start", "fields": {"n": None}}],
        }
    )
    ticket = start("start", **THIRTY)
    assert (ticket["status"], ticket["open_tasks"]) == ("ERROR", [])
    (row,) = tom.get(INCIDENTS).json()["results"]
    assert (row["kind"], row["code"], row["task"]) == ("WORKFLOW_CREATION", "result_size", None)
    assert row["message"].startswith("The run could not start.")
    assert refused(tom.post(f"{INCIDENTS}{row['id']}/skip/", {})) == (409, "not_stopped")
    assert tom.get(INCIDENTS, {"status": "NEW"}).json()["count"] == 1
    WorkflowInstance.objects.update(data=ONE)
    assert tom.post(f"{INCIDENTS}{row['id']}/retry/").status_code == 200
    assert [task["task_key"] for task in tom.get(f"{TICKETS}{ticket['id']}/").json()["open_tasks"]] == ["a"]


def test_a_marking_that_is_stuck(publish_unchecked, start, will, tom):
    """One of two branches is taken, and the join waits for both."""
    publish_unchecked(
        flow(
            "stuck",
            ["a", "b", "c", ("d", {"join": "parallel"})],
            [
                (None, "a"),
                ("a", "b", {"condition": {"==": [1, 1]}}),
                ("a", "c", {"is_default": True}),
                ("b", "d"),
                ("c", "d"),
                ("d", None),
            ],
        )
    )
    ticket = start("stuck")
    after = will.post(f"{TASKS}{task_of(ticket, 'a')}/complete/", {"output": {}}).json()["ticket"]
    ended = will.post(f"{TASKS}{task_of(after, 'b')}/complete/", {"output": {}})
    assert (ended.status_code, ended.json()["task"]["status"]) == (200, "COMPLETED")
    assert ended.json()["ticket"]["status"] == "ERROR"
    (row,) = tom.get(INCIDENTS).json()["results"]
    assert (row["kind"], row["code"], row["task"]) == ("WORKFLOW_TRANSITION", "stuck", None)
    assert row["message"] == "The run is stuck: D can't open any more."
    assert errors(tom.post(f"{INCIDENTS}{row['id']}/skip/", {"output": {"x": 1}})) == [("output", "invalid")]
    assert tom.post(f"{INCIDENTS}{row['id']}/skip/", {}).json()["status"] == "RESOLVED"
    assert status(tom, ticket) == "COMPLETED"


def test_data_that_breaks_the_state_schema(publish, start, will, tom):
    at_least = form(["n"], n={"type": "number", "minimum": 10})
    publish(flow("ends", [("a", NUMBER)], [(None, "a"), ("a", None)], state_schema=at_least))
    ticket = start("ends")
    ended = will.post(f"{TASKS}{task_of(ticket, 'a')}/complete/", {"output": {"n": 5}}).json()
    assert (ended["task"]["status"], ended["ticket"]["status"]) == ("COMPLETED", "ERROR")
    (row,) = tom.get(INCIDENTS).json()["results"]
    assert (row["kind"], row["code"]) == ("WORKFLOW_TRANSITION", "state_schema")
    # The message names the field and what is wrong with it.
    (error,) = compile_schema(at_least).errors({"n": 5})
    assert row["message"] == f"The data at the end breaks the workflow's state schema: n {error.message}"
    tom.post(f"{INCIDENTS}{row['id']}/retry/")
    (again,) = tom.get(INCIDENTS, {"status": "NEW"}).json()["results"]
    assert again["id"] != row["id"]
    # A ticket admin may take the end as it is.
    assert tom.post(f"{INCIDENTS}{again['id']}/skip/", {}).status_code == 200
    assert status(tom, ticket) == "COMPLETED"


def test_filters(stopped, tom, publish, start, will):
    ticket, _ = stopped
    at_least = form(["n"], n={"type": "number"})
    other = publish(flow("ends", [("a", NUMBER)], [(None, "a"), ("a", None)], state_schema=at_least))
    second = start("ends")
    will.post(f"{TASKS}{task_of(second, 'a')}/complete/", {"output": {}})

    def found(**query):
        return [row["ticket"] for row in tom.get(INCIDENTS, query).json()["results"]]

    assert found() == [ticket["id"], second["id"]]
    assert found(workflow=other) == found(ticket=second["id"]) == found(ordering="-id", limit=1) == [second["id"]]
    assert found(status="RESOLVED") == found(kind="ACTION") == []
    assert found(kind="WORKFLOW_TRANSITION", status="NEW") == [ticket["id"], second["id"]]
    for query in ({"kind": "BAD"}, {"status": "OPEN"}, {"ticket": "x"}, {"workflow": 2**64}, {"ordering": "trace"}):
        answer = tom.get(INCIDENTS, query)
        assert (answer.status_code, errors(answer)[0][0]) == (400, next(iter(query)))
    assert len(statements(lambda: tom.get(INCIDENTS))) == 2
