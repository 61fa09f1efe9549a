"""How views become the OpenAPI document."""

from __future__ import annotations

from drf_spectacular.openapi import AutoSchema as SpectacularSchema


class AutoSchema(SpectacularSchema):
    """drf-spectacular's schema, with this project's conventions."""
