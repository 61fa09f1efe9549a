"""When two bundles are the same, and in which words they differ."""

from __future__ import annotations

import copy
import json

from workflow_design.kernel.document import content_hash, diff, normalize
from workflow_design.kernel.tests.documents import form, purchase
from workflow_design.kernel.tests.each import each

# Stored hashes are compared with new ones: a change of it makes every working copy look changed.
WORKFLOW = "8bcd6e2363952a44cab6cf82c4e73393a6dfae3ec6ccb663c1c78c475554c135"


def bundle():
    return normalize(purchase()).bundle


def hashes(found):
    """Of all rows: tasks and transitions in their order, which people see; ticket types have none."""
    tickets = sorted(content_hash("ticket", ticket) for ticket in found["tickets"])
    parts = [("task", task) for task in found["tasks"]] + [("transition", way) for way in found["transitions"]]
    return [content_hash("workflow", found["workflow"]), *(content_hash(*part) for part in parts), *tickets]


def test_the_hash_is_fixed():
    assert content_hash("workflow", bundle()["workflow"]).hex() == WORKFLOW
    assert hashes(normalize(json.loads(json.dumps(purchase()))).bundle) == hashes(bundle())


def test_who_may_open_it_is_no_content():
    other = purchase()
    other["tickets"][0]["company_role_access"] = ["everyone"]
    assert hashes(normalize(other).bundle) == hashes(bundle())
    assert diff(bundle(), normalize(other).bundle) == [
        {"path": "/tickets/0/company_role_access", "change": "changed", "before": ["buyer"], "after": ["everyone"]}
    ]


def test_the_order_of_our_own_keys_and_of_ticket_types_is_no_content():
    document = purchase()
    document["tickets"].append({"key": "b", "title": "B"})
    other = copy.deepcopy(document)
    other["tasks"] = [dict(reversed(task.items())) for task in other["tasks"]]
    other["tickets"].reverse()
    assert hashes(normalize(other).bundle) == hashes(normalize(document).bundle)
    assert diff(normalize(document).bundle, normalize(other).bundle) == []


@each(
    "change",
    [
        lambda d: d["tasks"].reverse(),
        lambda d: d["transitions"].reverse(),
        lambda d: d["tasks"][0].update(title="Other"),
        lambda d: d["tasks"][0].update(key="approve2"),
        lambda d: d["workflow"].update(guidelines="x"),
        lambda d: d["transitions"][1].update(priority=1),
        lambda d: d["tickets"][0].update(fields={"amount": 0}),
        lambda d: d["tickets"].pop(),
        lambda d: d["tasks"][1]["input_transform"].update(total=True),
        lambda d: d["tasks"][0]["output_schema"].update(required=d["tasks"][0]["output_schema"].pop("required")),
    ],
)
def test_everything_people_see_is_content(change):
    document = purchase()
    change(document)
    found = normalize(document)
    assert hashes(found.bundle) != hashes(bundle())
    assert diff(bundle(), found.bundle) != []


def test_true_is_not_one_and_one_point_zero_is():
    found = set()
    for value in (True, 1, 1.0, "1"):
        document = purchase()
        document["tasks"][0]["input_schema"] = {"const": value}
        found.add(tuple(hashes(normalize(document).bundle)))
    assert len(found) == 3


def test_rows_have_hashes_of_their_own():
    task = bundle()["tasks"][0]
    assert len(content_hash("task", task)) == 32
    assert content_hash("task", task) == content_hash("task", dict(reversed(task.items())))
    assert content_hash("task", task) != content_hash("task", {**task, "title": "Other"})
    assert content_hash("task", {**task, "id": 3, "order": 1}) == content_hash("task", task)


def test_a_new_bundle_is_added_as_it_would_be_written():
    changes = diff(None, normalize({"workflow": {"key": "w", "title": "W"}, "tasks": [form("a")]}).bundle)
    assert changes == [
        {"path": "/workflow", "change": "added", "before": None, "after": {"key": "w", "title": "W"}},
        {"path": "/tasks/0", "change": "added", "before": None, "after": form("a")},
        {"path": "/transitions/0", "change": "added", "before": None, "after": {"from": None, "to": "a"}},
        {"path": "/transitions/1", "change": "added", "before": None, "after": {"from": "a", "to": None}},
    ]


def test_differences_are_matched_by_key():
    document = purchase()
    document["workflow"]["title"] = "Buying"
    document["tasks"] = [form("check"), {**document["tasks"][0], "title": "Decide"}]
    document["transitions"] = [
        {"from": None, "to": "check"},
        {"from": "check", "to": "approve"},
        {"from": "approve", "to": None, "condition": {"var": "approved"}},
    ]
    changes = diff(bundle(), normalize(document).bundle)
    assert [(change["change"], change["path"]) for change in changes] == [
        ("changed", "/workflow/title"),
        ("removed", "/tasks/1"),
        ("added", "/tasks/0"),
        ("changed", "/tasks/1/title"),
        ("removed", "/transitions/0"),
        ("removed", "/transitions/1"),
        ("removed", "/transitions/3"),
        ("added", "/transitions/0"),
        ("added", "/transitions/1"),
        ("changed", "/transitions/2/condition"),
        ("changed", "/transitions/2/is_default"),
    ]
    assert changes[3] == {"path": "/tasks/1/title", "change": "changed", "before": "Approve", "after": "Decide"}
    assert changes[4]["before"] == {"from": None, "to": "approve"}


def test_a_new_order_is_one_change():
    document = purchase()
    document["tasks"].reverse()
    assert diff(bundle(), normalize(document).bundle) == [
        {"path": "/tasks", "change": "changed", "before": ["approve", "order"], "after": ["order", "approve"]}
    ]
