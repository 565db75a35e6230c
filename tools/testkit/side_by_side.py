"""Which tests `make test` runs side by side, and which wait for each other.

pytest-xdist runs the files of tests in several processes. A cluster test mostly waits, so several share the one cluster
and the one operator in it. An `exclusive` one has them to itself: all of these run one after the other, in a process
that waits for the others to be done with the cluster. Tests without a cluster need the processors, and some watch the
clock: one at a time, by one process from the beginning and by whichever else has nothing to do. Locks make it so,
whatever the order of the files.
"""

from __future__ import annotations

import enum
import fcntl
from collections.abc import Callable, Generator
from pathlib import Path
from typing import Any

import pytest
from xdist.scheduler import LoadScopeScheduling


class Kind(enum.IntEnum):
    """In the order in which they are handed out."""

    SHARED = 0
    EXCLUSIVE = 1
    NO_CLUSTER = 2


def kind(item: pytest.Item) -> Kind:
    if not item.get_closest_marker("cluster"):
        return Kind.NO_CLUSTER
    return Kind.EXCLUSIVE if item.get_closest_marker("exclusive") else Kind.SHARED


def position(item: pytest.Item) -> tuple[int, Kind]:
    """Sorts tests, in every process alike."""
    last = item.get_closest_marker("runs_last")
    return last.args[0] if last else 0, kind(item)


def unit(item: pytest.Item) -> str:
    """Tests of one unit run in one process, in their order: those of a file, of an xdist_group, the exclusive ones."""
    if group := item.get_closest_marker("xdist_group"):
        return str(group.args[0])
    return "exclusive" if kind(item) is Kind.EXCLUSIVE else item.nodeid.partition("::")[0]


class UnitScheduling(LoadScopeScheduling):  # type: ignore[misc]  # xdist has no types
    """Hands out units in the order of their first tests; to the first process those without a cluster before others."""

    def __init__(self, config: pytest.Config, log: Any, items: list[pytest.Item]) -> None:
        super().__init__(config, log)
        self._units = {item.nodeid: unit(item) for item in items}
        self._without_cluster = {unit(item) for item in items if kind(item) is Kind.NO_CLUSTER}
        config.option.loadscopereorder = False

    def _assign_work_unit(self, node: Any) -> None:
        if node is self.nodes[0]:
            first = next((name for name in self.workqueue if name in self._without_cluster), None)
            if first is not None:
                self.workqueue.move_to_end(first, last=False)
        super()._assign_work_unit(node)

    def _split_scope(self, nodeid: str) -> str:
        return self._units[nodeid]


class Turns:
    """A process's turn: a lock that it holds from the first to the last test of one kind in a row."""

    def __init__(self, directory: Path) -> None:
        self._cluster = (directory / "cluster").open("a")
        self._processor = (directory / "processor").open("a")

    # first, so that no test's time limit counts the waiting
    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_protocol(
        self, item: pytest.Item, nextitem: pytest.Item | None
    ) -> Generator[None, object, object]:
        if kind(item) is Kind.NO_CLUSTER:
            fcntl.flock(self._processor, fcntl.LOCK_EX)
        else:
            fcntl.flock(self._cluster, fcntl.LOCK_SH if kind(item) is Kind.SHARED else fcntl.LOCK_EX)
        try:
            return (yield)
        finally:
            if nextitem is None or kind(nextitem) is not kind(item):
                fcntl.flock(self._cluster, fcntl.LOCK_UN)
                fcntl.flock(self._processor, fcntl.LOCK_UN)


def once(config: pytest.Config, what: str, act: Callable[[], None]) -> None:
    """Does it in the first process that asks; the others wait until it is done."""
    directory = shared_directory(config)
    if directory is None:
        act()
        return
    done = directory / f"{what}.done"
    with (directory / what).open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not done.exists():
            act()
            done.touch()


def shared_directory(config: pytest.Config) -> Path | None:
    """Where the processes of one run meet; None in a run of one process."""
    shared = getattr(config, "workerinput", {}).get("shared_directory")
    return Path(shared) if shared else None
