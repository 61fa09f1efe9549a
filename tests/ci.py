"""pytest plugin for CI (`-p tests.ci`): counts what was skipped, and fails when a test of the database was.

A test that needs node or a browser may be skipped where there is none; it is counted. Tests run in several processes:
why one was skipped is known where it ran, and counted where all are summed up.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Generator
from typing import Any

import pytest

DATABASE_FIXTURES = {"db", "transactional_db", "test_server", "own_database", "shared_database", "acme", "globex"}
MAY_BE_SKIPPED = ("browser", "node")
PROPERTY = "skipped"
MODULES = "skipped_modules"


class Skips:
    """What was skipped in this run."""

    def __init__(self, config: pytest.Config) -> None:
        self.config = config
        self.counts: Counter[str] = Counter()
        self.refused: list[str] = []

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(self, item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        report = yield
        if report.skipped and not hasattr(report, "wasxfail"):
            kind = next((name for name in MAY_BE_SKIPPED if item.get_closest_marker(name)), None)
            fixtures = DATABASE_FIXTURES.intersection(getattr(item, "fixturenames", ()))
            if kind is None and (fixtures or item.get_closest_marker("django_db")):
                kind = "database"
            report.user_properties.append((PROPERTY, kind or "other"))
        return report

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        for name, kind in report.user_properties:
            if name == PROPERTY and report.skipped:
                self.counts[str(kind)] += 1
                if kind == "database":
                    self.refused.append(report.nodeid)

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.skipped:  # a whole module: nobody knows what was in it
            self._module(report.nodeid)

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any, error: object) -> None:
        for name in getattr(node, "workeroutput", {}).get(MODULES, ()):
            self._module(name)

    def _module(self, name: str) -> None:
        if name not in self.refused:
            self.counts["module"] += 1
            self.refused.append(name)

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        output = getattr(self.config, "workeroutput", None)
        if output is not None:
            output[MODULES] = self.refused
        elif self.refused and session.exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        kinds = ", ".join(f"{count} {kind}" for kind, count in sorted(self.counts.items()))
        terminalreporter.write_sep("-", f"skipped: {self.counts.total()}{f' ({kinds})' if kinds else ''}")
        for name in self.refused:
            terminalreporter.write_line(f"must not be skipped in CI: {name}", red=True)


def pytest_configure(config: pytest.Config) -> None:
    config.pluginmanager.register(Skips(config))
