"""A task of people that nobody could do is told of before it is published."""

import pytest
from django_tenants.utils import tenant_context

from tests.people import person
from users.models import CompanyRole, User
from workflow_design.services.staffing import check_staffing


@pytest.fixture
def role(acme_db):
    """`role("buyer", "task_worker")`: the company role, given to the person with this system role."""

    def role(name, *holders):
        made = CompanyRole.objects.create(name=name)
        for holder in holders:
            person(holder, acme_db).company_roles.add(made)
        return made

    return role


def bundle(*roles, task_type="FORM", policy="claim", access=("everyone",)):
    """A workflow of tasks, one for each tuple of roles."""
    tasks = [
        {"key": f"t{n}", "task_type": task_type, "assignee_roles": list(names), "assignment_policy": policy}
        for n, names in enumerate(roles)
    ]
    return {"tasks": tasks, "tickets": [{"company_role_access": list(access)}]}


def said(definition):
    return [(p.severity, p.code, p.path, p.task) for p in check_staffing(definition)]


def nobody(task):
    return "warning", "nobody_can_do", f"/tasks/{task}/assignee_roles", f"t{task}"


def test_somebody_has_the_role_and_does_tasks(role):
    role("buyer", "task_worker")
    role("clerk")
    assert said(bundle((), ("everyone",), ("buyer",), ("clerk", "buyer"))) == []


def test_a_role_that_nobody_has(role):
    role("buyer", "user")
    role("clerk")
    role("seller", "task_worker")
    problems = check_staffing(bundle((), ("buyer",), ("clerk", "seller"), ("buyer", "clerk")))
    assert [(p.severity, p.code, p.path, p.task) for p in problems] == [nobody(1), nobody(3)]
    assert [p.message for p in problems] == [
        'Nobody can do "t1" now, so that tickets would wait there: no active task worker has the company role "buyer". '
        "Let an admin give it to one, or name a role that somebody has.",
        'Nobody can do "t3" now, so that tickets would wait there: no active task worker has the company role "buyer" '
        'or "clerk". Let an admin give it to one, or name a role that somebody has.',
    ]


def test_nobody_who_does_tasks_at_all(role, acme):
    role("buyer", "user")
    (problem, *others) = check_staffing(bundle((), ("everyone",), ("buyer",)))
    assert len(others) == 2
    assert problem.message == (
        'Nobody can do "t0" now, so that tickets would wait there: no active person is a task worker. '
        "Let an admin give somebody the system role task_worker."
    )
    will = person("task_worker", acme)
    assert said(bundle(())) == []
    User.objects.filter(pk=will.pk).update(is_active=False)
    assert said(bundle(())) == [nobody(0)]


def test_people_of_other_companies_do_not_count(role, globex):
    person("task_worker", globex)
    with tenant_context(globex):
        assert said(bundle(())) == []
    assert said(bundle(())) == [nobody(0)]


def test_a_role_that_is_not_there_is_told_of_once(role):
    role("clerk")
    assert said(bundle(("buyer",), ("buyer", "clerk"), access=["seller"])) == [
        ("warning", "unknown_role", "/tasks/0/assignee_roles/0", None),
        ("warning", "unknown_role", "/tasks/1/assignee_roles/0", None),
        ("warning", "unknown_role", "/tickets/0/company_role_access/0", None),
        nobody(1),
    ]


@pytest.mark.parametrize("other", [{"task_type": "SYNC_ACTION"}, {"policy": "requester"}], ids=str)
def test_what_needs_no_candidate(acme_db, other):
    assert said(bundle((), ("everyone",), **other)) == []


def test_one_query_whatever_the_size(role, django_assert_num_queries):
    role("buyer", "task_worker")
    with django_assert_num_queries(1):
        check_staffing(bundle(*[("buyer",), (), ("x",)] * 300))
    with django_assert_num_queries(0):
        check_staffing(bundle(access=[]))
