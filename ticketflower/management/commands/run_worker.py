"""`manage.py run_worker`: a process that runs jobs."""

from __future__ import annotations

import signal
import sys
from argparse import ArgumentParser, ArgumentTypeError
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from ticketflower.worker import Worker


class Command(BaseCommand):
    help = "Run jobs (calls to the outside, timers, clean-up) until Ctrl-C or SIGTERM. Start as many as you like."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--concurrency", type=_at_least_one, default=settings.WORKER_CONCURRENCY, help="jobs at a time"
        )
        parser.add_argument("--queues", help="names with commas between them (all)")

    def handle(self, *args: Any, concurrency: int, queues: str | None, **options: Any) -> None:
        worker = Worker(
            concurrency=concurrency,
            queues=[name.strip() for name in queues.split(",")] if queues else None,
            lease_seconds=settings.WORKER_LEASE_SECONDS,
            stop_seconds=settings.WORKER_STOP_SECONDS,
        )
        for name in ("SIGTERM", "SIGINT", "SIGHUP", "SIGBREAK"):
            number = getattr(signal, name, None)
            if number is not None:
                signal.signal(number, lambda *_: worker.stop())
        if not worker.run():
            sys.exit(1)


def _at_least_one(text: str) -> int:
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= 256:
        raise ArgumentTypeError(f"{text!r} is not a number from 1 to 256")
    return int(text)
