"""What a ticket can hold when it comes to a split: who wrote what, by which ticket type, and on which way."""

from __future__ import annotations

from .decisions_bundles import BOOLEAN, INTEGER, NUMBER, deciding, form, nullable, output, said, var

AMOUNT = {"FieldName": "amount", "FieldType": "number", "Required": True}


def document(tasks, transitions, fields=(AMOUNT,), tickets=None):
    return {
        "workflow": {"key": "w", "title": "W", "fields": list(fields)},
        "tasks": tasks,
        "transitions": transitions,
        "tickets": tickets or [{"key": "w", "title": "W", "fields": {field["FieldName"]: None for field in fields}}],
    }


def way(source, target, condition=None, **values):
    return {"from": source, "to": target, "condition": condition, **values}


def over(bound):
    return {">": [var("amount"), bound]}


def up_to(bound):
    return {"<=": [var("amount"), bound]}


def between(low, high):
    return {"and": [over(low), up_to(high)]}


def codes(*args, **values):
    return [code for code, _, _ in said(document(*args, **values))]


def bands(**second):
    """A small amount is paid, a larger one is approved, and there only larger ones are looked at."""
    return (
        [form("check"), form("approve", **second), form("pay")],
        [
            way(None, "check"),
            way("check", "pay", up_to(500)),
            way("check", "approve", over(500), priority=1),
            way("approve", "pay", between(500, 1000)),
            way("approve", None, over(1000), priority=1),
            way("pay", None),
        ],
    )


def test_conditions_on_the_only_way_hold_later():
    assert codes(*bands()) == []


def test_they_are_forgotten_when_the_field_is_written_again():
    assert codes(*bands(output_schema=output({"amount": NUMBER}))) == ["gap"]
    assert codes(*bands(output_schema=output({"amount": NUMBER}, []))) == ["gap"]
    assert codes(*bands(output_schema=output({"note": {"type": "string"}}))) == []


def test_the_default_of_a_split_says_that_the_others_are_false():
    tasks, transitions = bands()
    transitions[2] = way("check", "approve", is_default=True)
    assert codes(tasks, transitions) == []


def test_of_several_ways_one_was_taken():
    tasks, transitions = bands()
    transitions.append(way("pay", "approve", over(2000)))
    transitions[5] = way("pay", None, is_default=True)
    assert codes(tasks, transitions) == []
    transitions[-1] = way("pay", "approve", over(100))
    assert codes(tasks, transitions) == ["gap"]


def test_a_condition_on_the_task_itself_says_nothing_later():
    tasks, transitions = bands()
    transitions[1:3] = [
        way("check", "pay", {"!==": [var("_task.key"), "check"]}),
        way("check", "approve", {"===": [var("_task.key"), "check"]}, priority=1),
    ]
    assert codes(tasks, transitions) == ["gap", "dead_condition"] or codes(tasks, transitions) == [
        "dead_condition",
        "gap",
    ]


def parallel(writes):
    """Beside the split that decides, another task is open."""
    tasks = [
        form("begin", split="parallel"),
        form("check"),
        form("other", output_schema=output(writes)),
        form("approve"),
    ]
    transitions = [
        way(None, "begin"),
        way("begin", "check"),
        way("begin", "other"),
        way("check", "approve", over(500)),
        way("check", None, is_default=True),
        way("approve", None, over(400)),
        way("other", None),
    ]
    return tasks, transitions


def test_what_another_open_task_may_write_is_never_a_fact():
    assert codes(*parallel({"note": {"type": "string"}})) == []
    assert codes(*parallel({"amount": NUMBER})) == ["gap"]


def test_a_value_just_written_comes_from_its_task_alone():
    """The submission may hold any amount, the task's own schema only small ones."""
    small = {**NUMBER, "minimum": 0, "maximum": 10}
    split = [way(None, "ask"), way("ask", None, up_to(5)), way("ask", "late", between(5, 10), priority=1)]
    tasks = [form("ask", output_schema=output({"amount": small})), form("late")]
    assert codes(tasks, split) == []
    tasks[0]["output_schema"] = output({"amount": small}, [])
    assert codes(tasks, split) == ["gap"]


def test_a_value_written_before_has_taken_the_place_of_the_first_one():
    small = {**NUMBER, "minimum": 0, "maximum": 10}
    tasks = [form("limit", output_schema=output({"amount": small})), form("ask"), form("late")]
    split = [way(None, "limit"), way("limit", "ask"), way("ask", None, up_to(5)), way("ask", "late", between(5, 10))]
    assert codes(tasks, split) == []
    split.append(way("late", "ask", {"===": [1, 1]}))
    tasks[2]["output_schema"] = output({"amount": {**NUMBER, "maximum": 20}})
    split.append(way("late", None, is_default=True))
    assert "gap" in codes(tasks, split)


def test_what_a_timed_out_task_would_have_written_is_not_there():
    tasks = [form("ask", due_in_seconds=60, output_schema=output({"ok": BOOLEAN})), form("late"), form("done")]
    transitions = [
        way(None, "ask"),
        way("ask", "done"),
        way("ask", "late", on_event="timeout"),
        way("late", "done", {"===": [var("ok"), True]}),
        way("late", None, {"===": [var("ok"), False]}, priority=1),
        way("done", None),
    ]
    found = said(document(tasks, transitions))
    assert ("gap", 3, {}) in found
    assert {code for code, _, _ in found} == {"gap", "dead_condition"}


KIND = {"FieldName": "kind", "FieldType": "choice", "Options": ["small", "large"]}


def ticket(key, **fields):
    return {"key": key, "title": key, "fields": fields}


def test_ticket_types_are_looked_at_one_by_one():
    """Each fixes the kind and gives what its kind needs: no ticket has the one's kind and lacks the other's field."""
    extra = {"FieldName": "extra", "FieldType": "integer"}
    small, large = {"===": [var("kind"), "small"]}, {"===": [var("kind"), "large"]}
    rules = [way(None, "a", small), way(None, "b", {"and": [large, {"!=": [var("extra"), None]}]})]
    tickets = [ticket("one", kind={"const": "small"}), ticket("two", kind={"const": "large"}, extra=3)]
    tasks = [form("a"), form("b")]
    assert codes(tasks, rules, fields=[KIND, extra], tickets=tickets) == []
    tickets[1]["fields"]["extra"] = None
    found = said(document(tasks, rules, fields=[KIND, extra], tickets=tickets))
    assert found == [("gap", 0, {"kind": "large"})]


def test_ticket_types_that_differ_only_in_what_has_led_to_a_split():
    """Tickets of the first type never come to "late", those of the second do, and are stopped there."""
    flag = {"FieldName": "flag", "FieldType": "boolean"}
    rules = [
        way(None, "ask"),
        way("ask", None, {"!==": [var("flag"), True]}),
        way("ask", "late", is_default=True),
        way("late", None, over(10)),
    ]
    tickets = [ticket("one", amount=None), ticket("two", amount=None, flag=None)]
    found = said(document([form("ask"), form("late")], rules, fields=[AMOUNT, flag], tickets=tickets))
    assert ("gap", 3) in {(code, transition) for code, transition, _ in found}


def test_a_field_that_no_ticket_type_asks_for_is_absent():
    rules = [way(None, "a", {"===": [var("kind"), "small"]}), way(None, "b", {"!==": [var("kind"), "small"]})]
    found = said(document([form("a"), form("b")], rules, fields=[AMOUNT, KIND], tickets=[ticket("one", amount=None)]))
    assert found == [("dead_condition", 0, None)]


def test_parts_of_an_object():
    place = {"type": "object", "required": ["city"], "properties": {"city": {"enum": ["A", "B"]}, "zip": INTEGER}}
    a, b = ({"===": [var("place.city"), city]} for city in "AB")
    assert said(deciding({"place": place}, a, b)) == []
    assert said(deciding({"place": place}, a, b, required=[])) == [("gap", 1, {})]
    found = said(deciding({"place": place}, a))
    assert found == [("gap", 1, {"place": {"city": "B"}})]
    found = said(deciding({"place": place}, {">": [var("place.zip"), 5]}))
    assert found[0][0] == "gap"
    assert found[0][2]["place"]["city"] == "A"  # what the object needs besides


def test_a_list_as_a_whole_is_not_decided():
    things = {"type": "array", "items": {"type": "object"}}
    assert [code for code, _, _ in said(deciding({"l": things}, {"===": [var("l.length"), 0]}))] != []
    assert said(deciding({"l": nullable(things)}, {"!": [var("l")]}, {"!!": [var("l")]})) == []
