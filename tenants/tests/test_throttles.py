"""Limits on how often. Rates are a day's, so that no test sees a window end."""

import pytest
from django.apps import apps
from django.core.exceptions import ImproperlyConfigured
from django.db import transaction
from django.http import HttpResponse
from django.test import RequestFactory
from rest_framework.exceptions import Throttled
from rest_framework.views import APIView

from core.permissions import Anyone
from tenants.models import Attempt
from tenants.rates import Rate
from tenants.throttles import attempt_give_back, attempt_take, client_address
from tests.parallel import at_once


class View(APIView):
    """Anything that is throttled as everything is."""

    authentication_classes = ()
    permission_classes = (Anyone,)

    def get(self, request):
        return HttpResponse("done")


def ask(company=None, address="192.0.2.1", **headers):
    request = RequestFactory().get("/", headers=headers, REMOTE_ADDR=address)
    request.company = company
    return View.as_view()(request)


class TestRate:
    @pytest.mark.parametrize(
        "text, rate",
        [
            ("10/minute", Rate(10, 60)),
            ("1/second", Rate(1, 1)),
            ("20/hour", Rate(20, 3600)),
            ("5/day", Rate(5, 86_400)),
            ("", None),
        ],
    )
    def test_good(self, text, rate):
        assert Rate.of(text) == rate

    @pytest.mark.parametrize("text", ["10", "0/minute", "-1/day", "10/min", "ten/day", " 1/day", "1/day\n", "10/week"])
    def test_bad(self, text, settings):
        with pytest.raises(ValueError, match="is not a rate"):
            Rate.of(text)
        settings.THROTTLE_SIGN_UP = text
        with pytest.raises(ImproperlyConfigured, match="THROTTLE_SIGN_UP"):
            apps.get_app_config("tenants").ready()

    def test_windows(self):
        rate = Rate(1, 60)
        assert [rate.window(now) for now in (0, 59.9, 60, 119.9)] == [0, 0, 1, 1]
        assert [rate.wait(now) for now in (0, 59.5, 60, 119.999)] == [60, 1, 60, 1]


class TestCompanyThrottle:
    def test_so_many_for_a_company(self, settings, acme, globex):
        settings.THROTTLE_COMPANY = "3/day"
        assert [ask(acme).status_code for _ in range(5)] == [200, 200, 200, 429, 429]
        assert ask(globex).status_code == 200
        assert ask().status_code == 200

    def test_the_answer(self, settings, acme):
        settings.THROTTLE_COMPANY = "1/day"
        ask(acme)
        answer = ask(acme)
        assert answer.status_code == 429
        assert 1 <= int(answer["Retry-After"]) <= 86_400
        assert b'"code":"throttled"' in answer.content

    def test_from_wherever_they_come(self, settings, acme):
        settings.THROTTLE_COMPANY = "1/day"
        ask(acme, address="192.0.2.1")
        assert ask(acme, address="192.0.2.2").status_code == 429

    def test_on_the_public_host_for_a_client(self, settings):
        settings.THROTTLE_COMPANY = "1/day"
        assert [ask(address=f"192.0.2.{number}").status_code for number in (1, 2, 1)] == [200, 200, 429]

    def test_each_process_allows_its_share(self, settings, acme):
        settings.THROTTLE_COMPANY = "5/day"
        settings.WEB_WORKERS = 2
        assert [ask(acme).status_code for _ in range(4)] == [200, 200, 200, 429]

    def test_off(self, settings, acme):
        settings.THROTTLE_COMPANY = ""
        assert {ask(acme).status_code for _ in range(20)} == {200}

    def test_costs_no_statement(self, acme, django_assert_num_queries):
        with django_assert_num_queries(0):
            ask(acme)


@pytest.mark.parametrize(
    "proxies, forwarded, remote, expected",
    [
        (0, "", "192.0.2.1", "192.0.2.1"),
        (0, "203.0.113.9", "192.0.2.1", "192.0.2.1"),
        (1, "203.0.113.9", "192.0.2.1", "203.0.113.9"),
        (1, "10.0.0.1, 203.0.113.9", "192.0.2.1", "203.0.113.9"),
        (2, "10.0.0.1, 203.0.113.9 , 198.51.100.4", "192.0.2.1", "203.0.113.9"),
        (2, "203.0.113.9", "192.0.2.1", "203.0.113.9"),
        (1, "", "192.0.2.1", "192.0.2.1"),
        (1, ", ,", "192.0.2.1", "192.0.2.1"),
        (0, "", "2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        (0, "", "::ffff:192.0.2.1", "192.0.2.1"),
        (1, "nonsense" * 100, "192.0.2.1", ("nonsense" * 100)[:100]),
        (0, "", "", ""),
    ],
)
def test_client_address(settings, proxies, forwarded, remote, expected):
    settings.TRUSTED_PROXIES = proxies
    request = RequestFactory().get("/", headers={"X-Forwarded-For": forwarded}, REMOTE_ADDR=remote)
    assert client_address(request) == expected


def attempts(number, key="someone", scope="password", rate="3/day"):
    """Which of so many attempts, one after the other, are let through."""
    found = []
    for _ in range(number):
        try:
            attempt_take(scope, key, rate)
        except Throttled:
            found.append(False)
        else:
            found.append(True)
    return found


class TestAttempts:
    def test_so_many(self, db):
        assert attempts(5) == [True, True, True, False, False]
        assert attempts(1, key="another") == [True]
        assert attempts(1, scope="sign-up") == [True]

    def test_how_long_to_wait(self, db):
        attempts(3)
        with pytest.raises(Throttled) as caught:
            attempt_take("password", "someone", "3/day")
        assert 1 <= caught.value.wait <= 86_400

    def test_given_back(self, db):
        attempts(5)
        attempt_give_back("password", "someone", "3/day")
        assert attempts(2) == [True, False]

    def test_nothing_to_give_back(self, db):
        attempt_give_back("password", "someone", "3/day")
        assert not Attempt.objects.exists()
        assert attempts(4) == [True, True, True, False]

    def test_off(self, db, django_assert_num_queries):
        with django_assert_num_queries(0):
            assert all(attempts(20, rate=""))
            attempt_give_back("password", "someone", "")

    def test_one_statement_each(self, db, django_assert_max_num_queries):
        attempts(1)
        with django_assert_max_num_queries(3):
            attempts(1)

    def test_whose_it_is_is_not_stored(self, db):
        attempts(1, key="alice@acme.example" * 100)
        stored = Attempt.objects.get()
        assert len(stored.key) == 64
        assert "alice" not in stored.key

    def test_old_rows_go(self, db):
        from django.utils import timezone

        Attempt.objects.create(scope="password", key="old", window=1, count=3, expires_at=timezone.now())
        attempts(1)
        assert not Attempt.objects.filter(key="old").exists()
        assert Attempt.objects.count() == 1

    def test_from_a_companys_schema(self, acme_db):
        assert attempts(4) == [True, True, True, False]

    def test_exactly_so_many_of_many_at_once(self, shared_database):
        results = at_once(25, lambda _: attempt_take("password", "someone", "10/day"))
        assert results.count(None) == 10
        assert sum(isinstance(result, Throttled) for result in results) == 15

    def test_not_in_a_transaction(self, shared_database):
        """There it would be undone with a request that fails."""
        with pytest.raises(RuntimeError, match="durable"), transaction.atomic():
            attempt_take("password", "someone", "10/day")
