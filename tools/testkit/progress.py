"""What a run in several processes says on its way: a line for each file of tests when its last test is done.

pytest's own dots would not tell of which file they are. With -v pytest names every test itself.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Generator
from typing import Any

import pytest


class Progress:
    def __init__(self, config: pytest.Config, items: list[pytest.Item]) -> None:
        self._terminal: Any = config.pluginmanager.getplugin("terminalreporter")
        self._quiet = config.get_verbosity(pytest.Config.VERBOSITY_TEST_CASES) <= 0
        self._left = Counter(_file(item.nodeid) for item in items)
        self._all, self._done = len(items), 0
        self._outcomes: dict[str, Counter[str]] = defaultdict(Counter)
        self._seconds: dict[str, float] = defaultdict(float)

    @pytest.hookimpl(wrapper=True)
    def pytest_report_teststatus(self) -> Generator[None, Any, Any]:
        category, letter, word = yield
        return category, "" if self._quiet else letter, word

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        file = _file(report.nodeid)
        self._seconds[file] += report.duration
        if report.failed:
            self._outcomes[file]["failed"] += 1
            self._terminal.write_line(f"FAILED {report.nodeid} ({report.when})", red=True)
        elif report.when == "call" or report.skipped:
            self._outcomes[file][report.outcome] += 1

    def pytest_runtest_logfinish(self, nodeid: str) -> None:
        file = _file(nodeid)
        self._left[file] -= 1
        self._done += 1
        if self._quiet and not self._left[file]:
            counted = ", ".join(f"{number} {outcome}" for outcome, number in self._outcomes[file].items())
            percent = self._done * 100 // self._all
            self._terminal.write_line(f"[{percent:3d}%] {file}: {counted}, {self._seconds[file]:.1f} s")


def _file(nodeid: str) -> str:
    return nodeid.partition("::")[0]
