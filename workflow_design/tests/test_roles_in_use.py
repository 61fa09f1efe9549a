"""A company role that definitions name is neither removed nor renamed."""

from workflow_design.tests.documents import UPLOAD, WORKFLOWS, errors


def test_a_role_in_use(api, alice, purchase):
    ada = api("admin")
    role = ada.post("/api/company-roles/", {"name": "manager"}).json()
    address = f"/api/company-roles/{role['id']}/"
    for response in (ada.delete(address), ada.patch(address, {"name": "boss"})):
        assert response.status_code == 409
        assert errors(response) == [(None, "in_use")]
        assert "task Approve" in response.json()["errors"][0]["detail"]
    assert ada.patch(address, {"description": "Approves"}).status_code == 200
    alice.delete(f"{WORKFLOWS}{purchase['workflow']['id']}/")
    assert ada.delete(address).status_code == 204


def test_a_role_that_opens_a_ticket_type(api, alice):
    ada = api("admin")
    role = ada.post("/api/company-roles/", {"name": "buyer"}).json()
    ticket = {"key": "buy", "title": "Buy", "fields": {}, "company_role_access": ["buyer"]}
    alice.post(UPLOAD, {"workflow": {"key": "buy", "title": "Buy"}, "tasks": [], "tickets": [ticket]})
    response = ada.delete(f"/api/company-roles/{role['id']}/")
    assert response.status_code == 409
    assert "ticket type Buy" in response.json()["errors"][0]["detail"]
