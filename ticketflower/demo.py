"""Demo data: two companies, their people, the examples and tickets of them in one, and an operator of the platform.

What is there already is left as it is, but that everybody's password is the demo's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.test import Client
from django_tenants.utils import tenant_context

from core.db import connection
from core.errors import Refused
from core.json_input import loads
from core.kept_secret import kept_secret
from core.models import Actor
from tenants import queue, running, spares
from tenants.models import Company
from ticketflower import demo_tickets
from ticketflower.demo_outside import HOST, Outside
from users.models import EVERYONE, CompanyRole, SystemRole, User
from users.selectors import person
from users.services.companies import company_found
from users.services.passwords import password_set
from users.services.people import person_create, person_new
from users.services.roles import role_create
from workflow_design.kernel.document import parse_yaml, workflow_key
from workflow_design.models import TaskDefinition, WorkflowDefinition
from workflow_design.services.publish import workflow_publish
from workflow_design.services.upload import upload

COMPANIES = {"acme": "Acme", "globex": "Globex"}
WITH_EXAMPLES = "acme"
FIRST_NAMES = {
    SystemRole.ADMIN: "Ada",
    SystemRole.USER: "Uma",
    SystemRole.TICKET_ADMIN: "Tom",
    SystemRole.TASK_WORKER: "Will",
    SystemRole.WORKFLOW_CREATOR: "Alice",
}
OPERATOR = "operator@platform.example"
# They play the tickets.
PLAYERS = (SystemRole.USER, SystemRole.TASK_WORKER, SystemRole.TICKET_ADMIN)
# They open tickets and do tasks: they get every company role that the examples name.
WITH_COMPANY_ROLES = (SystemRole.USER, SystemRole.TASK_WORKER)


@dataclass(frozen=True)
class Example:
    """A file of `examples/`."""

    name: str
    document: Any


def examples() -> list[Example]:
    """Every definition in `examples/`, by name."""
    found = []
    for path in sorted((settings.BASE_DIR / "examples").iterdir()):
        if path.suffix in (".yaml", ".json"):
            read = parse_yaml if path.suffix == ".yaml" else loads
            found.append(Example(path.name, read(path.read_bytes())))
    return found


def email_of(role: SystemRole, slug: str) -> str:
    """The address of the person who has this role in this company."""
    return f"{role}@{slug}.example"


def password() -> str:
    """Everybody's, made at the first time on this machine."""
    return kept_secret(settings.BASE_DIR / ".data" / "demo-password", bytes_of_chance=12)


@contextmanager
def outside() -> Iterator[Outside]:
    """The systems that the examples call, where the demo's definitions say that they are; they may be called. OSError
    when that port is taken. Call with the connection on `public`.
    """
    with Outside(_deliver, _port()) as world:
        settings.ALLOWED_PRIVATE_HOSTS = [*settings.ALLOWED_PRIVATE_HOSTS, world.host]
        yield world


def _port() -> int:
    """What an earlier demo has chosen; 0 without one."""
    company = Company.objects.filter(slug=WITH_EXAMPLES).first()
    if company is None:
        return 0
    with tenant_context(company):
        found = TaskDefinition.objects.filter(action_url__startswith=f"http://{HOST}:").order_by("pk")
        url = found.values_list("action_url", flat=True).first()
    return (urlsplit(url).port if url else None) or 0


def _deliver(url: str, headers: dict[str, str], body: bytes) -> int:
    """A callback while no server runs: to the API in this process."""
    parts = urlsplit(url)
    sent = {**headers, "host": parts.netloc}
    try:
        answer = Client().generic("POST", parts.path, body, "application/json", secure=True, headers=sent)
        return answer.status_code
    finally:
        connection.close()


def _work(world: Outside) -> None:
    """Make the calls that are due, as a worker does, and those that follow from their callbacks."""
    tenant = connection.tenant
    connection.set_schema_to_public()
    busy = True
    while busy:
        busy = False
        while (job := queue.fetch(queues=["actions"], worker=None)) is not None:
            running.settle(job, running.run(job))
            busy = True
        world.wait()
    connection.set_tenant(tenant)


def set_up(say: Callable[[str], None], world: Outside) -> None:
    """Make what is missing; `say` gets a line for each thing. Call with the connection on `public`.

    The definitions call `world` in place of systems that don't exist.
    """
    documents = examples()
    _person_made(OPERATOR, say, system_roles=[SystemRole.ADMIN])
    for slug, name in COMPANIES.items():
        company = Company.objects.filter(slug=slug).first()
        if company is None:
            company = company_found(user=_new_person(SystemRole.ADMIN, slug), name=name, slug=slug)
            say(f"{slug}: company made")
        else:
            say(f"{slug}: company is there")
        with tenant_context(company):
            roles = (
                sorted(set(_roles_named([example.document for example in documents]))) if slug == WITH_EXAMPLES else []
            )
            _make_roles(roles)
            _make_people(slug, roles, say)
            if slug == WITH_EXAMPLES:
                _upload(documents, slug, say, world)
    people = {role: email_of(role, WITH_EXAMPLES) for role in PLAYERS}
    demo_tickets.play(WITH_EXAMPLES, people, password(), say, partial(_work, world))
    # The next sign-ups find a schema ready, as in a server that has run for a while.
    spares.fill(settings.SPARE_SCHEMAS)


def _new_person(role: SystemRole, slug: str) -> User:
    return person_new(email=email_of(role, slug), password=password(), system_roles=[role], **_name(role))


def _name(role: SystemRole) -> dict[str, str]:
    return {"first_name": FIRST_NAMES[role], "last_name": str(role.label)}


def _make_roles(names: list[str]) -> None:
    known = set(CompanyRole.objects.values_list("name", flat=True))
    for name in names:
        if name not in known:
            role_create(actor=Actor(), name=name)


def _make_people(slug: str, company_roles: list[str], say: Callable[[str], None]) -> None:
    new = 0
    for role in SystemRole:
        roles = company_roles if role in WITH_COMPANY_ROLES else []
        new += _person_made(email_of(role, slug), say, system_roles=[role], company_roles=roles, **_name(role))
    say(f"{slug}: {len(SystemRole)} people, {new} of them new")


def _person_made(email: str, say: Callable[[str], None], **values: Any) -> bool:
    """Whether there was no such person; one who has another password gets the demo's back."""
    user = person(email=email)
    if user is None:
        person_create(actor=Actor(), email=email, password=password(), **values)
        return True
    if user.is_active and not user.check_password(password()):
        password_set(actor=Actor(), user=user, password=password(), attr="password", by="demo")
        say(f"{email}: has the demo's password again")
    return False


def _roles_named(part: Any) -> Iterator[str]:
    """The company roles that a document, or a part of one, names; `everyone` is there without being made."""
    if isinstance(part, dict):
        for name in ("assignee_roles", "company_role_access"):
            yield from (role for role in part.get(name) or [] if role != EVERYONE)
        part = list(part.values())
    if isinstance(part, list):
        for item in part:
            yield from _roles_named(item)


def _upload(documents: list[Example], slug: str, say: Callable[[str], None], world: Outside) -> None:
    """Upload what isn't there, and publish what never was."""
    creator = person(email=email_of(SystemRole.WORKFLOW_CREATOR, slug))
    for example in documents:
        workflows = WorkflowDefinition.objects.filter(key=workflow_key(example.document))
        told = "is there"
        if not workflows.exists():
            try:
                upload(user=creator, document=_of_this_world(example.document, world))
            except Refused as error:
                raise RuntimeError(f"{example.name} is refused: {error}") from error
            told = "uploaded"
        if pk := workflows.filter(published_version=None).values_list("pk", flat=True).first():
            try:
                told += f", published as version {workflow_publish(user=creator, workflow_id=pk).version}"
            except Refused as error:
                told += f", not published: {error}"
        say(f"{slug}: {example.name} {told}")


def _of_this_world(document: Any, world: Outside) -> Any:
    """The document, with the addresses at which `world` stands in for others."""
    if "tasks" not in document:
        return document
    tasks = [
        {**task, "action_url": world.address(task["action_url"])} if "action_url" in task else task
        for task in document["tasks"]
    ]
    return {**document, "tasks": tasks}
