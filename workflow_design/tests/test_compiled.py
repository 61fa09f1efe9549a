"""Versions as runs use them."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from workflow_design import versions
from workflow_design.kernel.graph import compile_graph
from workflow_design.models import WorkflowVersion
from workflow_design.tests.documents import PURCHASE, UPLOAD, WORKFLOWS

pytestmark = pytest.mark.usefixtures("cast")

DOCUMENT = {
    **PURCHASE,
    "workflow": {
        **PURCHASE["workflow"],
        "fields": [
            *PURCHASE["workflow"]["fields"],
            {"FieldName": "shop", "FieldType": "string"},
            {"FieldName": "urgent", "FieldType": "boolean"},
        ],
    },
    "transitions": PURCHASE["transitions"][1:3],
    "tickets": [
        {
            "key": "urgent",
            "title": "Urgent purchase",
            "fields": {"urgent": {"const": True}, "shop": "Corner shop", "amount": None},
        }
    ],
}


def published(caller, company, in_company, document=DOCUMENT):
    """The id of the version that publishing the document makes."""
    answer = caller.post(f"{UPLOAD}?publish=true", document).json()
    with in_company(company):
        return WorkflowVersion.objects.get(workflow=answer["workflow"]["id"], number=answer["published_version"]).pk


def test_what_runs_need(alice, acme, in_company):
    pk = published(alice, acme, in_company)
    with in_company(acme):
        version = versions.compiled(pk)
        row = WorkflowVersion.objects.get()
    assert (version.id, version.number, version.workflow_id) == (pk, 1, row.workflow_id)
    assert version.bundle == row.document
    assert version.graph == compile_graph(row.document)
    # What goes without saying has been written out.
    assert version.graph.document_transitions == len(version.graph.transitions) == 4
    assert list(version.fields) == ["amount", "shop", "urgent", "approved"]
    assert list(version.tasks) == ["approve", "order"]
    assert version.tasks["order"]["action_url"] == "https://shop.example/orders"
    form = version.tickets["urgent"]
    assert (form.key, form.title) == ("urgent", "Urgent purchase")
    assert form.schema == {
        "type": "object",
        "properties": {"shop": {"type": "string", "default": "Corner shop"}, "amount": {"type": "number"}},
        "required": ["amount"],
        "additionalProperties": False,
    }
    assert (form.constants, form.defaults) == ({"urgent": True}, {"shop": "Corner shop"})
    assert form.checker.errors({"amount": 5}) == []
    assert [error.path for error in form.checker.errors({"amount": "5"})] == ["/amount"]


def test_it_is_loaded_once(alice, acme, in_company):
    pk = published(alice, acme, in_company)
    with in_company(acme):
        assert WorkflowVersion.objects.count() == 1  # the connection has found its schema
        with CaptureQueriesContext(connection) as first:
            version = versions.compiled(pk)
        with CaptureQueriesContext(connection) as second:
            assert versions.compiled(pk) is version
    assert (len(first), len(second)) == (1, 0)


def test_a_version_stays_what_it_was(alice, acme, in_company):
    pk = published(alice, acme, in_company)
    later = published(alice, acme, in_company, {**DOCUMENT, "workflow": {**DOCUMENT["workflow"], "title": "Later"}})
    alice.patch(f"{WORKFLOWS}{alice.get(WORKFLOWS).json()['results'][0]['id']}/", {"title": "Unpublished"})
    with in_company(acme):
        titles = [versions.compiled(version).bundle["workflow"]["title"] for version in (pk, later)]
    assert titles == ["Purchase approval", "Later"]


def test_the_same_id_in_two_companies(alice, acme, api, globex, in_company):
    for company in (acme, globex):
        with in_company(company), connection.cursor() as cursor:
            cursor.execute("ALTER SEQUENCE workflow_versions_id_seq RESTART WITH 7000")
    theirs = {**DOCUMENT, "workflow": {**DOCUMENT["workflow"], "title": "Theirs"}}
    assert published(alice, acme, in_company) == 7000
    assert published(api("workflow_creator", globex), globex, in_company, theirs) == 7000
    for company, title in ((acme, "Purchase approval"), (globex, "Theirs")):
        with in_company(company):
            assert versions.compiled(7000).bundle["workflow"]["title"] == title


def test_a_version_that_is_not_there(acme_db):
    with pytest.raises(WorkflowVersion.DoesNotExist):
        versions.compiled(1)
