"""Signing in: what can't be seen from outside, or only by a clock."""

import logging

import pytest
from django.contrib.auth.hashers import MD5PasswordHasher
from django_tenants.utils import tenant_context
from rest_framework.exceptions import AuthenticationFailed

from tests.people import PASSWORD, Caller, person
from users.mail import wait_until_sent
from users.models import TokenFamily, User
from users.services.sign_in import credentials_check, family_start
from users.tests.test_login import login


class CountingHasher(MD5PasswordHasher):
    """Says how often a hash was computed: that is what takes time."""

    computed = 0

    def encode(self, password, salt):
        type(self).computed += 1
        return super().encode(password, salt)


@pytest.fixture
def hashes(settings):
    settings.PASSWORD_HASHERS = [f"{__name__}.CountingHasher"]

    def during(action):
        CountingHasher.computed = 0
        action()
        return CountingHasher.computed

    return during


@pytest.mark.parametrize(
    "email, password",
    [
        ("uma@acme.example", PASSWORD),
        ("uma@acme.example", "wrong"),
        ("nobody@acme.example", "wrong"),
        ("off@acme.example", PASSWORD),
        ("invited@acme.example", "wrong"),
    ],
)
def test_one_hash_whoever_asks(hashes, acme, email, password):
    uma = person("user", acme)
    with tenant_context(acme):
        User.objects.create(email="off@acme.example", is_active=False, password=uma.password)
        invited = User(email="invited@acme.example")
        invited.set_unusable_password()
        invited.save()
    assert hashes(lambda: login(Caller(acme), email, password)) == 1


def test_a_password_changed_while_it_was_checked(acme):
    uma = person("user", acme)
    with tenant_context(acme):
        checked = credentials_check(email=uma.email, password=PASSWORD)
        uma.set_password("an entirely other sentence 8")
        uma.save()
        with pytest.raises(AuthenticationFailed):
            family_start(user=checked)
        assert not TokenFamily.objects.exists()


def test_a_person_disabled_while_the_password_was_checked(acme):
    uma = person("user", acme)
    with tenant_context(acme):
        checked = credentials_check(email=uma.email, password=PASSWORD)
        User.objects.filter(pk=uma.pk).update(is_active=False)
        with pytest.raises(AuthenticationFailed):
            family_start(user=checked)


def test_a_mail_that_can_not_be_sent_is_logged_and_not_told(acme, settings, caplog, django_capture_on_commit_callbacks):
    person("user", acme)
    settings.EMAIL_BACKEND = "nowhere.EmailBackend"
    with caplog.at_level(logging.ERROR, "ticketflower.mail"), django_capture_on_commit_callbacks(execute=True):
        answer = Caller(acme).post("/api/password-reset/", {"email": "uma@acme.example"})
        assert answer.status_code == 204
    wait_until_sent()
    assert [record.getMessage() for record in caplog.records] == ["mail not sent"]
