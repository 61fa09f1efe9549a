"""What a picture shows: every task and transition, gates, events, problems, and nothing that could run or load."""

import json
import re
from pathlib import Path
from xml.etree import ElementTree

from workflow_design.diagram import diagram, svg
from workflow_design.kernel.document import normalize, parse_yaml
from workflow_design.kernel.tests.each import each
from workflow_design.tests.made import made

EXAMPLES = sorted(path for path in Path("examples").iterdir() if path.suffix in (".yaml", ".json"))
SVG = "{http://www.w3.org/2000/svg}"
TASKS = [{"key": key, "title": key.upper(), "task_type": "FORM"} for key in ("a", "b", "c")]


def bundle(document):
    return normalize({"format": "ticketflower/1", **document}).bundle


def small(transitions, tasks=TASKS, **workflow):
    fields = [{"FieldName": "amount", "FieldType": "number"}]
    head = {"key": "w", "title": "Small", "fields": fields, **workflow}
    return bundle({"workflow": head, "tasks": tasks, "transitions": transitions})


def read(path):
    raw = path.read_bytes()
    return normalize(json.loads(raw) if path.suffix == ".json" else parse_yaml(raw)).bundle


def drawn(found, problems=()):
    return ElementTree.fromstring(svg(diagram(found, problems)))


def groups(root, name):
    return [group for group in root.iter(f"{SVG}g") if group.get("class") == name]


def told(group):
    return group.findtext(f"{SVG}title")


def words(root):
    return [text.text for text in root.iter(f"{SVG}text")]


def one(root, name, **data):
    wanted = {f"data-{key}": value for key, value in data.items()}
    (found,) = [group for group in groups(root, name) if wanted.items() <= group.attrib.items()]
    return found


@each("path", EXAMPLES)
def test_every_task_and_transition_of_an_example(path):
    found = read(path)
    root = drawn(found)
    assert root.findtext(f"{SVG}title") == found["workflow"]["title"]
    tasks = {group.get("data-task"): told(group) for group in groups(root, "tf-task")}
    assert list(tasks) == [task["key"] for task in found["tasks"]]
    for task in found["tasks"]:
        assert tasks[task["key"]].split("\n")[0] == task["title"]
    shown = [group.get("data-transition") for group in groups(root, "tf-edge")]
    assert [number for number in shown if number] == [str(number) for number in range(len(found["transitions"]))]
    labels = {group.get("data-transition"): told(group) for group in groups(root, "tf-label")}
    for number, link in enumerate(found["transitions"]):
        assert (str(number) in labels) == (link["condition"] is not None or link["on_event"] != "completed")


@each("path", EXAMPLES)
def test_boxes_and_labels_of_an_example_lie_apart_and_inside(path):
    root = drawn(read(path))
    wide, high = float(root.get("width")), float(root.get("height"))
    frames = [group.find(f"{SVG}rect") for name in ("tf-task", "tf-label") for group in groups(root, name)]
    sides = [[float(frame.get(name)) for name in ("x", "y", "width", "height")] for frame in frames]
    for number, (x, y, width, height) in enumerate(sides):
        assert 0 <= x <= x + width <= wide
        assert 0 <= y <= y + height <= high
        for to_x, to_y, to_width, to_height in sides[:number]:
            beside = x + width <= to_x or to_x + to_width <= x
            assert beside or y + height <= to_y or to_y + to_height <= y


def test_it_is_the_same_each_time():
    found = bundle(made(60))
    assert svg(diagram(found)) == svg(diagram(found))


def test_start_and_end_also_where_they_go_without_saying():
    root = drawn(small([{"from": "a", "to": "b"}, {"from": "b", "to": "c"}]))
    assert (len(groups(root, "tf-start")), len(groups(root, "tf-end"))) == (1, 1)
    implied = [group for group in groups(root, "tf-edge") if not group.get("data-transition")]
    assert [told(group) for group in implied] == ["goes without saying", "goes without saying"]
    assert groups(root, "tf-split") == groups(root, "tf-join") == []


@each("gate", ["exclusive", "inclusive", "parallel"])
def test_gates_stand_where_there_is_more_than_one_way(gate):
    tasks = [{**TASKS[0], "split": gate}, TASKS[1], {**TASKS[2], "join": gate}]
    links = [{"from": None, "to": "a"}, {"from": "a", "to": "b"}, {"from": "a", "to": "c"}, {"from": "b", "to": "c"}]
    root = drawn(small(links, tasks))
    assert [group.get("data-gate") for group in groups(root, "tf-split")] == [gate]
    assert [group.get("data-gate") for group in groups(root, "tf-join")] == [gate]
    assert any(text.startswith(f"{gate}: ") for text in words(root))


def test_a_condition_in_words_a_default_with_a_stroke():
    links = [
        {"from": "a", "to": "b", "condition": {">=": [{"var": "amount"}, 1000]}, "priority": 2},
        {"from": "a", "to": "c", "is_default": True},
        {"from": "b", "to": "c"},
    ]
    root = drawn(small(links))
    assert "amount ≥ 1000" in words(root)
    assert told(one(root, "tf-label", transition="0")) == "when amount ≥ 1000, priority 2"
    assert told(one(root, "tf-edge", transition="1")) == "taken when no other is"
    strokes = {group.get("data-transition"): len(group.findall(f"{SVG}path")) for group in groups(root, "tf-edge")}
    assert (strokes["0"], strokes["1"], strokes["2"]) == (1, 2, 1)


def test_a_long_condition_is_cut_and_told_whole():
    names = [f"{'x' * 30}{number}" for number in range(9)]
    root = drawn(small([{"from": "a", "to": "b", "condition": {"in": [{"var": "amount"}, names]}}]))
    label = one(root, "tf-label", transition="0")
    assert told(label) == f"when amount is one of ({', '.join(names)})"
    lines = [text.text for text in label.iter(f"{SVG}text")]
    assert len(lines) == 2
    assert lines[1].endswith("…")


def test_events_leave_from_circles_on_broken_lines():
    links = [{"from": "a", "to": "b"}, *({"from": "a", "to": "c", "on_event": name} for name in ("timeout", "error"))]
    root = drawn(small(links))
    assert sorted(map(told, groups(root, "tf-event"))) == ["Leaves here on error", "Leaves here on timeout"]
    broken = {
        group.get("data-transition"): group.find(f"{SVG}path").get("stroke-dasharray") is not None
        for group in groups(root, "tf-edge")
    }
    assert (broken["0"], broken["1"], broken["2"]) == (False, True, True)
    assert {"timeout", "error"} <= set(words(root))


@each(
    "values,said",
    [
        ({}, "form, every task worker"),
        ({"assignee_roles": ["buyer", "legal"]}, "form, buyer, legal"),
        ({"assignment_policy": "requester"}, "form, the requester"),
        ({"task_type": "SYNC_ACTION", "action_url": "https://erp.example/x"}, "action, answered at once, erp.example"),
        ({"task_type": "ASYNC_ACTION", "integration": "erp"}, "action, answered by a callback, erp"),
        ({"task_type": "SYNC_ACTION", "action": "jira.create_issue"}, "action, answered at once, jira.create_issue"),
        ({"task_type": "SYNC_ACTION", "action": "compute"}, "computation, computed"),
        (
            {"task_type": "SYNC_ACTION", "action": "workflow", "input_transform": {"workflow": "other"}},
            "runs another workflow, runs other",
        ),
    ],
)
def test_what_kind_a_task_is_and_who_does_it(values, said):
    root = drawn(small([], [{**TASKS[0], **values}]))
    assert told(one(root, "tf-task", task="a")) == f"A\n{said}"


def test_a_loop_at_one_task_and_a_way_back():
    links = [
        {"from": None, "to": "a"},
        {"from": "a", "to": "b"},
        {"from": "b", "to": "a", "condition": {">": [{"var": "amount"}, 1]}},
        {"from": "b", "to": "b", "condition": {">": [{"var": "amount"}, 2]}},
        {"from": "b", "to": "c", "is_default": True},
    ]
    root = drawn(small(links))
    place = {group.get("data-task"): float(group.find(f"{SVG}rect").get("y")) for group in groups(root, "tf-task")}
    assert place["a"] < place["b"] < place["c"]
    assert {"amount > 1", "amount > 2"} <= set(words(root))


def problem(severity, path, **more):
    return {"severity": severity, "code": "x", "message": f"About {path or 'all'}.", "path": path, **more}


def test_problems_are_marked_where_they_are():
    found = small([{"from": "a", "to": "b"}, {"from": "b", "to": "c"}])
    problems = [
        problem("warning", "/tasks/0/assignee_roles/0"),
        problem("error", "/tasks/0/output_schema", task="a"),
        problem("unproved", "/transitions/1", task="b", transition=1),
        problem("warning", "/workflow/state_schema"),
    ]
    root = drawn(found, problems)
    said = told(one(root, "tf-task", task="a")).split("\n")
    assert said[2:] == ["Error: About /tasks/0/output_schema.", "Warning: About /tasks/0/assignee_roles/0."]
    assert told(one(root, "tf-task", task="b")).split("\n")[2:] == []
    assert told(one(root, "tf-label", transition="1")) == "Unproved: About /transitions/1."
    assert [told(group) for group in groups(root, "tf-problem")] == ["Warning: About /workflow/state_schema."]
    assert "3 tasks · 1 error · 2 warnings · 1 unproved" in words(root)
    assert {"error", "warning", "unproved"} <= set(words(root))
    calm = [group.find(f"{SVG}rect").get("stroke") for group in groups(root, "tf-task")]
    assert len({calm[0]} | set(calm)) == 2
    assert calm[1] == calm[2]


HOSTILE = [
    "<script>alert(1)</script>",
    "\"'&amp;<svg onload=alert(1)>]]>",
    "a\u0000b\u0007c\u202ed\u2066e\ufffe\ud800f",
    "</title></svg><h1>x",
    "W" * 255,
    "請求書を確認する" * 30,
    "&#x3c;b>",
]


@each("title", HOSTILE)
def test_hostile_words_are_text(title):
    found = small([{"from": "a", "to": "b"}])
    found["workflow"]["title"] = found["tasks"][0]["title"] = title
    found["tasks"][0]["assignee_roles"] = [title]
    text = svg(
        diagram(found, [{**problem("error", "/tasks/0"), "message": title}, {**problem("error", ""), "message": title}])
    )
    root = ElementTree.fromstring(text.encode())
    shown = re.sub("[\u0000\u0007\u202e\u2066\ufffe\ud800]", "", title)
    assert root.findtext(f"{SVG}title") == shown
    assert told(one(root, "tf-task", task="a")) == f"{shown}\nform, {shown}\nError: {shown}"
    assert {element.tag for element in root.iter()} <= {
        f"{SVG}{name}"
        for name in ("svg", "title", "desc", "style", "defs", "marker", "path", "rect", "circle", "g", "text")
    }
    assert not any(name.startswith("on") or "href" in name for element in root.iter() for name in element.attrib)
    assert "http" not in text.replace('xmlns="http://www.w3.org/2000/svg"', "")
    for element in root.iter(f"{SVG}text"):
        assert len(element.text) < 120


def test_it_says_what_it_is_to_those_who_cannot_see_it():
    root = drawn(small([{"from": "a", "to": "b"}, {"from": "a", "to": None, "on_event": "timeout"}]))
    assert root.get("role") == "img"
    assert root.get("aria-labelledby") == "tf-title tf-desc"
    assert root.findtext(f"{SVG}desc").startswith("A to B. A to end (timeout).")


def test_a_workflow_without_tasks():
    root = drawn(bundle({"workflow": {"key": "w", "title": "Empty"}}))
    assert "0 tasks" in words(root)
    assert groups(root, "tf-task") == []


def test_ways_stand_in_the_order_of_the_document_and_dead_parts_beside():
    tasks = [{"key": key, "title": key, "task_type": "FORM"} for key in ("first", "x", "y", "z", "dead")]
    links = [{"from": None, "to": "first"}, *({"from": "first", "to": key} for key in ("x", "y", "z"))]
    root = drawn(small(links, tasks))
    left = {group.get("data-task"): float(group.find(f"{SVG}rect").get("x")) for group in groups(root, "tf-task")}
    assert left["x"] < left["y"] < left["z"] <= left["dead"]
