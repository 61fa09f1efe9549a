"""What can go wrong with PostgreSQL itself, said to the person who starts the server."""

from __future__ import annotations


class PostgresError(Exception):
    """PostgreSQL can't be started or used; the message says why and what to do."""
