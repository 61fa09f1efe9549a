"""Several people who could do a task, all sent away at once: one stays."""

import os
from typing import Any

from django_tenants.utils import tenant_context

from core.errors import Refused
from core.models import Actor
from tests.parallel import at_once
from tests.people import person
from users.models import CompanyRole, User
from users.services.people import person_update
from workflow_design.services.upload import Options, upload
from workflow_ops.tests.documents import flow

ROUNDS = int(os.environ.get("RACE_ROUNDS", "5"))
PEOPLE = 6
BUY = flow("buy", [("approve", {"assignee_roles": ["buyer"]})], [(None, "approve"), ("approve", None)])
CHANGES: tuple[dict[str, Any], ...] = ({"is_active": False}, {"system_roles": []}, {"company_roles": []})
START = {"is_active": True, "system_roles": ["task_worker"], "company_roles": ["buyer"]}


def test_the_last_of_them_stays(own_database, acme):
    """Nobody is an admin here: those who are changed have no row in common that they could wait at."""
    with tenant_context(acme):
        CompanyRole.objects.create(name="buyer")
        people = [
            User.objects.create(email=f"worker{n}@acme.example", system_roles=["task_worker"]).pk for n in range(PEOPLE)
        ]
        options = Options(publish=True, accept_unproved=True)
        upload(user=person("workflow_creator", acme), document=BUY, options=options)

    def leave(number):
        with tenant_context(acme):
            return person_update(actor=Actor(), pk=people[number], **CHANGES[number % 3])

    for _ in range(ROUNDS):
        with tenant_context(acme):
            for pk in people:
                person_update(actor=Actor(), pk=pk, **START)
        answers = at_once(PEOPLE, leave)
        refused = [answer for answer in answers if isinstance(answer, Refused)]
        assert [isinstance(answer, User) for answer in answers].count(True) == PEOPLE - 1, answers
        assert [(answer.status, answer.faults[0].code) for answer in refused] == [(409, "nobody_left")]
        with tenant_context(acme):
            left = User.objects.filter(is_active=True, system_roles=["task_worker"], company_roles__name="buyer")
            assert left.count() == 1
