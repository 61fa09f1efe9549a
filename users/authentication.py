"""Who calls: the token's person, as the database has them now."""

from __future__ import annotations

import time
from functools import lru_cache
from typing import Any

import orjson
from rest_framework.request import Request
from rest_framework_simplejwt.authentication import JWTAuthentication
from rest_framework_simplejwt.exceptions import TokenError

from core.db import fetch_row, here
from core.errors import denied
from users.models import User
from users.tokens import AccessToken, invalid_token

_FIELDS = ("id", "email", "first_name", "last_name", "is_active")
# All that can end a sign-in before its token does, in one statement: the person disabled, the family revoked (new
# password, sign-out, stolen token), the company suspended or gone. And where the company's schema or table is missing,
# PostgreSQL answers from `public`: the table that the person's row lies in tells.
_SQL = f"""
    SELECT person.tableoid, company.is_active, {", ".join(f"person.{name}" for name in _FIELDS)},
        array_to_json(person.system_roles)::text
    FROM public.companies company
    JOIN users person ON person.id = %s AND person.is_active
    JOIN token_families family ON family.id = %s AND family.user_id = person.id AND family.revoked_at IS NULL
    WHERE company.uuid = %s
"""


_SCHEMA_OF = "SELECT relnamespace::regnamespace::text FROM pg_class WHERE oid = %s"
# Company's uuid → the number of its table of people: it stays the same for as long as the table is there.
_own_tables: dict[Any, int] = {}


def _is_own_table(number: int) -> bool:
    """Whether the table with this number lies in the schema that the connection is on."""
    connection = here()
    key = connection.tenant.uuid
    if _own_tables.get(key) == number:
        return True
    with connection.cursor() as cursor:
        cursor.execute(_SCHEMA_OF, [number])
        row = cursor.fetchone()
    if row is None or row[0].strip('"') != connection.schema_name:
        return False
    _own_tables[key] = number
    return True


@lru_cache(maxsize=4096)
def _token(text: str, company: Any) -> AccessToken:
    """The token, checked once a process: the same one comes with every call of a session. Raises TokenError.

    What can change (the time, the company, the person) is looked at in every call. `company` is the connection's, whose
    token it must be.
    """
    return AccessToken(text)  # type: ignore[arg-type]


class CompanyJWTAuthentication(JWTAuthentication):
    """`Authorization: Bearer <access>`; roles, passwords and suspensions count from the next request on."""

    def __init__(self) -> None:
        """Made for each request, and needs nothing that its base looks up."""

    def authenticate(self, request: Request) -> tuple[User, AccessToken] | None:  # type: ignore[override]
        """The person and the token; None without a token. Raises 401, and 403 for a suspended company."""
        parts = request._request.META.get("HTTP_AUTHORIZATION", "").split()
        if not parts or parts[0].lower() != "bearer":
            return None
        if len(parts) != 2:
            raise invalid_token()
        try:
            token = _token(parts[1], getattr(here().tenant, "uuid", None))
        except TokenError:
            raise invalid_token() from None
        if token.payload["exp"] <= time.time():
            raise invalid_token()
        return self.get_user(token), token

    def get_user(self, validated_token: Any) -> User:  # type: ignore[override]
        """The person whose token this is."""
        connection = here()
        row = fetch_row(_SQL, [validated_token.user_id, validated_token.family, connection.tenant.uuid])
        if row is None or not _is_own_table(row[0]):
            raise invalid_token()
        if not row[1]:
            raise denied("This company is suspended.", code="company_suspended")
        return User.from_db(connection.alias, [*_FIELDS, "system_roles"], [*row[2:-1], orjson.loads(row[-1])])
