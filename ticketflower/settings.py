"""Settings, read from the environment (and `.env`); every name is explained in `.env.example`.

A value that can't be right stops the start: booleans are strict, and there is no default secret.
"""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured
from environs import Env, ValidationError, validate

from core.logging import logging_config

BASE_DIR = Path(__file__).resolve().parent.parent

env = Env()
env.read_env(BASE_DIR / ".env", recurse=False)


def _all_hosts(hosts: list[str]) -> None:
    if not hosts:
        return
    from core.http_client.addresses import Guard  # with all of the client, which most commands never need

    try:
        Guard(hosts, ())
    except ValueError as error:
        raise ValidationError(str(error)) from None


def _all_ports(ports: list[str]) -> None:
    if not all(port.isascii() and port.isdecimal() and 0 < int(port) < 65536 for port in ports):
        raise ValidationError("Each must be a port from 1 to 65535.")


def _all_keys(keys: list[str]) -> None:
    if not all(re.fullmatch(r"[A-Za-z0-9_-]{43}=", key) for key in keys):
        raise ValidationError("Each must be a key as Fernet.generate_key() makes them.")


DEBUG = env.bool("DEBUG", False)
SECRET_KEY = env.str("SECRET_KEY", "", validate=None)
if len(SECRET_KEY) < 32:
    raise ImproperlyConfigured("Set SECRET_KEY to a secret of at least 32 characters.")

# --- Hosts ---------------------------------------------------------------------------------------------------
# The company look-up is the list of allowed hosts: a host that is neither public nor a company's is answered 404.
ALLOWED_HOSTS = ["*"]
PUBLIC_HOSTS: list[str] = env.list("PUBLIC_HOSTS", ["localhost", "127.0.0.1", "[::1]"])
BASE_DOMAIN: str = env.str("BASE_DOMAIN", "localhost")
USE_HTTPS = env.bool("USE_HTTPS", False)
# The port that links in mails carry; 0: none, the scheme's own.
PUBLIC_PORT: int = env.int("PUBLIC_PORT", 0, validate=validate.Range(min=0, max=65535))
# How many proxies of ours stand in front and append to X-Forwarded-For (0: the header is not believed).
TRUSTED_PROXIES: int = env.int("TRUSTED_PROXIES", 0, validate=validate.Range(min=0, max=10))
CORS_ALLOWED_ORIGINS: list[str] = env.list("CORS_ALLOWED_ORIGINS", [])

# --- Apps ----------------------------------------------------------------------------------------------------
# `core` (history), `users` and sessions have tables in `public`, for operators, and in every company's schema.
# contenttypes only in `public`: its cache is shared between threads.
ADMIN = "ticketflower.apps.AdminConfig"
SHARED_APPS = [
    "core",
    # Of two commands or templates with one name the first app's counts: ours before django_tenants', and Django's admin
    # before its own, which would hide what only companies have.
    "tenants",
    ADMIN,
    "django_tenants",
    "users",
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "rest_framework",
    "corsheaders",
    "django_filters",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "procrastinate.contrib.django",
    "ticketflower",
]
TENANT_APPS = [
    "core",
    "users",
    "django.contrib.sessions",
    ADMIN,
    "workflow_design",
    "workflow_ops",
]
INSTALLED_APPS = [*SHARED_APPS, *(app for app in TENANT_APPS if app not in SHARED_APPS)]

TENANT_MODEL = "tenants.Company"
TENANT_DOMAIN_MODEL = "tenants.Domain"
TENANT_LIMIT_SET_CALLS = True
DATABASE_ROUTERS = ["django_tenants.routers.TenantSyncRouter"]
ROOT_URLCONF = "ticketflower.urls"
PUBLIC_SCHEMA_URLCONF = "ticketflower.urls_public"
WSGI_APPLICATION = "ticketflower.wsgi.application"

MIDDLEWARE = [
    "core.middleware.RequestLogMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "core.middleware.SecurityHeadersMiddleware",
    "corsheaders.middleware.CorsMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "core.middleware.RequestGuardMiddleware",
    "tenants.middleware.CompanyMiddleware",
    "core.middleware.PageSessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "core.middleware.PageAuthenticationMiddleware",
    "core.middleware.PageMessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]

# --- Server and database -------------------------------------------------------------------------------------
WEB_WORKERS: int = env.int("WEB_WORKERS", 1, validate=validate.Range(min=1, max=256))
WEB_THREADS: int = env.int("WEB_THREADS", 4, validate=validate.Range(min=1, max=256))

# `manage.py` puts the address of the embedded server here when none is named.
DATABASES = {
    "default": {
        **env.dj_db_url("DATABASE_URL", "postgresql://nobody@127.0.0.1:1/no-database-named"),
        "ENGINE": "django_tenants.postgresql_backend",
        "CONN_MAX_AGE": 0,
    }
}
DATABASES["default"].setdefault("OPTIONS", {}).update(
    {
        # As many connections as threads, so that no request waits for one; bounded in age, because a backend
        # that has visited hundreds of schemas keeps hundreds of megabytes of catalogue. What can't connect gives up
        # soon, and the next request tries anew: the pool's own pauses double, to minutes when nothing answers.
        "pool": {
            "min_size": 1,
            "max_size": WEB_THREADS + 2,
            "timeout": 3,
            "max_lifetime": 900,
            "reconnect_timeout": 5,
        },
        # psycopg prepares nothing, or a rollback would make PostgreSQL forget what `core.prepared` has prepared.
        # One plan of those constants serves all values: the server, left to itself, would plan the answer to a
        # completion anew each time, for it takes every list of ids for a long one.
        "prepare_threshold": None,
        "options": "-c timezone=UTC -c plan_cache_mode=force_generic_plan",
    }
)
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# --- Companies -----------------------------------------------------------------------------------------------
SIGN_UP_OPEN = env.bool("SIGN_UP_OPEN", True)
DEFAULT_PLAN: str = env.str("DEFAULT_PLAN", "ENTERPRISE")
SPARE_SCHEMAS: int = env.int("SPARE_SCHEMAS", 2, validate=validate.Range(min=0, max=100))

# --- Workers -------------------------------------------------------------------------------------------------
# Jobs are found by our own registry (tenants.jobs), not by procrastinate's.
PROCRASTINATE_AUTODISCOVER_MODULE_NAME = ""
WORKER_CONCURRENCY: int = env.int("WORKER_CONCURRENCY", 8, validate=validate.Range(min=1, max=256))
WORKER_LEASE_SECONDS: int = env.int("WORKER_LEASE_SECONDS", 20, validate=validate.Range(min=1, max=3600))
WORKER_STOP_SECONDS: int = env.int("WORKER_STOP_SECONDS", 10, validate=validate.Range(min=0, max=3600))
FAILED_JOB_DAYS: int = env.int("FAILED_JOB_DAYS", 14, validate=validate.Range(min=0, max=3650))
METRICS_TOKEN: str = env.str("METRICS_TOKEN", "")

# --- Calls to the outside, and secrets at rest ------------------------------------------------------------------
# Hosts, as host or host:port, that may be called wherever they are; every other address must be public.
ALLOWED_PRIVATE_HOSTS: list[str] = env.list("ALLOWED_PRIVATE_HOSTS", [], validate=_all_hosts)
OUTBOUND_PORTS: list[int] = [int(port) for port in env.list("OUTBOUND_PORTS", ["80", "443"], validate=_all_ports)]
ENCRYPTION_KEYS: list[str] = env.list("ENCRYPTION_KEYS", [], validate=_all_keys)

# --- People and tokens ---------------------------------------------------------------------------------------
AUTH_USER_MODEL = "users.User"
AUTHENTICATION_BACKENDS = ["users.backends.CompanyBackend"]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator"},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
PASSWORD_RESET_TIMEOUT = env.int("PASSWORD_LINK_HOURS", 24, validate=validate.Range(min=1)) * 3600
# Where the links in mails lead: "" is the page that this server has; a front end gives its own address with
# {uid} and {token} in it.
PASSWORD_LINK_URL: str = env.str("PASSWORD_LINK_URL", "")
LOGIN_URL = "/admin/login/"
LOGIN_REDIRECT_URL = "/admin/"

SIMPLE_JWT = {
    "ALGORITHM": "HS256",
    "SIGNING_KEY": SECRET_KEY,
    "ACCESS_TOKEN_LIFETIME": timedelta(minutes=env.int("ACCESS_TOKEN_MINUTES", 15, validate=validate.Range(min=1))),
    "REFRESH_TOKEN_LIFETIME": timedelta(days=env.int("REFRESH_TOKEN_DAYS", 14, validate=validate.Range(min=1))),
    "ROTATE_REFRESH_TOKENS": True,
    "UPDATE_LAST_LOGIN": False,
    "AUTH_HEADER_TYPES": ("Bearer",),
    "AUTH_TOKEN_CLASSES": ("users.tokens.AccessToken",),
    "USER_ID_CLAIM": "sub",
}

EMAIL_BACKEND = env.str("EMAIL_BACKEND", "django.core.mail.backends.console.EmailBackend")
EMAIL_HOST = env.str("EMAIL_HOST", "localhost")
EMAIL_PORT = env.int("EMAIL_PORT", 25)
EMAIL_HOST_USER = env.str("EMAIL_HOST_USER", "")
EMAIL_HOST_PASSWORD = env.str("EMAIL_HOST_PASSWORD", "")
EMAIL_USE_TLS = env.bool("EMAIL_USE_TLS", False)
EMAIL_TIMEOUT = 10
DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", "TicketFlower <noreply@localhost>")

CORS_URLS_REGEX = r"^/api/"
CORS_EXPOSE_HEADERS = ["ETag", "Retry-After", "X-Request-ID"]
CORS_ALLOW_HEADERS = [
    "accept",
    "authorization",
    "content-type",
    "idempotency-key",
    "if-match",
    "x-request-id",
]
SECURE_SSL_REDIRECT = USE_HTTPS
SECURE_HSTS_SECONDS = 31_536_000 if USE_HTTPS else 0
SECURE_REDIRECT_EXEMPT = [r"^health/$", r"^ready/$"]
SECURE_REFERRER_POLICY = "same-origin"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = USE_HTTPS
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_AGE = 12 * 3600
if TRUSTED_PROXIES:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")

# --- REST ----------------------------------------------------------------------------------------------------
MAX_BODY_BYTES = 10_485_760
# One file of a ticket; the request that carries it is a little larger, and bounded by the line above.
MAX_ATTACHMENT_BYTES: int = env.int("MAX_ATTACHMENT_BYTES", 10485760, validate=validate.Range(min=1, max=10485760))
DATA_UPLOAD_MAX_MEMORY_SIZE = MAX_BODY_BYTES
FILE_UPLOAD_MAX_MEMORY_SIZE = MAX_BODY_BYTES
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["users.authentication.CompanyJWTAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["core.permissions.DenyAll"],
    "DEFAULT_PARSER_CLASSES": ["core.parsers.StrictJSONParser"],
    "DEFAULT_RENDERER_CLASSES": ["core.renderers.JSONRenderer"],
    "DEFAULT_CONTENT_NEGOTIATION_CLASS": "core.renderers.AlwaysJSON",
    "DEFAULT_THROTTLE_CLASSES": ["tenants.throttles.CompanyThrottle"],
    "DEFAULT_SCHEMA_CLASS": "core.openapi.AutoSchema",
    "DEFAULT_METADATA_CLASS": None,
    "EXCEPTION_HANDLER": "core.errors.exception_handler",
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
    "UNAUTHENTICATED_USER": None,
    "NUM_PROXIES": TRUSTED_PROXIES,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "TicketFlower",
    "VERSION": "1",
    "OAS_VERSION": "3.1.0",
    "DESCRIPTION": (
        "Design ticket workflows, prove that no ticket can get stuck, and run tickets.\n\n"
        "Sign in with `POST /api/login/` on the host of your company, and send what it gives you as `access` with "
        "every call: `Authorization: Bearer …`.\n\n"
        "`x-hosts` tells where a call is: on the hosts of companies (`company`), on the server's own (`public`), or "
        "on both. What is on a company's host is also below `/api/tenants/{slug or id}/`, in place of `/api/`, on "
        "any host."
    ),
    "TAGS": [
        {"name": "sign-in", "description": "Sign up, in and out; forgotten passwords."},
        {"name": "me", "description": "Whoever is signed in."},
        {"name": "company", "description": "The company, its plan and what is used of it."},
        {"name": "users", "description": "People of the company."},
        {"name": "company-roles", "description": "Roles that the company makes up."},
        {"name": "workflow", "description": "Definitions: workflows, tasks, transitions, ticket types."},
        {"name": "ticket-types", "description": "What the caller may open."},
        {"name": "tickets", "description": "Requests and where they stand."},
        {"name": "tasks", "description": "Work for people: the inbox."},
        {"name": "executions", "description": "Every run of a workflow, with a ticket or without."},
        {"name": "incidents", "description": "What stopped and needs a person."},
        {"name": "webhooks", "description": "Addresses outside that are told what happens."},
        {"name": "callbacks", "description": "Where systems that an action has called report back."},
        {"name": "signing-secrets", "description": "What callbacks are signed with."},
        {"name": "operations", "description": "For load balancers and orchestrators."},
        {"name": "about", "description": "What answers here."},
    ],
    "DEFAULT_GENERATOR_CLASS": "ticketflower.openapi.Generator",
    "POSTPROCESSING_HOOKS": ["drf_spectacular.hooks.postprocess_schema_enums", "ticketflower.openapi.mark_hosts"],
    "COMPONENT_SPLIT_REQUEST": True,
    "ENUM_ADD_EXPLICIT_BLANK_NULL_CHOICE": False,
    "ENUM_GENERATE_CHOICE_DESCRIPTION": False,
    "ENUM_SUFFIX": "",
    "SCHEMA_PATH_PREFIX": "/api",
    "ENUM_NAME_OVERRIDES": {
        "SystemRole": "users.models.SystemRole.choices",
        "WorkflowStatus": "workflow_design.models.Status.choices",
        "RunStatus": "workflow_ops.models.InstanceStatus.choices",
        "TaskStatus": "workflow_ops.models.TaskStatus.choices",
        "IncidentStatus": "workflow_ops.models.IncidentStatus.choices",
        "AttemptStatus": "workflow_ops.models.AttemptStatus.choices",
        "IncidentKind": "workflow_ops.models.IncidentKind.choices",
        "WebhookEvent": "workflow_ops.models.WebhookEvent.choices",
        "ToldEvent": "workflow_ops.api.webhooks.TOLD",
        "DeliveryStatus": "workflow_ops.models.DeliveryStatus.choices",
        "Gate": "workflow_design.models.Gate.choices",
        "TransitionEvent": "workflow_design.models.Event.choices",
        "BundleFormat": ["ticketflower/1"],
        "ErrorType": ["validation_error", "client_error", "server_error"],
        "ChangeKind": ["added", "removed", "changed"],
    },
}
# "" turns a limit off.
THROTTLE_COMPANY: str = env.str("THROTTLE_COMPANY", "6000/minute")
THROTTLE_BAD_PASSWORDS: str = env.str("THROTTLE_BAD_PASSWORDS", "10/minute")
THROTTLE_SIGN_UP: str = env.str("THROTTLE_SIGN_UP", "20/hour")

# --- Pages ---------------------------------------------------------------------------------------------------
STATIC_URL = "/static/"
# Where `collectstatic` puts files and they are served from; without it they are served from where they are.
STATIC_ROOT: str | None = env.str("STATIC_ROOT", "") or None
WHITENOISE_USE_FINDERS = True
SECURE_CONTENT_TYPE_NOSNIFF = True
X_FRAME_OPTIONS = "DENY"
LANGUAGE_CODE = "en-us"
TIME_ZONE = "UTC"
USE_I18N = False
USE_TZ = True

CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}

LOGGING_CONFIG = "logging.config.dictConfig"
LOGGING = logging_config(
    level=env.str("LOG_LEVEL", "INFO", validate=validate.OneOf(["DEBUG", "INFO", "WARNING", "ERROR"])),
    as_json=env.bool("LOG_JSON", not DEBUG),
)

SILENCED_SYSTEM_CHECKS = ["auth.W004"]  # the address is unique by a constraint on Lower(email)
