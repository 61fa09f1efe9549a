"""How calls ended, as /metrics tells it."""

from tenants import counters
from workflow_ops.tests.outside import Said
from workflow_ops.tests.test_actions import document, run_retries


def counted():
    counters.flush()
    return {labels["outcome"]: value for metric, labels, value in counters.totals() if metric == "action_attempts"}


def test_attempts_are_counted_by_outcome(publish, start, outside, django_capture_on_commit_callbacks):
    before = counted()
    outside.says(Said(503), Said(503), Said(body={"id": "x"}))
    publish(document("shop", outside.url))
    start("shop", amount=5)
    with django_capture_on_commit_callbacks(execute=True):
        run_retries()
    after = counted()
    assert {name: after[name] - before.get(name, 0) for name in after} == {"failed": 2, "succeeded": 1}
