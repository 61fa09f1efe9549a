"""What every test stands on: settings of its own, a database cloned from a template, two companies.

- `db` (or the marker `django_db`): everything the test writes is undone at its end; the connection begins on `public`.
- `file_db`: for fixtures of a file, whose rows every test of it finds; `db` undoes what a test makes of them.
- `acme`, `globex`: the two companies. `acme_db`: `db` with the connection on acme's schema. `in_company(company)`
  does the same for a block.
- `own_database`: for tests that commit, or need several connections: a database for this one test.
- `servers`: real server processes on the own database.
- `shared_database`, `shared_servers`: the same for all tests of a file that name them; what one commits, the next sees.
"""

from __future__ import annotations

import gc
import os

# Before the settings are read; what a developer has in .env must not change what tests see.
os.environ.update(
    DJANGO_SETTINGS_MODULE="ticketflower.settings",
    SECRET_KEY="a secret for tests alone, which protects nothing",
    DEBUG="false",
    PUBLIC_HOSTS="localhost,127.0.0.1,[::1]",
    BASE_DOMAIN="localhost",
    USE_HTTPS="false",
    TRUSTED_PROXIES="0",
    CORS_ALLOWED_ORIGINS="",
    WEB_WORKERS="1",
    WEB_THREADS="4",
    SIGN_UP_OPEN="true",
    DEFAULT_PLAN="ENTERPRISE",
    SPARE_SCHEMAS="0",
    ALLOWED_PRIVATE_HOSTS="",
    OUTBOUND_PORTS="80,443",
    ENCRYPTION_KEYS="",
    LOG_LEVEL="WARNING",
    THROTTLE_COMPANY="6000/minute",
    THROTTLE_BAD_PASSWORDS="10/minute",
    THROTTLE_SIGN_UP="20/hour",
)

import django

django.setup()

import pytest  # noqa: E402
from django.conf import settings as all_settings  # noqa: E402
from django.test.client import ClientHandler  # noqa: E402
from django_tenants.utils import tenant_context  # noqa: E402

from core.db import connection  # noqa: E402
from tenants import hosts, throttles  # noqa: E402
from tenants.models import Company  # noqa: E402
from tests.database import OwnDatabase, TestServer, commits, undone  # noqa: E402
from tests.servers import Servers  # noqa: E402
from workflow_design import versions  # noqa: E402

pytest_plugins = ["tests.people"]

all_settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """One process more than processors: a quarter of the time of tests is waiting."""
    return (os.cpu_count() or 1) + 1


def pytest_collection_modifyitems(items):
    """Files with tests that start processes come first: they take longest, and no run should end waiting for one."""
    starting = {"servers", "shared_servers", "workers", "manage"}
    long = {item.path for item in items if starting.intersection(getattr(item, "fixturenames", ()))}
    items.sort(key=lambda item: item.path not in long)


def pytest_collection_finish():
    """What is there now stays to the end, so the garbage collector need not look through it again and again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)


@pytest.fixture(scope="session")
def test_server(django_db_blocker):
    """The PostgreSQL of this run: DATABASE_URL's, or the embedded one, which stays for the next run's data."""
    with django_db_blocker.unblock(), TestServer() as server:
        yield server


@pytest.fixture(scope="session")
def django_db_setup(test_server, django_db_blocker):
    """pytest-django's: connections of this process lead to this run's clone."""
    with django_db_blocker.unblock(), test_server.clone():
        yield


@pytest.fixture(scope="session", autouse=True)
def _one_middleware_chain():
    """Every test client goes through the same chain: making one reads all static files, and none keeps anything."""
    handler = ClientHandler()
    handler.load_middleware()
    ClientHandler._middleware_chain = staticmethod(handler._middleware_chain)
    yield
    ClientHandler._middleware_chain = None


@pytest.fixture(autouse=True)
def _forgetful():
    """Nothing that a process remembers between requests goes from one test to the next."""
    yield
    hosts.forget()
    throttles.forget()
    versions.forget()
    connection.set_schema_to_public()


@pytest.fixture(scope="module")
def file_db(django_db_setup, django_db_blocker):
    """For fixtures of a file: what they write is there in every test of it. `db` undoes what a test changes of it, and
    the end of the file all of it. PostgreSQL's `now()` is the moment that the file began."""
    with django_db_blocker.unblock(), undone():
        yield


@pytest.fixture
def own_database(test_server, django_db_blocker):
    """A database of this test's own, with the same two companies; commits are real and threads see each other's."""
    with django_db_blocker.unblock(), test_server.clone() as url:
        yield OwnDatabase(url)


@pytest.fixture
def servers(own_database, tmp_path):
    """`servers(2, SIGN_UP_OPEN="false")`: that many server processes on the own database, until the test's end."""
    with Servers(own_database.url, tmp_path) as running:
        yield running.start


@pytest.fixture(scope="module")
def shared_database(test_server, django_db_blocker):
    """A database like `own_database`, of all tests of the file together."""
    with django_db_blocker.unblock(), test_server.clone() as url:
        yield OwnDatabase(url)


@pytest.fixture(scope="module")
def shared_servers(shared_database, tmp_path_factory):
    """Like `servers`, on the shared database, until the end of the file: for a fixture of the file to call once."""
    with Servers(shared_database.url, tmp_path_factory.mktemp("servers")) as running:
        yield running.start


@pytest.fixture
def in_company():
    """`with in_company(acme): …` has the connection on acme's schema."""
    return tenant_context


def _company(request, slug):
    request.getfixturevalue(commits(request) or "db")
    return Company.objects.select_related("plan").get(slug=slug)


@pytest.fixture
def acme(request):
    """The company that tests act in."""
    return _company(request, "acme")


@pytest.fixture
def globex(request):
    """The other company, which must never notice."""
    return _company(request, "globex")


@pytest.fixture
def acme_db(acme):
    """The connection is on acme's schema; the value is acme."""
    connection.set_tenant(acme)
    return acme
