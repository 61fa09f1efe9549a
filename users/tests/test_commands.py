"""The commands create_company and create_operator."""

import re

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django_tenants.utils import tenant_context

from core.models import History
from tenants import spares
from tenants.models import Company
from tests.people import PASSWORD, Caller
from users.models import SystemRole, User
from users.tests.test_login import login


@pytest.fixture(scope="module", autouse=True)
def _spare(file_db):
    """A schema for the company of each test."""
    spares.fill(1)


@pytest.fixture(autouse=True)
def _quiet(monkeypatch, acme):
    monkeypatch.delenv("PASSWORD", raising=False)


def run(capsys, *args, **options):
    call_command(*args, **options)
    return capsys.readouterr().out


def test_a_company_with_a_given_password(capsys, monkeypatch):
    monkeypatch.setenv("PASSWORD", PASSWORD)
    out = run(capsys, "create_company", "Initech", "Bill@initech.example", slug="ini", plan="GROWTH", first_name="Bill")
    assert out == "Company ini (GROWTH), admin bill@initech.example\n"
    company = Company.objects.get(slug="ini")
    answer = login(Caller(company), "bill@initech.example")
    assert answer.json()["user"]["system_roles"] == SystemRole.values
    assert answer.json()["user"]["first_name"] == "Bill"
    assert connection.schema_name == "public"


def test_a_company_with_a_password_made_up(capsys):
    out = run(capsys, "create_company", "Initech", "bill@initech.example")
    password = re.search(r"^Password: (\S{20,})$", out, re.M)[1]
    assert login(Caller(Company.objects.get(slug="initech")), "bill@initech.example", password).status_code == 200


@pytest.mark.parametrize(
    "args, options, why",
    [
        (("Initech", "x"), {}, "email"),
        (("Initech", "x@x.example"), {"slug": "acme"}, "slug"),
        (("", "x@x.example"), {}, "name"),
        (("Initech", "x@x.example"), {"plan": "GOLD"}, "plan"),
    ],
)
def test_a_company_refused(args, options, why):
    with pytest.raises(CommandError, match=why):
        call_command("create_company", *args, **options)
    assert Company.objects.count() == 2


def test_a_bad_password(monkeypatch):
    monkeypatch.setenv("PASSWORD", "1234")
    with pytest.raises(CommandError, match="password"):
        call_command("create_company", "Initech", "x@x.example")
    assert Company.objects.count() == 2


def test_an_operator(capsys, acme):
    with tenant_context(acme):
        out = run(capsys, "create_operator", "Ops@example.com")
        assert User.objects.count() == 0
    assert out.startswith("Operator ops@example.com\nPassword: ")
    user = User.objects.get()
    assert (user.email, user.is_active) == ("ops@example.com", True)
    assert user.check_password(out.split()[-1])
    assert History.objects.get(event="user.created").actor == "system"
    with pytest.raises(CommandError, match="email"):
        call_command("create_operator", "OPS@example.com")
