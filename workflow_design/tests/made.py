"""Large documents for pictures: blocks of every kind one after the other, made from a seed."""

from itertools import pairwise
from random import Random

VERBS = ("Check", "Approve", "Order", "Inform", "Plan", "Record", "Compare", "Deliver", "Book", "Sign")
THINGS = ("the request", "the budget", "the contract with the supplier", "all sites", "the payment", "the risk")


class Maker:
    def __init__(self, seed):
        self.random = Random(seed)
        self.tasks = []
        self.transitions = []

    def task(self, **values):
        key = f"t{len(self.tasks)}"
        title = f"{self.random.choice(VERBS)} {self.random.choice(THINGS)}"
        kind = self.random.choice(["FORM", "FORM", "FORM", "SYNC_ACTION", "ASYNC_ACTION", "compute"])
        made = {"key": key, "title": title, "task_type": kind, **values}
        if kind == "FORM":
            made["assignee_roles"] = self.random.sample(["buyer", "manager", "finance", "legal_counsel"], 1)
        elif kind == "compute":
            made |= {"task_type": "SYNC_ACTION", "action": "compute", "output_transform": {}}
        else:
            made["action_url"] = "https://erp.example.com/v1/orders"
        self.tasks.append(made)
        return key

    def go(self, source, target, **values):
        self.transitions.append({"from": source, "to": target, **values})

    def block(self, gate, width):
        """A split, its branches and a join: the keys of both."""
        first = self.task(split=gate)
        branches = [[self.task() for _ in range(self.random.randint(1, 2))] for _ in range(width)]
        last = self.task(join=gate)
        for number, branch in enumerate(branches):
            how = {}
            if gate != "parallel":
                how = {"condition": {">=": [{"var": "amount"}, 1000 * number + 1000]}, "priority": number}
                how = {"is_default": True} if number == width - 1 else how
            self.go(first, branch[0], **how)
            for one, other in pairwise(branch):
                self.go(one, other)
            self.go(branch[-1], last)
        return first, last

    def rework(self):
        """A check that may lead back, and runs out of time."""
        first, last = self.task(), self.task(due_in_seconds=3600)
        self.go(first, last)
        self.go(last, first, condition={"===": [{"var": "ok"}, False]})
        return first, last

    def call(self):
        """An action that may fail, and a person for that."""
        first = self.task(task_type="SYNC_ACTION", action_url="https://erp.example.com/v1/orders")
        self.tasks[-1].pop("assignee_roles", None)
        repair, last = self.task(), self.task()
        self.go(first, last)
        self.go(first, repair, on_event="error")
        self.go(repair, last)
        return first, last


def made(count, seed=1):
    """A document of about `count` tasks, at least three."""
    maker = Maker(seed)
    before, how = None, {}
    while len(maker.tasks) < count - 6:
        kind = maker.random.choice(["parallel", "exclusive", "inclusive", "rework", "call"])
        if kind in ("rework", "call"):
            first, last = maker.rework() if kind == "rework" else maker.call()
        else:
            first, last = maker.block(kind, maker.random.randint(2, 4))
        maker.go(before, first, **how)
        before, how = last, {"is_default": True} if kind == "rework" else {}
        if kind == "rework":
            maker.go(last, None, on_event="timeout")
    while len(maker.tasks) < count:
        last = maker.task()
        maker.go(before, last, **how)
        before, how = last, {}
    maker.go(before, None)
    fields = [{"FieldName": "amount", "FieldType": "number"}, {"FieldName": "ok", "FieldType": "boolean"}]
    return {
        "format": "ticketflower/1",
        "workflow": {"key": "made", "title": f"A process of {count} tasks", "fields": fields},
        "tasks": maker.tasks,
        "transitions": maker.transitions,
    }
