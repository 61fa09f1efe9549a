"""`{"name", "nodes", "connections"}`: an integration graph, turned into tasks and transitions.

Triggers become the submission of a ticket, integration and transform nodes become tasks, and condition nodes
disappear into the conditions of the transitions that pass them. What a graph of this kind means by several
connections is said with gates: all of them go on (parallel, or inclusive where conditions choose), and a node waits
for everything that can still reach it (inclusive join).
"""

from __future__ import annotations

from typing import Any

from workflow_design.kernel.document.raw import Raw, slug, spoken
from workflow_design.kernel.document.routes import Connection, joined, without_conditions
from workflow_design.kernel.document.steps import WORKFLOW_KEYS, ticket_part, workflow_part
from workflow_design.kernel.language import check_condition, parse_condition
from workflow_design.kernel.limits import MAX_TASKS, MAX_TRANSITIONS, OPERATION
from workflow_design.kernel.problems import Problem, pointer
from workflow_design.kernel.shape import report, unknown_key

NODES_KEYS = (*WORKFLOW_KEYS, "nodes", "connections", "tickets")
_NODE_TYPES = ("trigger", "integration", "condition", "transform")
_TASK_KEYS = (
    "description",
    "ext_ref",
    "input_schema",
    "output_schema",
    "output_transform",
    "timeout_seconds",
    "retry_policy",
    "split",
    "join",
)
_NODE_KEYS = (
    "id",
    "type",
    "name",
    "title",
    "integration",
    "integration_type",
    "task",
    "params",
    "condition",
    "position",
    *_TASK_KEYS,
)
_CONNECTION_KEYS = ("id", "from", "to", "condition", "priority", "is_default", "on_event")


def from_nodes(document: dict[str, Any], problems: list[Problem]) -> Raw:
    """The bundle's parts."""
    raw = Raw(None, sections={"workflow", "tasks", "transitions", "tickets"})
    raw.workflow = workflow_part(document, raw, problems)
    ticket_part(raw.workflow, document, raw)
    raw.tasks = []
    targets: dict[str, str | None] = {}
    """Node id → key of its task; None is a trigger."""
    rules: dict[str, Any] = {}
    for index, node in enumerate(_list(document, "nodes", MAX_TASKS, problems)):
        _node(node, f"/nodes/{index}", raw, targets, rules, problems)
    connections = [
        connection
        for index, item in enumerate(_list(document, "connections", MAX_TRANSITIONS, problems))
        if (connection := _connection(item, f"/connections/{index}", targets, rules, problems))
    ]
    routes = joined(without_conditions(connections, rules, problems))
    raw.transitions = []
    for index, route in enumerate(routes):
        raw.places.put(f"/transitions/{index}", route.path, whole=route.made)
        raw.transitions.append(route.transition(targets))
    _gates(raw.tasks, raw.transitions)
    return raw


def _list(document: dict[str, Any], name: str, most: int, problems: list[Problem]) -> list[Any]:
    value = document.get(name)
    if type(value) is list and len(value) <= most:
        return value
    if value is not None or name == "nodes":
        report(problems, "wrong_type", f"must be a list of at most {most:,} {name}", f"/{name}")
    return []


def _node(
    node: Any, here: str, raw: Raw, targets: dict[str, str | None], rules: dict[str, Any], problems: list[Problem]
) -> None:
    if type(node) is not dict:
        report(problems, "wrong_type", "must be an object that describes a node", here)
        return
    name, kind = _node_id(node.get("id")), node.get("type")
    if name is None:
        report(problems, "required", "is required: a text or a number", f"{here}/id")
        return
    if name in targets or name in rules:
        report(problems, "duplicate", f'the node "{name}" is listed twice', f"{here}/id")
        return
    targets[name] = None
    if kind == "aiAgent":
        report(problems, "unsupported", "aiAgent nodes can't be used: agents don't exist here yet", f"{here}/type")
        return
    if kind not in _NODE_TYPES:
        report(problems, "not_an_option", f"must be one of: {', '.join(_NODE_TYPES)}", f"{here}/type")
        return
    if "integration_id" in node:
        message = "integrations are named, not numbered: write their name as integration"
        report(problems, "not_allowed", message, f"{here}/integration_id")
    known = (*_NODE_KEYS, "integration_id")
    problems += [unknown_key(key, here, list(known), "node") for key in node if key not in known]
    if kind == "condition":
        del targets[name]
        rules[name] = _node_rule(node, here, problems)
    elif kind != "trigger":
        targets[name] = _task(node, here, kind, raw, problems)


def _node_id(value: Any) -> str | None:
    if type(value) is int:
        return str(value)
    return value if type(value) is str and value else None


def _node_rule(node: dict[str, Any], here: str, problems: list[Problem]) -> Any:
    params = node.get("params")
    if "condition" not in node and type(params) is dict and "condition" in params:
        return _rule(params["condition"], f"{here}/params/condition", problems)
    return _rule(node.get("condition"), f"{here}/condition", problems)


def _rule(value: Any, path: str, problems: list[Problem]) -> Any:
    found = check_condition(value, path)
    problems += found
    return None if found else parse_condition(value)


def _task(node: dict[str, Any], here: str, kind: str, raw: Raw, problems: list[Problem]) -> str:
    there = f"/tasks/{len(raw.tasks)}"
    raw.places.put(there, here)
    raw.places.put(f"{there}/key", f"{here}/id")
    task = {key: node[key] for key in _TASK_KEYS if key in node}
    task["key"] = slug(node["id"])
    named = next((key for key in ("title", "name", "task", "id") if isinstance(node.get(key), str)), "id")
    title = str(node[named])
    task["title"] = title if named in ("title", "name") else spoken(title.rpartition(".")[2])
    raw.places.put(f"{there}/title", f"{here}/{named}")
    task["task_type"] = "SYNC_ACTION"
    params = node.get("params")
    if kind == "transform":
        task["action"] = "compute"
        if "output_transform" not in task:
            task["output_transform"] = params
            raw.places.put(f"{there}/output_transform", f"{here}/params")
        made = task["output_transform"]
        if "output_schema" not in task and type(made) is dict:
            task["output_schema"] = {"type": "object", "properties": {name: {} for name in made if name[:1] != "$"}}
    else:
        task["integration"] = node.get("integration")
        task["action"] = _action(node, here, problems)
        task["input_transform"] = params
        raw.places.put(f"{there}/action", f"{here}/task")
        raw.places.put(f"{there}/input_transform", f"{here}/params")
    raw.tasks.append(task)
    key: str = task["key"]
    return key


def _action(node: dict[str, Any], here: str, problems: list[Problem]) -> str:
    """`<type>.<operation>`: as `task` says it, else with `integration_type`, else with the integration's own name."""
    operation, kind = node.get("task"), node.get("integration_type") or node.get("integration")
    if type(node.get("integration")) is not str and "integration_id" not in node:
        report(problems, "required", "is required: the name of an integration", f"{here}/integration")
    if type(operation) is not str:
        report(problems, "required", "is required: the operation, such as create_issue", f"{here}/task")
        return "http"
    for action in (operation, f"{kind}.{operation}"):
        if OPERATION.fullmatch(action):
            return action
    if type(kind) is str:
        message = f'must name the type too, such as jira.create_issue: "{kind[:100]}" names an integration only'
        report(problems, "bad_action", message, f"{here}/task")
    return "http"


def _connection(
    item: Any, path: str, targets: dict[str, str | None], rules: dict[str, Any], problems: list[Problem]
) -> Connection | None:
    if type(item) is not dict:
        report(problems, "wrong_type", "must be an object with from and to", path)
        return None
    problems += [
        unknown_key(key, path, list(_CONNECTION_KEYS), "connection") for key in item if key not in _CONNECTION_KEYS
    ]
    ends: list[str | None] = []
    for end in ("from", "to"):
        value = item.get(end)
        name = _node_id(value)
        if end not in item:
            report(problems, "required", "is required", f"{path}/{end}")
        elif value is not None and (name is None or (name not in targets and name not in rules)):
            report(problems, "unknown_task", f'there is no node "{str(value)[:100]}"', path + pointer(end))
        elif end == "to" and name in targets and targets[name] is None:
            report(problems, "not_allowed", "nothing leads to a trigger", f"{path}/to")
        else:
            ends.append(name)
    if len(ends) < 2:
        return None
    condition = item.get("condition")
    if condition is not True and condition is not False:
        condition = _rule(condition, f"{path}/condition", problems)
    rest = {key: item[key] for key in ("priority", "is_default", "on_event") if key in item}
    return Connection(ends[0], ends[1], condition, rest, path)


def _gates(tasks: list[dict[str, Any]], transitions: list[dict[str, Any]]) -> None:
    """Says with gates what a graph means by several connections at one node."""
    leaving: dict[Any, list[dict[str, Any]]] = {}
    entering: dict[Any, set[Any]] = {}
    for transition in transitions:
        if transition.get("on_event", "completed") == "completed":
            leaving.setdefault(transition["from"], []).append(transition)
        entering.setdefault(transition["to"], set()).add(transition["from"])
    for task in tasks:
        out = leaving.get(task["key"], [])
        if len(out) > 1:
            chosen = any(t["condition"] is not None or t.get("is_default") for t in out)
            task.setdefault("split", "inclusive" if chosen else "parallel")
        if len(entering.get(task["key"], ())) > 1:
            task.setdefault("join", "inclusive")
