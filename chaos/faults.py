"""What kills: PostgreSQL, web servers, workers; each is started again at once."""

from __future__ import annotations

import random
import threading
import time
from collections import Counter
from collections.abc import Callable

from chaos.database import Database
from chaos.plan import Plan
from chaos.programs import Program

LOOK_SECONDS = 0.05
RECOVERED_SECONDS = 120


class Faults:
    """Threads that kill until `stop`. `kills` counts; `recovered` has seconds from each kill until work goes on:
    until PostgreSQL accepts connections, until a web server answers to what needs the database.
    """

    def __init__(
        self, plan: Plan, database: Database, webs: list[Program], workers: list[Program], frozen: float
    ) -> None:
        self.kills: Counter[str] = Counter()
        self.recovered: dict[str, list[float]] = {"PostgreSQL": [], "database over HTTP": [], "web server": []}
        self.problems: list[str] = []
        self._plan = plan
        self._database = database
        self._webs = webs
        self._workers = workers
        self._frozen = frozen
        self._random = random.Random(plan.seed)
        self._over = threading.Event()
        works = (self._kill_database, self._kill_programs)
        self._threads = [threading.Thread(target=self._guard, args=(work,), daemon=True) for work in works]

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """No more; everything runs when this returns."""
        self._over.set()
        for thread in self._threads:
            thread.join(2 * RECOVERED_SECONDS)

    def _guard(self, work: Callable[[], None]) -> None:
        try:
            work()
        except Exception as error:
            self.problems.append(f"a killer ended: {error!r}")

    def _kill_database(self) -> None:
        while not self._over.wait(self._random.uniform(*self._plan.database)):
            begin = time.monotonic()
            self._database.kill()
            self.kills["PostgreSQL killed"] += 1
            self._database.start()
            self.recovered["PostgreSQL"].append(time.monotonic() - begin)
            self._until(lambda: any(web.answers("/ready/") for web in self._webs))
            self.recovered["database over HTTP"].append(time.monotonic() - begin)

    def _kill_programs(self) -> None:
        while not self._over.wait(self._random.uniform(*self._plan.programs)):
            drawn = self._random.random()
            if drawn < 0.4:
                self._kill_web(self._random.choice(self._webs))
            elif drawn < 0.85:
                self._kill_worker(self._random.choice(self._workers))
            else:
                self._freeze(self._random.choice(self._workers))

    def _kill_web(self, web: Program) -> None:
        begin = time.monotonic()
        web.kill()
        self.kills["web server killed"] += 1
        web.start()
        self._until(lambda: web.answers("/health/"))
        self.recovered["web server"].append(time.monotonic() - begin)

    def _kill_worker(self, worker: Program) -> None:
        worker.kill()
        self.kills["worker killed"] += 1
        worker.start()

    def _freeze(self, worker: Program) -> None:
        """Longer than its lease: it wakes up when others have its jobs."""
        worker.freeze()
        self.kills["worker stopped past its lease"] += 1
        self._over.wait(self._frozen)
        worker.thaw()

    def _until(self, look: Callable[[], bool]) -> None:
        deadline = time.monotonic() + RECOVERED_SECONDS
        while not look():
            if time.monotonic() > deadline:
                raise AssertionError(f"Nothing answers {RECOVERED_SECONDS} s after a kill.")
            time.sleep(LOOK_SECONDS)
