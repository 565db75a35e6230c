"""Which tests `make test` runs side by side, and which wait for each other.

pytest-xdist runs the files of tests in several processes. A cluster test mostly waits, so several share the one cluster
and the one operator in it. An `exclusive` one has them to itself: all of these run one after the other in one process,
which has a local cluster of its own; on another cluster it waits for the others to be done with it. A test that
`runs_last` waits for them everywhere: it measures, or looks at what the whole run did. Tests without a cluster need the
processors: by one process from the beginning, and by whichever else has nothing to do, but no more than three at a
time, and an `undisturbed` one beside none: the first process begins with these, while it is the only one. Locks make it
so, whatever the order of the files.
"""

from __future__ import annotations

import enum
import fcntl
import time
from collections.abc import Callable, Generator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from xdist.scheduler import LoadScopeScheduling

PLACES = 3  # so many tests without a cluster run at a time: two processors, and half of a test is waiting
OWN_CLUSTER = "exclusive"  # the local cluster of the process that runs the exclusive tests, and their unit


class Kind(enum.IntEnum):
    """In the order in which they are handed out."""

    SHARED = 0
    EXCLUSIVE = 1
    NO_CLUSTER = 2


def kind(item: pytest.Item) -> Kind:
    if not item.get_closest_marker("cluster"):
        return Kind.NO_CLUSTER
    return Kind.EXCLUSIVE if item.get_closest_marker("exclusive") else Kind.SHARED


def position(item: pytest.Item) -> tuple[int, Kind, bool]:
    """Sorts tests, in every process alike: the undisturbed before those that they would keep waiting."""
    last = item.get_closest_marker("runs_last")
    return last.args[0] if last else 0, kind(item), not item.get_closest_marker("undisturbed")


def unit(item: pytest.Item) -> str:
    """Tests of one unit run in one process, in their order: those of a file, of an xdist_group, the exclusive ones."""
    if group := item.get_closest_marker("xdist_group"):
        return str(group.args[0])
    return OWN_CLUSTER if kind(item) is Kind.EXCLUSIVE else item.nodeid.partition("::")[0]


def gives_own_cluster(config: pytest.Config, name: str) -> bool:
    """Whether the process of this name is the one with a cluster of its own: the last one."""
    processes = len(config.option.tx)
    return processes > 1 and name == f"gw{processes - 1}"


class UnitScheduling(LoadScopeScheduling):  # type: ignore[misc]  # xdist has no types
    """Hands out units in the order of their first tests; to the first process those without a cluster before others,
    and to the one with a cluster of its own nothing of the shared one."""

    def __init__(self, config: pytest.Config, log: Any, items: list[pytest.Item]) -> None:
        super().__init__(config, log)
        self._units = {item.nodeid: unit(item) for item in items}
        self._without_cluster = {unit(item) for item in items if kind(item) is Kind.NO_CLUSTER}
        config.option.loadscopereorder = False

    def _assign_work_unit(self, node: Any) -> None:
        unit = self._next_for(node)
        if unit is None:
            node.shutdown()
            return
        self.workqueue.move_to_end(unit, last=False)
        super()._assign_work_unit(node)

    def _next_for(self, node: Any) -> str | None:
        without_cluster: str | None = next((name for name in self.workqueue if name in self._without_cluster), None)
        if is_alone(node):
            return OWN_CLUSTER if OWN_CLUSTER in self.workqueue else without_cluster
        if node is self.nodes[0] and without_cluster is not None:
            return without_cluster
        others = any(is_alone(each) for each in self.nodes)
        return next((name for name in self.workqueue if not (others and name == OWN_CLUSTER)), None)

    def _split_scope(self, nodeid: str) -> str:
        return self._units[nodeid]


def is_alone(node: Any) -> bool:
    """Whether this process has a cluster of its own."""
    return bool(node.workerinput.get("cluster"))


class Turns:
    """A process's turn: a lock on the cluster, held from the first to the last test of one kind in a row; or on the
    first place that is free or, in their order, on all places, held for one test."""

    def __init__(self, directory: Path, *, alone: bool) -> None:
        self._alone = alone  # on a cluster of its own
        self._cluster = (directory / "cluster").open("a")
        self._places = [(directory / f"place{each}").open("a") for each in range(PLACES)]

    # first, so that no test's time limit counts the waiting
    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_protocol(
        self, item: pytest.Item, nextitem: pytest.Item | None
    ) -> Generator[None, object, object]:
        if kind(item) is Kind.NO_CLUSTER:
            self._take_places(every=item.get_closest_marker("undisturbed") is not None)
        elif kind(item) is Kind.SHARED:
            fcntl.flock(self._cluster, fcntl.LOCK_SH)
        elif not self._alone or item.get_closest_marker("runs_last"):
            fcntl.flock(self._cluster, fcntl.LOCK_EX)
        try:
            return (yield)
        finally:
            for place in self._places:
                fcntl.flock(place, fcntl.LOCK_UN)
            if nextitem is None or kind(nextitem) is not kind(item):
                fcntl.flock(self._cluster, fcntl.LOCK_UN)

    def _take_places(self, *, every: bool) -> None:
        if every:
            for place in self._places:
                fcntl.flock(place, fcntl.LOCK_EX)
            return
        while True:
            for place in self._places:
                with suppress(BlockingIOError):
                    fcntl.flock(place, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    return
            time.sleep(0.02)  # the kernel can wait for one of them alone


def once(config: pytest.Config, what: str, act: Callable[[], None]) -> None:
    """Does it in the first process of a cluster that asks; the others wait until it is done."""
    directory = shared_directory(config)
    if directory is None:
        act()
        return
    what_where = f"{what}-{own_cluster(config)}"
    done = directory / f"{what_where}.done"
    with (directory / what_where).open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not done.exists():
            act()
            done.touch()


def own_cluster(config: pytest.Config) -> str:
    """Name of the local cluster that this process has to itself; empty where it shares the usual one."""
    return str(getattr(config, "workerinput", {}).get("cluster", ""))


def shared_directory(config: pytest.Config) -> Path | None:
    """Where the processes of one run meet; None in a run of one process."""
    shared = getattr(config, "workerinput", {}).get("shared_directory")
    return Path(shared) if shared else None
