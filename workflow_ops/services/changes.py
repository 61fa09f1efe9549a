"""The rows that follow from one or more steps of a run, written in one statement."""

from __future__ import annotations

from functools import cache
from typing import Any

import orjson

from core.db import fetch_all
from core.models import Actor
from users.models import User
from workflow_design.kernel.engine import Event, Incident, Step
from workflow_design.models import AssignmentPolicy
from workflow_ops.models import UNDONE, InstanceStatus, TaskStatus
from workflow_ops.services.actions import MAX_TRACE, is_form, seconds_allowed
from workflow_ops.services.assignment import assign
from workflow_ops.services.follow_up import TaskRow, Written, sets_going
from workflow_ops.services.notes import Note
from workflow_ops.services.running import Run, Seen, Work

# What they give to whom depends on what others have been given.
TURNS = (AssignmentPolicy.SHORTEST_QUEUE, AssignmentPolicy.ROUND_ROBIN)
DONE = (TaskStatus.COMPLETED, TaskStatus.CANCELLED, TaskStatus.ERROR)


class Changes:
    """Collects what steps of a run change."""

    def __init__(self, run: Run, user: User | None, event: Event, note: Note) -> None:
        self.run = run
        self.user = user
        self.event = event
        self.note = note
        self.tasks: dict[int, dict[str, Any]] = {}
        self.work: dict[str, Any] = {"id": None, "number": None, "status": None, "output": None, "due_in": None}
        self.done: Work | None = None
        self.previous: int | None = None
        self.cancelled: list[int] = []
        self.incidents: list[dict[str, Any]] = []
        self.executed = 0
        self.last: Step | None = None

    def take(self, done: Step, trace: str = "", *, computed: str | None = None) -> None:
        """What a step opened, cancelled and stopped; `trace` is told of its incidents. `computed`: the task that made
        the step by itself."""
        self.last = done
        self.note.step(done, computed)
        for opened in done.opened:
            definition = self.run.version.tasks[opened.key]
            self.tasks[opened.number] = {
                "number": opened.number,
                "index": opened.task,
                "key": opened.key,
                "status": TaskStatus.OPEN if is_form(definition) else TaskStatus.PENDING,
                "roles": definition["assignee_roles"],
                "policy": definition["assignment_policy"],
                "due_in": seconds_allowed(definition),
                "input": opened.input,
                "output": None,
                "assignee": None,
            }
        for number in done.cancelled:
            if number in self.tasks:
                self.tasks[number]["status"] = TaskStatus.CANCELLED
            else:
                self.cancelled.append(number)
        for incident in done.incidents:
            if incident.number in self.tasks:
                self.tasks[incident.number]["status"] = TaskStatus.ERROR
            elif incident.number == self.work["number"]:
                self.work["status"] = TaskStatus.ERROR
            self.incidents.append(
                {
                    "kind": incident.kind,
                    "number": incident.number,
                    "code": incident.code,
                    "message": incident.message,
                    "trace": trace or self._trace(incident, done),
                }
            )

    def finish(self, work: Work, output: dict[str, Any] | None) -> bool:
        """The task that the event is of; whether it is to be done once more."""
        assert self.last is not None
        event, marking = self.event, self.last.marking
        again = False
        definition = self.run.version.tasks[work.key]
        if work.number in marking.stopped:
            status = TaskStatus.ERROR
        elif work.number in marking.open:
            again = True
            status = TaskStatus.OPEN if is_form(definition) else TaskStatus.PENDING
        else:
            status = TaskStatus.CANCELLED if event.name == "timed_out" else TaskStatus.COMPLETED
        self.executed += event.name in ("completed", "skipped")
        if work.number in self.cancelled:
            self.cancelled.remove(work.number)
        self.done = work
        due_in = seconds_allowed(definition)
        self.work = {"id": work.id, "number": work.number, "status": status, "output": output, "due_in": due_in}
        # What a repair goes on with was done by who had the task.
        if event.name in ("retried", "skipped"):
            self.previous = work.assignee
        elif self.user is not None:
            self.previous = self.user.pk
        return again

    def settle(self, number: int, event: Event) -> None:
        """A task that computes has ended."""
        assert self.last is not None
        row = self.work if number == self.work["number"] else self.tasks[number]
        row["status"] = TaskStatus.ERROR if number in self.last.marking.stopped else TaskStatus.COMPLETED
        row["output"] = event.output
        self.executed += 1

    @property
    def take_turns(self) -> bool:
        """Whether tasks open that go to people by whose turn it is, or who has least to do."""
        return any(row["policy"] in TURNS for row in self.tasks.values())

    @property
    def to_do(self) -> list[int]:
        """The numbers of the new tasks that are to be done now."""
        return [number for number, row in self.tasks.items() if row["status"] in UNDONE]

    @property
    def stand_alone(self) -> bool:
        """Whether their statement is all that is to be written, but for what webhooks are told."""
        assert self.last is not None
        begun = [row["key"] for row in self.tasks.values() if row["status"] in UNDONE]
        ended = [self._key(number) for number in self.cancelled]
        if self.done is not None:
            ended.append(self.done.key)
        again = self.work["status"] in UNDONE
        return not again and not sets_going(self.run, self.last.marking.status, begun, ended)

    def write(self) -> Written:
        """Everything at once; what stands in the database then."""
        return self.written(fetch_all(*self.statement()))

    def statement(self, seen: Seen | None = None) -> tuple[str, dict[str, Any]]:
        """The statement that writes everything, and its values. With `seen` it writes nothing, and gives no rows, where
        the task or its run has changed since."""
        assert self.last is not None
        rows = list(self.tasks.values())
        turns = assign(self.run, [row for row in rows if row["status"] == TaskStatus.OPEN], self.previous)
        marking = self.last.marking
        if self.work["id"] is not None:
            self.note.detail["task_status"] = self.work["status"]
        output = self.work["output"]
        again = self.work["status"] in UNDONE
        parts = {
            "moved": True,
            "worked": self.work["id"] is not None and not again,
            "again": again,
            "cancelled": self.cancelled,
            # Incidents look for their tasks among those that open.
            "opened": rows or self.incidents,
            "turned": turns,
            "stopped": self.incidents,
            "noted": True,
        }
        values = {
            "run": self.run.id,
            "version": self.run.version.id,
            "workflow": self.run.version.workflow_id,
            "status": marking.status,
            "data": _text(self.last.data),
            "marking": _text(marking.to_json()),
            "executed": self.executed,
            "closed": marking.status in (InstanceStatus.COMPLETED, InstanceStatus.CANCELLED),
            "task": self.work["id"],
            "task_status": self.work["status"],
            "due_in": self.work["due_in"],
            "done": self.work["status"] in DONE,
            "output": None if output is None else _text(output),
            "user": self.user.pk if self.user else None,
            "cancelled": self.cancelled,
            "tasks": _text(rows),
            "turns": _text(turns),
            "incidents": _text(self.incidents),
            **self.note.entry(Actor.of(self.user), self.last),
        }
        if seen is not None:
            values |= {"run_written": seen.run_written, "work_written": seen.work_written}
        names = [name for name, wanted in parts.items() if wanted]
        return _statement(seen is not None, seen is None or seen.announced, *names), values

    def written(self, rows: list[tuple[Any, ...]]) -> Written:
        """What the statement's rows tell: (part, id, number, status, generation, due_at); of webhooks the status is
        their events."""
        assert self.last is not None
        found: dict[str, list[TaskRow]] = {"opened": [], "again": [], "cancelled": []}
        stopped, wanted = [], []
        for part, pk, number, status, generation, due_at in sorted(rows, key=lambda row: row[2]):
            if part == "stopped":
                stopped.append((pk, number))
                continue
            if part == "run":
                continue
            if part == "wanted":
                wanted.append((pk, frozenset(status.split())))
                continue
            found[part].append(TaskRow(pk, number, self._key(number), status, generation, due_at))
        return Written(
            run=self.run,
            event=self.event,
            user=self.user,
            status=self.last.marking.status,
            data=self.last.data,
            work=self.done,
            work_status=self.work["status"],
            opened=tuple(found["opened"]),
            again=found["again"][0] if found["again"] else None,
            cancelled=tuple(found["cancelled"]),
            incidents=tuple(stopped),
            wanted=tuple(wanted),
        )

    def _key(self, number: int) -> str:
        if number in self.tasks:
            key: str = self.tasks[number]["key"]
            return key
        return self.run.version.graph.tasks[self.run.marking.open[number]].key

    def _trace(self, incident: Incident, done: Step) -> str:
        """What a ticket admin is told of a condition that can't be evaluated."""
        rule = None if incident.transition is None else self.run.version.graph.rule(incident.transition)
        if rule is None:
            return ""
        read = {path: done.data[path] for path in {path.split(".")[0] for path, _ in rule.paths} if path in done.data}
        return f"transition {incident.transition}: {rule.condition.text}\nwith {_text(read)}"[:MAX_TRACE]


def _text(value: Any) -> str:
    return orjson.dumps(value).decode()


# The run and the task of the event: both locked already,
_HELD = "run AS NOT MATERIALIZED (SELECT %(run)s::bigint AS id, %(task)s::bigint AS task)"
# or locked now, where they are as they were seen. Who waits for a lock here compares what is there afterwards.
_SEEN = """run AS MATERIALIZED (
    SELECT i.id, w.id AS task FROM task_instances w JOIN workflow_instances i ON i.id = w.instance_id
    WHERE w.id = %(task)s::bigint AND w.xmin = %(work_written)s::xid AND i.xmin = %(run_written)s::xid
    FOR UPDATE OF i, w)"""

# What a step can write. Most write a few of these, and PostgreSQL plans what it is given.
_PARTS = {
    "moved": """
    UPDATE workflow_instances i SET status = %(status)s, data = %(data)s::json, marking = %(marking)s::json,
        tasks_executed = tasks_executed + %(executed)s::int, updated_at = statement_timestamp(), held_at = NULL,
        completed_at = CASE WHEN %(closed)s::boolean THEN statement_timestamp() END
    FROM run WHERE i.id = run.id""",
    "worked": """
    UPDATE task_instances w SET status = %(task_status)s::text, output = coalesce(%(output)s::json, output),
        assignee_id = CASE WHEN %(done)s::boolean THEN coalesce(assignee_id, %(user)s::bigint) END,
        completed_by_id = CASE WHEN %(done)s::boolean THEN coalesce(completed_by_id, %(user)s::bigint) END,
        completed_at = CASE WHEN %(task_status)s::text IN ('COMPLETED', 'CANCELLED') THEN statement_timestamp() END,
        updated_at = statement_timestamp()
    FROM run WHERE w.id = run.task""",
    # Once more from its beginning, with all the time that it is given.
    "again": """
    UPDATE task_instances w SET status = %(task_status)s::text, generation = generation + 1,
        output = coalesce(%(output)s::json, output), assignee_id = NULL, completed_by_id = NULL, completed_at = NULL,
        due_at = statement_timestamp() + %(due_in)s::int * interval '1 second', updated_at = statement_timestamp()
    FROM run WHERE w.id = run.task
    RETURNING w.id, w.number, w.status, w.generation, w.due_at""",
    "cancelled": """
    UPDATE task_instances w SET status = 'CANCELLED', completed_at = statement_timestamp(),
        updated_at = statement_timestamp()
    FROM run WHERE w.instance_id = run.id AND w.number = ANY(%(cancelled)s::int[])
    RETURNING w.id, w.number, w.status, w.generation, w.due_at""",
    "opened": """
    INSERT INTO task_instances (instance_id, task_id, number, status, assignee_id, input, output, due_at,
                                completed_at, created_at, updated_at)
    SELECT run.id, v.id, x.number, x.status, x.assignee, x.input, x.output,
        statement_timestamp() + x.due_in * interval '1 second',
        CASE WHEN x.status IN ('COMPLETED', 'CANCELLED') THEN statement_timestamp() END,
        statement_timestamp(), statement_timestamp()
    FROM run CROSS JOIN json_to_recordset(%(tasks)s::json) AS x (number int, index int, status text,
        assignee bigint, input json, output json, due_in int)
    JOIN workflow_version_tasks v ON v.version_id = %(version)s AND v.index = x.index
    ORDER BY x.number
    RETURNING id, number, status, generation, due_at""",
    "turned": """
    INSERT INTO task_turns (workflow_id, task_key, person_id)
    SELECT %(workflow)s, x.key, x.person FROM json_to_recordset(%(turns)s::json) AS x (key text, person bigint)
    ON CONFLICT (workflow_id, task_key) DO UPDATE SET person_id = excluded.person_id""",
    "stopped": """
    INSERT INTO incidents (kind, status, instance_id, task_instance_id, number, code, message, trace, note,
                           created_at, updated_at)
    SELECT x.kind, 'NEW', run.id, coalesce(o.id, w.id), x.number, x.code, x.message, x.trace, '',
        statement_timestamp(), statement_timestamp()
    FROM run CROSS JOIN json_to_recordset(%(incidents)s::json)
        AS x (kind text, number int, code text, message text, trace text)
    LEFT JOIN opened o ON o.number = x.number
    LEFT JOIN task_instances w ON w.instance_id = run.id AND w.number = x.number
    RETURNING id, number""",
    "noted": """
    INSERT INTO history (at, actor_id, actor, subject_type, subject_id, subject, event, detail)
    SELECT statement_timestamp(), %(actor_id)s::bigint, %(actor)s::text, %(subject_type)s::text, %(subject_id)s::bigint,
        %(subject)s::text, %(event)s::text, %(detail)s::json FROM run""",
}
# What of it is told: rows of tasks, and for incidents the same with as much as they have.
_TOLD = {
    "opened": "SELECT 'opened', id, number, status, generation, due_at FROM opened",
    "again": "SELECT 'again', id, number, status, generation, due_at FROM again",
    "cancelled": "SELECT 'cancelled', id, number, status, generation, due_at FROM cancelled",
    "stopped": "SELECT 'stopped', id, number, '', 0, NULL::timestamptz FROM stopped",
}

# Who wants to be told of it: asked here, so that it costs no statement where nobody does.
_WANTED = """
    SELECT 'wanted', webhooks.id, 0, array_to_string(events, ' '), 0, NULL::timestamptz
    FROM run CROSS JOIN webhooks WHERE is_active"""
# That something was written at all.
_WRITTEN = "SELECT 'run', id, 0, '', 0, NULL::timestamptz FROM run"


@cache
def _statement(seen: bool, wanted: bool, *names: str) -> str:
    """One statement that writes these parts and tells what there is of `_TOLD`, and who wants to be told."""
    parts = ", ".join([_SEEN if seen else _HELD, *(f"{name} AS ({_PARTS[name]})" for name in names)])
    told = [_TOLD[name] for name in names if name in _TOLD]
    told += [_WRITTEN] * seen + [_WANTED] * wanted
    return f"WITH {parts} {' UNION ALL '.join(told)}"
