"""A worker that knows the jobs below too. The tests import this module for the same jobs, to enqueue them."""

import threading
import time
from pathlib import Path

from django.core.management import call_command

from core.db import connection
from core.models import Actor, record
from tenants.jobs import company_job
from ticketflower.management.commands import run_worker

SECONDS = 30
# Here is how many threads meet.
EIGHT = threading.Barrier(8, timeout=SECONDS)


def note(event):
    record(actor=Actor(), event=event, subject_type="test", subject_id=None, subject=connection.schema_name)


@company_job(name="test.note")
def write(*, event):
    note(event)


@company_job(name="test.wait")
def wait(*, event, path):
    """Say that it begins; wait for a file to appear; say that it ends."""
    note(f"{event} begins")
    deadline = time.monotonic() + SECONDS
    while not Path(path).exists() and time.monotonic() < deadline:
        time.sleep(0.02)
    note(f"{event} ends")


@company_job(name="test.meet", queue="meetings")
def meet():
    """Come back when eight of these run at the same time."""
    EIGHT.wait()
    note("met")


@company_job(name="test.fail", retries=0)
def fail():
    raise ZeroDivisionError


def main(arguments):
    """What `tests.warm` calls, with arguments of `run_worker`."""
    call_command(run_worker.Command(), *arguments)
