"""Making and changing companies."""

import pytest
from django.db import connection, transaction

from core.errors import Refused
from core.models import Actor, History
from tenants.models import Company, Domain
from tenants.services import (
    company_change_plan,
    company_create,
    company_rename,
    company_resume,
    company_suspend,
    slug_for,
    slug_problem,
)

OPERATOR = Actor(7, "op@example.com")


def schemas_now():
    with connection.cursor() as cursor:
        cursor.execute("SELECT nspname FROM pg_namespace WHERE nspname !~ '^pg_'")
        return {name for (name,) in cursor.fetchall()}


def refusal(call, **values):
    with pytest.raises(Refused) as caught:
        call(**values, actor=OPERATOR)
    (fault,) = caught.value.faults
    return caught.value.status, fault.attr, fault.code


def test_its_schema_is_complete(db, in_company, acme):
    def tables(company):
        with in_company(company), connection.cursor() as cursor:
            cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = current_schema()")
            return {name for (name,) in cursor.fetchall()}

    made = tables(company_create(name="New", actor=OPERATOR))
    assert "users" in made
    assert made == tables(acme)


@pytest.mark.usefixtures("quick_schemas")
class TestCreate:
    def test_everything_of_it(self, db):
        company = company_create(name="  Ünder & Söhne ", actor=OPERATOR)
        stored = Company.objects.get(pk=company.pk)
        assert (stored.name, stored.slug, stored.schema_name) == ("Ünder & Söhne", "under-sohne", "under-sohne")
        assert (stored.plan_id, stored.is_active, stored.uuid) == ("ENTERPRISE", True, company.uuid)
        domain = Domain.objects.get(tenant=company)
        assert (domain.domain, domain.is_primary) == ("under-sohne.localhost", True)
        event = History.objects.get(subject_type="company", subject_id=company.pk)
        assert (event.event, event.actor, event.actor_id, event.subject) == (
            "company.created",
            "op@example.com",
            7,
            "under-sohne",
        )
        assert event.detail == {"name": "Ünder & Söhne", "plan": "ENTERPRISE"}

    def test_a_given_plan(self, db):
        assert company_create(name="Small", plan_key="GROWTH", actor=OPERATOR).plan.max_workflows == 10

    def test_an_unknown_plan(self, db):
        assert refusal(company_create, name="Small", plan_key="GOLD") == (400, "plan", "invalid")

    @pytest.mark.parametrize("name", ["", "   ", "x" * 101])
    def test_a_bad_name(self, db, name):
        status, attr, _ = refusal(company_create, name=name)
        assert (status, attr) == (400, "name")

    def test_a_name_again_gets_a_number(self, db):
        made = [company_create(name="Acme", actor=OPERATOR).slug for _ in range(3)]
        assert made == ["acme-2", "acme-3", "acme-4"]

    def test_a_long_name_again_stays_within_bounds(self, db):
        slugs = [company_create(name="a" * 80, actor=OPERATOR).slug for _ in range(2)]
        assert slugs == ["a" * 50, "a" * 48 + "-2"]

    def test_a_given_slug_that_is_taken(self, db):
        before = schemas_now(), Company.objects.count(), History.objects.count()
        assert refusal(company_create, name="Other", slug="acme") == (400, "slug", "taken")
        assert (schemas_now(), Company.objects.count(), History.objects.count()) == before

    def test_a_slug_whose_schema_is_in_use_otherwise(self, db):
        with connection.cursor() as cursor:
            cursor.execute("CREATE SCHEMA topology")
        assert refusal(company_create, name="Other", slug="topology") == (400, "slug", "taken")
        assert company_create(name="Topology", actor=OPERATOR).slug == "topology-2"
        assert not Company.objects.filter(slug="topology").exists()

    def test_a_slug_whose_domain_is_another_companys(self, db, globex):
        Domain.objects.create(domain="shop.localhost", tenant=globex, is_primary=False)
        assert refusal(company_create, name="Shop", slug="shop") == (400, "slug", "taken")
        assert "shop" not in schemas_now()

    def test_undone_with_the_callers_transaction(self, db):
        before = schemas_now()
        with pytest.raises(ZeroDivisionError), transaction.atomic():  # noqa: PT012
            company_create(name="New", actor=OPERATOR)
            raise ZeroDivisionError
        assert schemas_now() == before
        assert not Company.objects.filter(slug="new").exists()


class TestSlug:
    @pytest.mark.parametrize(
        "name, slug",
        [
            ("Acme Inc.", "acme-inc"),
            ("  -- A/B  ", "a-b"),
            ("Zoë's Café", "zoe-s-cafe"),
            ("123", "company-123"),
            ("東京", "company"),
            ("Public", "company-public"),
            ("PG Tools", "company-pg-tools"),
            ("x" * 100, "x" * 50),
            ("a" * 49 + " b", "a" * 49),
        ],
    )
    def test_made_from_a_name(self, name, slug):
        assert slug_for(name) == slug
        assert slug_problem(slug) is None

    @pytest.mark.parametrize("slug", ["a", "a-b", "1a", "a1", "x" * 50, "spare", "a--b"])
    def test_good(self, slug):
        assert slug_problem(slug) is None

    @pytest.mark.parametrize(
        "slug",
        ["", "-a", "a-", "A", "ä", "a_b", "a.b", "a b", "x" * 51, "123", "1-2", "a\n", "a\0", "spare_1", '"', "a;b"]
        + ["public", "information_schema", "pg", "pg-x", "pgadmin", "www", "admin", "api", "static", "media"]
        + ["health", "ready", "localhost"],
    )
    def test_bad(self, db, slug):
        assert slug_problem(slug)
        assert refusal(company_create, name="X", slug=slug) == (400, "slug", "invalid")

    def test_the_database_refuses_a_bad_one_too(self, db, acme):
        from django.db import IntegrityError

        for slug in ("123", "A", "a_b", "a\n"):
            with pytest.raises(IntegrityError, match="company_slug_valid"), transaction.atomic():
                Company.objects.filter(pk=acme.pk).update(slug=slug)


class TestChange:
    def events(self):
        return list(History.objects.filter(actor_id=7).order_by("id").values_list("event", "detail"))

    def test_suspend_and_resume(self, acme):
        company_suspend(company=acme, actor=OPERATOR)
        assert not Company.objects.get(pk=acme.pk).is_active
        assert not acme.is_active
        company_resume(company=acme, actor=OPERATOR)
        assert Company.objects.get(pk=acme.pk).is_active
        assert self.events() == [("company.suspended", {}), ("company.resumed", {})]

    def test_what_changes_nothing_is_not_in_the_history(self, acme):
        company_resume(company=acme, actor=OPERATOR)
        company_rename(company=acme, name="Acme ", actor=OPERATOR)
        company_change_plan(company=acme, plan_key="ENTERPRISE", actor=OPERATOR)
        assert self.events() == []

    def test_rename(self, acme):
        before = acme.updated_at
        company_rename(company=acme, name=" Acme & Sons ", actor=OPERATOR)
        stored = Company.objects.get(pk=acme.pk)
        assert (stored.name, stored.slug, acme.name) == ("Acme & Sons", "acme", "Acme & Sons")
        assert stored.updated_at > before
        assert self.events() == [("company.renamed", {"from": "Acme", "to": "Acme & Sons"})]

    def test_rename_to_nothing(self, acme):
        assert refusal(company_rename, company=acme, name=" ") == (400, "name", "blank")
        assert acme.name == "Acme"

    def test_change_plan(self, acme, globex):
        company_change_plan(company=acme, plan_key="FREE", actor=OPERATOR)
        assert Company.objects.get(pk=acme.pk).plan_id == "FREE"
        assert Company.objects.get(pk=globex.pk).plan_id == "ENTERPRISE"
        assert self.events() == [("company.plan_changed", {"from": "ENTERPRISE", "to": "FREE"})]

    def test_change_to_an_unknown_plan(self, acme):
        assert refusal(company_change_plan, company=acme, plan_key="GOLD") == (400, "plan", "invalid")
        assert Company.objects.get(pk=acme.pk).plan_id == "ENTERPRISE"

    def test_a_change_is_seen_at_once_by_this_process(self, acme, django_capture_on_commit_callbacks):
        from tenants.hosts import company_for_key

        assert company_for_key("acme").name == "Acme"
        with django_capture_on_commit_callbacks(execute=True):
            company_rename(company=acme, name="Renamed", actor=OPERATOR)
        assert company_for_key("acme").name == "Renamed"
