"""Reads: people and roles as the API shows them, and one person for the services."""

from __future__ import annotations

from typing import Any

import orjson
from django.db.models import QuerySet
from django.db.models.expressions import RawSQL

from core.db import connection, fetch_all
from core.rows import Rows
from core.search import matching
from tenants.models import Company, Domain
from users import usage
from users.models import EVERYONE, WORDS, CompanyRole, SystemRole, User

_PERSON = {
    "id": "users.id",
    "email": "users.email",
    "first_name": "users.first_name",
    "last_name": "users.last_name",
    "system_roles": "users.system_roles",
    # `everyone` is everybody's without being stored.
    "company_roles": f"""'{EVERYONE}'::text || ARRAY(
        SELECT role.name::text FROM user_company_roles held JOIN company_roles role ON role.id = held.companyrole_id
        WHERE held.user_id = users.id ORDER BY role.name)""",
}
# A person as sign-in shows them.
PERSON = Rows(**_PERSON)
PEOPLE = Rows(
    **_PERSON,
    is_active="users.is_active",
    company=":company::text",
    created_by="users.created_by_id",
    created_at="users.created_at",
    updated_at="users.updated_at",
)
ROLES = Rows(
    id="company_roles.id",
    name="company_roles.name",
    description="company_roles.description",
    company=":company::text",
    created_by="company_roles.created_by_id",
    created_at="company_roles.created_at",
    updated_at="company_roles.updated_at",
)

# The schema that the row lies in: where the company's schema or table is missing, PostgreSQL answers from `public`.
_SCHEMA = """(SELECT space.nspname FROM pg_class, pg_namespace space
    WHERE pg_class.oid = users.tableoid AND space.oid = pg_class.relnamespace)"""


def person(**lookup: Any) -> User | None:
    """One person of this company (or operator, on the public host), surely of its own table."""
    found = User.objects.annotate(schema_=RawSQL(_SCHEMA, [])).filter(**lookup).first()  # noqa: S611 - a constant
    if found is None or found.schema_ != connection.schema_name:
        return None
    return found


def shown(pk: int) -> dict[str, Any]:
    """A person as sign-in shows them."""
    row = PERSON.one(User.objects.filter(pk=pk))
    return orjson.loads(row[0]) if row else {}


def domain_of(company: Company) -> str:
    """The host name of the company, without a port."""
    return Domain.objects.filter(tenant=company.pk).order_by("-is_primary", "pk").values_list("domain", flat=True)[0]


def company_shown(pk: int) -> dict[str, Any]:
    """The company, read now, with what its plan allows and what is used of it."""
    company = Company.objects.select_related("plan").get(pk=pk)
    return {
        "id": company.pk,
        "uuid": str(company.uuid),
        "name": company.name,
        "slug": company.slug,
        "domain": domain_of(company),
        "plan": company.plan_id,
        "limits": {name: getattr(company.plan, f"max_{name}") for name in usage.COUNTED},
        "used": usage.used(),
        "created_at": company.created_at,
        "updated_at": company.updated_at,
    }


def search_people(queryset: QuerySet[User], text: str) -> QuerySet[User]:
    """People by the beginnings of the words of their address and names."""
    return matching(queryset, WORDS, text)


def search_roles(queryset: QuerySet[CompanyRole], text: str) -> QuerySet[CompanyRole]:
    """Roles by a part of their name (there are few)."""
    return queryset.filter(name__icontains=text)


def company_role_names(user: User) -> frozenset[str]:
    """The names of the person's company roles, `everyone` among them."""
    return frozenset({EVERYONE, *user.company_roles.values_list("name", flat=True)})


def role_has_worker() -> dict[str, bool]:
    """Every company role by its name, `everyone` among them: whether an active task worker has it."""
    return dict(fetch_all(_ROLE_HAS_WORKER))


_WORKERS = f"""SELECT FROM users worker
    WHERE worker.is_active AND worker.system_roles @> ARRAY['{SystemRole.TASK_WORKER}']::varchar[]"""
_ROLE_HAS_WORKER = f"""
SELECT role.name, CASE WHEN role.name = '{EVERYONE}' THEN EXISTS ({_WORKERS}) ELSE EXISTS (
    {_WORKERS} AND EXISTS (
        SELECT FROM user_company_roles held WHERE held.user_id = worker.id AND held.companyrole_id = role.id)) END
FROM company_roles role
"""
