import pytest

from tenants import building


@pytest.fixture
def quick_schemas(monkeypatch):
    """Companies' schemas are built in milliseconds: nothing is in them but the record of their migrations."""
    monkeypatch.setattr(building, "_script", ("CREATE TABLE django_migrations AS TABLE public.django_migrations", "-"))
