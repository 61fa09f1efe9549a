"""Who acts in tests, and how they call the API.

Every company has the same cast, one person a system role, made when a test first asks for them:

| name  | role             | address (of acme)   |
|-------|------------------|---------------------|
| Ada   | admin            | ada@acme.example    |
| Alice | workflow_creator | alice@acme.example  |
| Uma   | user             | uma@acme.example    |
| Tom   | ticket_admin     | tom@acme.example    |
| Will  | task_worker      | will@acme.example   |

Everybody's password is PASSWORD. `api(role)` is a client that is signed in as that person:

    def test_a_creator_makes_a_workflow(api, globex):
        alice = api("workflow_creator")
        assert alice.post("/api/workflow/workflows/", {"key": "leave", "title": "Leave"}).status_code == 201
        assert api("workflow_creator", globex).get("/api/workflow/workflows/").json()["count"] == 0

A file whose tests all act as them has them made once: `pytestmark = pytest.mark.usefixtures("cast")`. Then there they
are from the beginning, each of them.

Several roles make one person who has them all (`api(("user", "task_worker"))`), no roles one who has none (`api(())`),
None nobody: calls without a token. `by="path"` calls /api/tenants/{slug}/… on the public host. Answers are Django's
(`status_code`, `json()`, `headers`). The connection keeps the company that it had before a call.
"""

from __future__ import annotations

import json
from copy import copy
from typing import Any

import pytest
from django.test import Client
from django_tenants.utils import tenant_context

from core.db import connection
from core.models import Actor
from tenants.models import Company
from tests.contract import complaint
from tests.database import commits
from users import tokens
from users.models import User
from users.services.people import person_create

PASSWORD = "a rather long sentence 7"
CAST = {"admin": "ada", "workflow_creator": "alice", "user": "uma", "ticket_admin": "tom", "task_worker": "will"}


def person(roles: str | tuple[str, ...], company: Any) -> User:
    """The person of this company who has these system roles; made at the first call."""
    roles = (roles,) if isinstance(roles, str) else tuple(roles)
    name = CAST[roles[0]] if len(roles) == 1 else "-".join(sorted(roles)).replace("_", "") or "nora"
    email = f"{name}@{company.slug}.example"
    with tenant_context(company):
        return User.objects.filter(email=email).first() or person_create(
            actor=Actor(), email=email, password=PASSWORD, first_name=name.title(), system_roles=roles
        )


def check_answer(response: Any, method: str, path: str) -> None:
    """What holds for every answer of the API, whoever asks: it is as openapi.yaml has it."""
    assert response.status_code < 500, f"{method} {path}: {response.status_code} {response.content[:2000]!r}"
    # Where the middleware found no company, the host is the public one, or nobody's. It rewrites paths that name one.
    host = "public" if getattr(response.wsgi_request, "company", None) is None else "company"
    wrong = complaint(method, response.wsgi_request.path_info, response, host=host)
    assert wrong is None, f"{method} {path}: {wrong}; {response.status_code} {response.content[:2000]!r}"


class Caller:
    """Calls the API of one company as one person (`user`; None: nobody), with their tokens."""

    def __init__(self, company: Any, user: User | None = None, pair: dict[str, str] | None = None, by: str = "host"):
        self.company = company
        self.user = user
        self.access = pair and pair["access"]
        self.refresh = pair and pair["refresh"]
        self.by = by
        self._client = Client()

    def get(self, path: str, data: dict[str, Any] | None = None, **options: Any) -> Any:
        """`data` is the query."""
        return self.call("GET", path, query=data, **options)

    def post(self, path: str, data: Any = None, **options: Any) -> Any:
        """`data` is sent as JSON."""
        return self.call("POST", path, data, **options)

    def put(self, path: str, data: Any = None, **options: Any) -> Any:
        """`data` is sent as JSON."""
        return self.call("PUT", path, data, **options)

    def patch(self, path: str, data: Any = None, **options: Any) -> Any:
        """`data` is sent as JSON."""
        return self.call("PATCH", path, data, **options)

    def delete(self, path: str, data: Any = None, **options: Any) -> Any:
        """`data` is sent as JSON."""
        return self.call("DELETE", path, data, **options)

    def call(
        self,
        method: str,
        path: str,
        data: Any = None,
        *,
        query: dict[str, Any] | None = None,
        headers: dict[str, str] | None = None,
        content_type: str = "application/json",
    ) -> Any:
        """One request. `data` goes as JSON, bytes go as they are. By path, `path` begins with /api/."""
        assert self.by == "host" or path.startswith("/api/")
        body = data if isinstance(data, bytes) else b"" if data is None else json.dumps(data).encode()
        sent = {"host": self.host, **({"authorization": f"Bearer {self.access}"} if self.access else {})}
        before = connection.tenant
        try:
            response = self._client.generic(
                method,
                f"/api/tenants/{self.company.slug}/{path[5:]}" if self.by == "path" else path,
                body,
                content_type=content_type,
                headers={**sent, **(headers or {})},
                query_params=query,
            )
        finally:
            connection.set_tenant(before)
        check_answer(response, method, path)
        return response

    @property
    def host(self) -> str:
        """The host that is called."""
        return "localhost" if self.by == "path" or self.company is None else f"{self.company.slug}.localhost"


def signed_in(roles: str | tuple[str, ...] | None, company: Any, by: str = "host") -> Caller:
    """Calls as the person of this company who has these system roles."""
    if roles is None:
        return Caller(company, by=by)
    user = person(roles, company)
    with tenant_context(company):
        pair = tokens.start_family(user)
    return Caller(company, user, pair, by)


@pytest.fixture(scope="module")
def cast(file_db):
    """Everybody of the table above, at acme, made and signed in once for all tests of a file."""
    acme = Company.objects.select_related("plan").get(slug="acme")
    return {role: signed_in(role, acme) for role in CAST}


@pytest.fixture
def api(request, acme):
    """`api(role, company=acme, by="host")`: see the module."""
    there = request.getfixturevalue("cast") if "cast" in request.fixturenames and not commits(request) else {}

    def caller(roles: str | tuple[str, ...] | None, company: Any = acme, *, by: str = "host") -> Caller:
        if company == acme and isinstance(roles, str) and roles in there:
            # A person of this test's own: what it changes of one, no other sees.
            one = there[roles]
            return Caller(acme, copy(one.user), {"access": one.access, "refresh": one.refresh}, by)
        return signed_in(roles, company, by)

    return caller


@pytest.fixture
def public(acme):
    """Calls on the public host, as nobody."""
    return Caller(None)
