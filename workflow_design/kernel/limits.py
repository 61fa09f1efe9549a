"""How much a document may hold. `docs/documents.md` tells creators the same numbers."""

from __future__ import annotations

import re

MAX_TITLE = 255
MAX_PROSE = 20_000
MAX_LAYOUT = 200_000
MAX_NAME = 100
MAX_URL = 2_000
MAX_TASKS = 2_000
MAX_TRANSITIONS = 20_000
MAX_TICKETS = 100
MAX_SCHEMA_BYTES = 2_000_000
MAX_PATTERNS = 300
MAX_FIELDS = 1_000
MAX_OPTIONS = 1_000
MAX_ROLES = 100
MAX_EXT_REFS = 100
MAX_TIMEOUT = 30 * 86_400
MAX_DUE = 365 * 86_400
MAX_PRIORITY = 1_000_000
MAX_ATTEMPTS = 20
MAX_PROBLEMS = 500
MAX_DOCUMENT_BYTES = 10_485_760

KEY = re.compile(r"[a-z0-9](?:[a-z0-9_-]{0,62}[a-z0-9])?")
KEY_RULE = "must be 1 to 64 characters of a–z, 0–9, - and _, with a letter or digit at both ends"
FIELD_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,62}")
FIELD_NAME_RULE = "must start with a letter and hold at most 63 letters, digits and _"
OPERATION = re.compile(r"[a-z][a-z0-9_-]{0,62}\.[a-z][a-z0-9_-]{0,62}")

FIELD_TYPES = (
    "string",
    "text",
    "integer",
    "number",
    "boolean",
    "date",
    "datetime",
    "email",
    "url",
    "choice",
    "multichoice",
    "json",
    "user",
    "file",
)
TASK_TYPES = ("FORM", "SYNC_ACTION", "ASYNC_ACTION")
GATES = ("exclusive", "inclusive", "parallel")
POLICIES = ("claim", "shortest_queue", "round_robin", "requester", "previous")
MAX_RUN_DEPTH = 10
"""So many runs are below one another at most, whatever started them."""
MAX_RUNS_BELOW = 1_000
"""So many runs are below a first one at most, in all: for some that start several each."""
END_ACTIONS = ("none", "api_call", "workflow")
EVENTS = ("completed", "timeout", "error")
