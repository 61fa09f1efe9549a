"""Commands for operators."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from core.models import Actor, History
from tenants.models import Company, SpareSchema
from tenants.services import company_suspend


def output(*arguments):
    out = StringIO()
    call_command(*arguments, stdout=out)
    return out.getvalue()


def test_list_companies(acme, globex):
    company_suspend(company=globex, actor=Actor())
    day = f"{acme.created_at:%Y-%m-%d}"
    assert output("list_companies").splitlines() == [
        "id  slug    plan        state      since       domains           name",
        f"{acme.pk:<4}acme    ENTERPRISE  active     {day}  acme.localhost    Acme",
        f"{globex.pk:<4}globex  ENTERPRISE  suspended  {day}  globex.localhost  Globex",
    ]


def test_list_of_no_companies(db):
    Company.objects.all().delete()
    assert output("list_companies") == "id  slug  plan  state  since  domains  name\n"


def test_suspend_company(acme, globex):
    assert output("suspend_company", "acme") == "acme is suspended.\n"
    assert dict(Company.objects.values_list("slug", "is_active")) == {"acme": False, "globex": True}
    assert output("suspend_company", "acme", "--resume") == "acme is active.\n"
    assert Company.objects.get(slug="acme").is_active
    events = History.objects.filter(subject_id=acme.pk).order_by("id").values_list("event", "actor")
    assert list(events)[1:] == [("company.suspended", "system"), ("company.resumed", "system")]


def test_suspend_an_unknown_company(db):
    with pytest.raises(CommandError, match="There is no company 'initech'"):
        output("suspend_company", "initech")


@pytest.mark.usefixtures("quick_schemas")
def test_prepare_spares(db):
    assert output("prepare_spares", "--count", "2") == "Spare schemas: 2 made, 0 stale ones dropped.\n"
    SpareSchema.objects.update(migration_hash="of other migrations")
    assert output("prepare_spares", "--count", "1") == "Spare schemas: 1 made, 2 stale ones dropped.\n"
    assert output("prepare_spares", "--count", "0") == "Spare schemas: 0 made, 0 stale ones dropped.\n"
    assert SpareSchema.objects.count() == 1


@pytest.mark.parametrize("count", ["-1", "1001"])
def test_prepare_an_impossible_number_of_spares(db, count):
    with pytest.raises(CommandError, match="0 to 1000"):
        output("prepare_spares", f"--count={count}")
