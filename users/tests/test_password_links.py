"""POST /api/password-reset/ and …/confirm/, and the links that they are about."""

import re
from datetime import datetime, timedelta

import pytest
from django_tenants.utils import tenant_context

from core.models import History
from tests.parallel import at_once
from tests.people import PASSWORD, Caller, person
from users.mail import wait_until_sent
from users.models import TokenFamily, User
from users.services import links
from users.tests.test_login import login

pytestmark = pytest.mark.usefixtures("cast")

NEW = "an entirely other sentence 8"
LINK = re.compile(r"http://acme\.localhost/password/([A-Za-z0-9_-]+)/([a-z0-9-]+)/\n")


@pytest.fixture
def uma(acme):
    return person("user", acme)


@pytest.fixture
def nobody(acme):
    return Caller(acme)


@pytest.fixture
def post(django_capture_on_commit_callbacks):
    """A request whose mails are in the outbox when it is answered."""

    def posted(caller, path, body):
        with django_capture_on_commit_callbacks(execute=True):
            answer = caller.post(path, body)
        wait_until_sent()
        return answer

    return posted


@pytest.fixture
def reset(post, nobody, uma, mailoutbox):
    """Uma has forgotten her password: (uid, token) of her mail."""

    def asked(email="uma@acme.example"):
        assert post(nobody, "/api/password-reset/", {"email": email}).status_code == 204
        return LINK.search(mailoutbox[-1].body).groups()

    return asked


def confirm(caller, link, password=NEW):
    return caller.post("/api/password-reset/confirm/", {"uid": link[0], "token": link[1], "new_password": password})


def assert_bad(answer):
    assert answer.status_code == 400
    assert [(e["code"], e["attr"]) for e in answer.json()["errors"]] == [("bad_link", "token")]


def test_the_mail(reset, mailoutbox, acme):
    reset()
    (mail,) = mailoutbox
    assert mail.to == ["uma@acme.example"]
    assert mail.subject == "Choose a new password for Acme"
    assert "within 24 hours" in mail.body
    with tenant_context(acme):
        assert not History.objects.filter(event="user.password_set").exists()


@pytest.mark.parametrize("email", ["nobody@acme.example", "ada@globex.example", "off@acme.example"])
def test_nobody_is_told_who_is_known(post, nobody, acme, globex, mailoutbox, email):
    person("admin", globex)
    with tenant_context(acme):
        User.objects.create(email="off@acme.example", is_active=False)
    answer = post(nobody, "/api/password-reset/", {"email": email})
    assert (answer.status_code, answer.content) == (204, b"")
    assert mailoutbox == []


def test_a_new_password_by_link(reset, nobody, acme, uma):
    with tenant_context(acme):
        family = TokenFamily.objects.create(user=uma, expires_at=datetime.now().astimezone() + timedelta(days=1))
    link = reset("UMA@acme.example")
    answer = confirm(nobody, link)
    assert (answer.status_code, answer.content) == (204, b"")
    assert login(nobody, "uma@acme.example", PASSWORD).status_code == 401
    assert login(nobody, "uma@acme.example", NEW).status_code == 200
    with tenant_context(acme):
        assert TokenFamily.objects.get(pk=family.pk).revoked_at is not None
        assert History.objects.get(event="user.password_set").detail == {"by": "link"}


def test_it_works_once(reset, nobody):
    link = reset()
    assert confirm(nobody, link).status_code == 204
    assert_bad(confirm(nobody, link, "yet another sentence 9"))
    assert login(nobody, "uma@acme.example", NEW).status_code == 200


def test_a_refused_password_does_not_use_it_up(reset, nobody):
    link = reset()
    answer = confirm(nobody, link, "1234")
    assert answer.status_code == 400
    assert {error["attr"] for error in answer.json()["errors"]} == {"new_password"}
    assert confirm(nobody, link).status_code == 204


def test_using_one_ends_the_other(reset, nobody):
    first, second = reset(), reset()
    assert confirm(nobody, second).status_code == 204
    assert_bad(confirm(nobody, first))


def test_signing_in_ends_it(reset, nobody):
    link = reset()
    assert login(nobody, "uma@acme.example").status_code == 200
    assert_bad(confirm(nobody, link))


def test_it_expires(reset, nobody, settings):
    link = reset()
    settings.PASSWORD_RESET_TIMEOUT = -1
    assert_bad(confirm(nobody, link))
    assert login(nobody, "uma@acme.example").status_code == 200


def test_not_in_another_company(reset, globex, uma):
    with tenant_context(globex):
        User.objects.create(pk=uma.pk, email=uma.email, password=uma.password)
    link = reset()
    assert_bad(confirm(Caller(globex), link))
    with tenant_context(globex):
        assert User.objects.get(pk=uma.pk).password == uma.password


def test_not_for_somebody_else(reset, nobody, acme):
    _, token = reset()
    will = person("task_worker", acme)
    assert_bad(confirm(nobody, (links.urlsafe_base64_encode(str(will.pk).encode()), token)))


def test_not_for_a_disabled_person(reset, nobody, acme, uma):
    link = reset()
    with tenant_context(acme):
        User.objects.filter(pk=uma.pk).update(is_active=False)
    assert_bad(confirm(nobody, link))


@pytest.mark.parametrize("uid", ["x", "MQ==", "OTk5OTk5OTk5OTk5OTk5OTk5OTk5OTk", "_w", "LTE", "4pyT"])
def test_no_link_at_all(nobody, uma, uid):
    assert_bad(confirm(nobody, (uid, "abc-def")))


def test_a_few_mails_an_hour(reset, post, nobody, mailoutbox, monkeypatch):
    monkeypatch.setattr(links, "MAILS_PER_ADDRESS", "2/day")
    for _ in range(4):
        assert post(nobody, "/api/password-reset/", {"email": "uma@acme.example"}).status_code == 204
    assert len(mailoutbox) == 2


def test_a_front_ends_own_page(reset, post, nobody, mailoutbox, settings):
    settings.PASSWORD_LINK_URL = "https://app.example/choose?u={uid}&t={token}"
    post(nobody, "/api/password-reset/", {"email": "uma@acme.example"})
    link = re.search(r"https://app\.example/choose\?u=([^&\s]+)&t=(\S+)", mailoutbox[-1].body).groups()
    assert confirm(nobody, link).status_code == 204


def test_whoever_asks_does_not_choose_the_host(post, nobody, uma, mailoutbox, settings):
    settings.PUBLIC_PORT = 8000
    settings.USE_HTTPS = True
    post(Caller(nobody.company, by="path"), "/api/password-reset/", {"email": "uma@acme.example"})
    assert "https://acme.localhost:8000/password/" in mailoutbox[0].body


def test_not_in_a_suspended_company(nobody, uma, acme):
    acme.is_active = False
    acme.save()
    assert nobody.post("/api/password-reset/", {"email": uma.email}).status_code == 403
    assert confirm(nobody, ("MQ", "a-b")).status_code == 403


def test_malformed(nobody, uma):
    assert nobody.post("/api/password-reset/", {"email": "x"}).status_code == 400
    assert nobody.post("/api/password-reset/", {}).status_code == 400
    assert nobody.post("/api/password-reset/confirm/", {"uid": "MQ"}).status_code == 400


@pytest.mark.usefixtures("own_database")
def test_of_ten_at_once_one_works(acme):
    uma = person("user", acme)
    with tenant_context(acme):
        link = links.urlsafe_base64_encode(str(uma.pk).encode()), links.RESET.make_token(uma)
    answers = at_once(10, lambda number: confirm(Caller(acme), link, f"{NEW}{number}"))
    statuses = sorted(answer.status_code for answer in answers)
    assert statuses.count(204) == 1
    assert set(statuses[1:]) <= {400, 409}
    with tenant_context(acme):
        assert History.objects.filter(event="user.password_set").count() == 1
