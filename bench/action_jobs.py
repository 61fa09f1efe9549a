"""`python -m bench.action_jobs WHAT COUNT PORT` (or a company's slug, for `empty`): run COUNT of one kind in this
process, eight at a time; prints when each was run, by the monotonic clock, and the processor time.

- `pool`, `pool_requests`: POSTs from a pool of threads, with http.client or with requests; nothing is durable
- `procrastinate_empty`, `procrastinate_posts`: procrastinate's own worker, in the empty database of DATABASE_URL
- `empty`: our worker with jobs that do nothing, in the migrated database of DATABASE_URL
"""

from __future__ import annotations

import json
import logging
import os
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection
from typing import Any

CONCURRENCY = 8
_local = threading.local()
ran: list[float] = []


def post(port: int, number: int) -> None:
    """As cheap as Python has it: one connection a thread."""
    connection = getattr(_local, "connection", None)
    if connection is None:
        connection = _local.connection = HTTPConnection("127.0.0.1", port, timeout=5)
    connection.request("POST", "/act", json.dumps({"i": number}), {"Content-Type": "application/json"})
    json.loads(connection.getresponse().read())


def post_with_requests(port: int, number: int) -> None:
    """As people write it: one session a thread."""
    import requests

    session = getattr(_local, "session", None)
    if session is None:
        session = _local.session = requests.Session()
        session.trust_env = False
    answer = session.post(f"http://127.0.0.1:{port}/act", json={"i": number}, timeout=5)
    answer.raise_for_status()
    answer.json()


def noted(work: Callable[[int], object]) -> Callable[[int], None]:
    """The work, and when it was done."""

    def run(number: int) -> None:
        work(number)
        ran.append(time.monotonic())

    return run


def pool(count: int, work: Callable[[int], object]) -> None:
    """A pool of threads."""
    with ThreadPoolExecutor(CONCURRENCY) as threads:
        list(threads.map(noted(work), range(count)))


def procrastinate(count: int, work: Callable[[int], object]) -> None:
    """Its worker, its table."""
    import procrastinate as library

    app = library.App(connector=library.PsycopgConnector(conninfo=os.environ["DATABASE_URL"], max_size=12))
    run = noted(work)

    @app.task(name="act")
    def act(i: int) -> None:
        run(i)

    with app.open():
        app.schema_manager.apply_schema()
        act.batch_defer(*[{"i": number} for number in range(count)])
    logging.disable(logging.INFO)
    app.run_worker(concurrency=CONCURRENCY, wait=False, delete_jobs="always", install_signal_handlers=False)


def empty(count: int) -> None:
    """Our worker: the loop, the queue, a company entered and left, a line in the log."""
    import django

    django.setup()
    from django_tenants.utils import tenant_context

    from tenants.jobs import company_job
    from tenants.models import Company
    from ticketflower.worker import Worker

    worker = Worker(concurrency=CONCURRENCY, queues=["bench"], lease_seconds=20, stop_seconds=10)

    @company_job(name="bench.nothing", queue="bench")
    def nothing(*, i: int) -> None:
        ran.append(time.monotonic())
        if len(ran) == count:
            worker.stop()

    with tenant_context(Company.objects.get(slug=sys.argv[3])):
        nothing.enqueue_many([{"i": number} for number in range(count)])
    worker.run()


def main() -> None:
    what, count = sys.argv[1], int(sys.argv[2])
    began = time.process_time()
    kinds: dict[str, Callable[[], Any]] = {
        "pool": lambda: pool(count, lambda i: post(int(sys.argv[3]), i)),
        "pool_requests": lambda: pool(count, lambda i: post_with_requests(int(sys.argv[3]), i)),
        "procrastinate_empty": lambda: procrastinate(count, lambda i: None),
        "procrastinate_posts": lambda: procrastinate(count, lambda i: post_with_requests(int(sys.argv[3]), i)),
        "empty": lambda: empty(count),
    }
    kinds[what]()
    sys.stdout.write(json.dumps({"ran": ran, "processor": time.process_time() - began}) + "\n")


if __name__ == "__main__":
    main()
