"""How the sign-in stands in the OpenAPI document: the usual bearer token."""

from __future__ import annotations

from drf_spectacular.contrib.rest_framework_simplejwt import SimpleJWTScheme


class CompanyJWTScheme(SimpleJWTScheme):
    """drf-spectacular finds this by its being a subclass of its extension."""

    target_class = "users.authentication.CompanyJWTAuthentication"
