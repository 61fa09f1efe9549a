"""A worker process: threads that run jobs, and a main thread that keeps the process's place in the database.

Each thread has a connection of its own and asks for a job when a notification comes in, when the main thread, which
looks every second for jobs that have come due, wakes it, and after each job. A database that is away is waited for.

What may be run together a thread takes as a lot. Of what it leaves to be run singly the other threads are told.
"""

from __future__ import annotations

import contextlib
import logging
import threading
import time
from collections import deque
from collections.abc import Iterator
from typing import cast

from django.db import Error, close_old_connections, reset_queries
from django.db.backends.postgresql.base import DatabaseWrapper
from psycopg import sql

from core.db import connection
from tenants import counters, queue, running, workers
from tenants.jobs import registry
from tenants.lots import Lot, Rest
from tenants.queue import Fetched
from tenants.running import Outcome, Run
from ticketflower.bell import Bell
from ticketflower.shares import Shares

log = logging.getLogger("ticketflower.worker")

# How often the main thread looks for jobs that have come due.
POLL_SECONDS = 1.0
# How often it looks whether it is to stop.
STOP_POLL_SECONDS = 0.1
# So many signs of life are given in the time of a lease.
BEATS = 4
# Looking past the jobs of companies that have their share may take long: so many times as long nothing is looked for.
PAUSE_FACTOR = 10
# A connection is closed at this age: one that has visited hundreds of schemas keeps hundreds of megabytes of catalogue.
CONNECTION_SECONDS = 300


class Worker:
    """One worker process. `queues`: None for all. `lease_seconds`: without a sign of life for so long it is taken for
    dead. `stop_seconds`: how long running jobs go on after `stop`.
    """

    def __init__(
        self, *, concurrency: int, queues: list[str] | None, lease_seconds: float, stop_seconds: float
    ) -> None:
        self._concurrency = concurrency
        self._queues = queues
        self._lease_seconds = lease_seconds
        self._stop_seconds = stop_seconds
        self._id: int | None = None
        self._bell = Bell(concurrency)
        self._shares = Shares(concurrency)
        # One thread at a time looks for jobs, so that no two count on the same share.
        self._looking = threading.Lock()
        self._stopping = threading.Event()
        self._running: dict[int, set[tuple[int, int]]] = {}
        self._rests: deque[Rest] = deque()
        self._strange: set[tuple[int, int]] = set()
        self._schedule = workers.Schedule()
        self._next_beat = 0.0
        self._broken = False

    def stop(self) -> None:
        """Take no new job, and let `run` end. May be called in a signal handler."""
        self._stopping.set()

    def run(self) -> bool:
        """Work until `stop`. False where something broke; what runs still at the end is for other workers."""
        one_connection_a_thread()
        threads = [
            # Daemons: what does not end in time is left behind.
            threading.Thread(target=self._work_or_stop, args=(place,), name=f"job {place}", daemon=True)
            for place in range(self._concurrency)
        ]
        for thread in threads:
            thread.start()
        while not self._stopping.is_set():
            with self._waiting_for_the_database():
                self._listen()
                while not self._stopping.is_set():
                    self._beat_if_due()
                    self._wait()
        self._end(threads)
        return not self._broken

    # --- The main thread ---

    def _listen(self) -> None:
        connection.set_schema_to_public()
        channels = [f"procrastinate_queue_v1#{name}" for name in self._queues or []] or ["procrastinate_any_queue_v1"]
        with connection.cursor() as cursor:
            for channel in channels:
                cursor.execute(sql.SQL("LISTEN {}").format(sql.Identifier(channel)))

    def _wait(self) -> None:
        """Wake a thread for each job that is due; then, for a second, for each notification."""
        idle = min(self._concurrency - len(self._running), self._shares.rooms()[0])
        if idle > 0 and (due := workers.due(self._queues, idle)):
            self._bell.ring(due)
        until = min(time.monotonic() + POLL_SECONDS, self._next_beat)
        while not self._stopping.is_set() and (left := until - time.monotonic()) > 0:
            with connection.wrap_database_errors:
                for _notification in connection.connection.notifies(timeout=min(STOP_POLL_SECONDS, left)):
                    self._bell.ring(1)

    def _beat_if_due(self) -> None:
        if time.monotonic() < self._next_beat:
            return
        number, now = self._sign_of_life()
        self._give_back_what_nobody_runs(number)
        workers.rescue(self._lease_seconds)
        self._schedule.enqueue_due(now)
        counters.flush()
        # When all of it has been done, so that after a failure all of it is done again.
        self._next_beat = time.monotonic() + self._lease_seconds / BEATS

    def _sign_of_life(self) -> tuple[int, float]:
        """This worker's number, a new one where the database knows it no more, and the database's time."""
        if self._id is not None:
            if (now := workers.beat(self._id)) is not None:
                return self._id, now
            log.warning("Worker %s was taken for dead; it goes on under a new number.", self._id)
        self._id, now = workers.register()
        self._strange = set()
        log.info("Worker %s works on %s.", self._id, ", ".join(self._queues or ["all queues"]))
        return self._id, now

    def _give_back_what_nobody_runs(self, worker: int) -> None:
        """A job whose fetch was answered over a connection that broke: in the database ours, in no thread's hands.

        What is seen so twice is not just on its way from the one to the other.
        """
        known = {_key(rest.job) for rest in self._rests.copy()}.union(*self._running.copy().values())
        strange = workers.held(worker) - known
        if lost := strange & self._strange:
            workers.give_back(worker, lost)
        self._strange = strange - lost

    def _end(self, threads: list[threading.Thread]) -> None:
        log.info("Worker %s stops; %s jobs are running.", self._id, len(self._running))
        deadline = time.monotonic() + self._stop_seconds
        self._bell.ring(self._concurrency)
        while (alive := [thread for thread in threads if thread.is_alive()]) and time.monotonic() < deadline:
            with contextlib.suppress(Error):
                self._beat_if_due()
            alive[0].join(min(POLL_SECONDS, max(0, deadline - time.monotonic())))
        if alive:
            log.warning("%s jobs have not ended in %s seconds; they are run again.", len(alive), self._stop_seconds)
        with contextlib.suppress(Error):
            counters.flush()
            if self._id is not None:
                workers.leave(self._id)
        connection.close()

    # --- The threads that run jobs ---

    def _work_or_stop(self, place: int) -> None:
        """A worker that lost a thread would go on with less, and nobody would know."""
        try:
            self._work(place)
        except BaseException:
            log.exception("A thread of the worker broke; the worker stops.")
            self._broken = True
            self.stop()

    def _work(self, place: int) -> None:
        ended: tuple[Fetched, Run] | None = None
        while not (self._stopping.is_set() and ended is None and not self._rests):
            with self._waiting_for_the_database():
                began = time.monotonic()
                found = self._next(place, ended)
                ended = None
                if isinstance(found, Rest):
                    ended = found.job, running.run(found.job, found)
                elif len(found) == 1:
                    ended = found[0], running.run(found[0])
                elif found:
                    if not self._run_lot(place, found):
                        self._bell.wait(self._stopping)
                else:
                    self._running.pop(place, None)
                    close_old_connections()
                    if self._shares.full():  # who enqueues for such a company rings the bell too
                        self._stopping.wait(min(POLL_SECONDS, PAUSE_FACTOR * (time.monotonic() - began)))
                    self._bell.wait(self._stopping)
                    continue
                # Closes what is broken or too old; the next statement opens another.
                close_old_connections()
                reset_queries()
        connection.close()

    def _next(self, place: int, ended: tuple[Fetched, Run] | None) -> Rest | list[Fetched]:
        """Write how the last job ended, and get the next: what another thread has left, or what is due. No job: there
        is none, or the process is to stop."""
        self._shares.leave(place)
        done = ended[0] if ended and ended[1].outcome is Outcome.DONE else None
        idle = self._stopping.is_set() or self._id is None
        if ended and (done is None or idle or self._rests):
            running.settle(*ended)
            done = None
        if rest := self._rest(place):
            return rest
        return [] if idle else self._fetch(place, done)

    def _fetch(self, place: int, done: Fetched | None) -> list[Fetched]:
        """Jobs that are due, as many as there are places for them, of one if they aren't run together; `done` is off
        the queue then."""
        with self._looking:
            most, rooms = self._shares.rooms()
            if most < 1:
                if done is not None:
                    queue.delete(done)
                return []
            jobs = queue.fetch_lot(
                queues=self._queues,
                worker=self._id,
                done=done,
                without=[company for company, room in rooms.items() if room < 1],
                together=[job.name for job in registry.values() if job.together is not None],
                most=most,
                rooms=rooms,
            )
            self._running[place] = {_key(job) for job in jobs}
            may = self._shares.take(place, jobs[0].company, len(jobs)) if jobs else 0
        for job in jobs[may:]:  # the rest of a lot has come between
            queue.release(job)
            self._bell.ring(1)
        return jobs[:may]

    def _rest(self, place: int) -> Rest | None:
        """What another thread has left, in the place that was kept for it. What has not been begun yet is given back
        when the process is to stop."""
        while True:
            try:
                rest = self._rests.popleft()
            except IndexError:
                return None
            self._running[place] = {_key(rest.job)}
            self._shares.move(_key(rest.job), place)
            if rest.work is not None or not self._stopping.is_set():
                return rest
            queue.release(rest.job)
            self._shares.leave(place)

    def _run_lot(self, place: int, jobs: list[Fetched]) -> bool:
        """Run jobs together; whether to look at once for others. Where their company has all that it may, those who
        have been told of its free places look."""

        def single(rest: Rest) -> None:
            self._shares.split(place, _key(rest.job))
            self._rests.append(rest)
            self._bell.ring(1)

        def called(count: int) -> None:
            self._shares.free(place, count)
            self._bell.ring(1)

        running.run_together(Lot(jobs, single, called, running.tell_done))
        self._shares.leave(place)
        self._running.pop(place, None)
        return jobs[0].company not in self._shares.full()

    @contextlib.contextmanager
    def _waiting_for_the_database(self) -> Iterator[None]:
        """A statement that fails is tried again, on a new connection, a second later."""
        try:
            yield
        except Error as error:
            log.warning("The database does not do its part; trying again: %s", error)
            connection.close()
            time.sleep(POLL_SECONDS)


def _key(job: Fetched) -> tuple[int, int]:
    return job.id, job.attempts


def one_connection_a_thread() -> None:
    """In place of a pool, which is there for requests that come and go, each thread keeps a connection for a while."""
    cast(DatabaseWrapper, connection).close_pool()
    connection.settings_dict["OPTIONS"].pop("pool", None)
    connection.settings_dict["CONN_MAX_AGE"] = CONNECTION_SECONDS
