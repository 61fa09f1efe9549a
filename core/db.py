"""Django's connection, typed as what it is here: django-tenants' wrapper, which knows whose schema it is on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from django.db import connection as _connection

if TYPE_CHECKING:
    from django.db.backends.postgresql.base import DatabaseWrapper

    class TenantConnection(DatabaseWrapper):
        """What django-tenants adds. `tenant` is the Company, or a stand-in with only `schema_name`."""

        tenant: Any
        schema_name: str

        def set_tenant(self, tenant: Any, include_public: bool = True) -> None: ...
        def set_schema_to_public(self) -> None: ...


connection = cast("TenantConnection", _connection)
