"""What keeps the tests of several processes apart, as the locks of one run."""

from __future__ import annotations

import fcntl
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from tools.testkit.side_by_side import PLACES, Kind, Turns, position


@contextmanager
def turn(item: Any, directory: Path) -> Iterator[None]:
    """Of a process of its own: a lock is of the file that it has opened."""
    running = Turns(directory, alone=False).pytest_runtest_protocol(item, None)
    next(running)
    yield
    with suppress(StopIteration):
        running.send(None)


def free(directory: Path) -> list[int]:
    """The places that nobody has."""
    found = []
    for number in range(PLACES):
        with (directory / f"place{number}").open("a") as place, suppress(BlockingIOError):
            fcntl.flock(place, fcntl.LOCK_EX | fcntl.LOCK_NB)
            found.append(number)
    return found


def test_each_takes_a_place_that_is_free_and_gives_it_back(request: pytest.FixtureRequest, tmp_path: Path) -> None:
    with ExitStack() as second, turn(request.node, tmp_path):
        second.enter_context(turn(request.node, tmp_path))
        assert free(tmp_path) == [2]
        with turn(request.node, tmp_path):
            assert free(tmp_path) == []
        second.close()
        assert free(tmp_path) == [1, 2]
    assert free(tmp_path) == [0, 1, 2]


def test_it_waits_for_any_place(request: pytest.FixtureRequest, tmp_path: Path) -> None:
    ran = threading.Event()

    def wait() -> None:
        with turn(request.node, tmp_path):
            ran.set()

    with ExitStack() as first, turn(request.node, tmp_path), ExitStack() as last:
        first.enter_context(turn(request.node, tmp_path))
        last.enter_context(turn(request.node, tmp_path))
        waiting = threading.Thread(target=wait)
        waiting.start()
        assert not ran.wait(0.2)
        last.close()
        assert ran.wait(10)
        waiting.join()


@pytest.mark.undisturbed
def test_an_undisturbed_one_has_all_places_and_comes_first(request: pytest.FixtureRequest, tmp_path: Path) -> None:
    with turn(request.node, tmp_path):
        assert free(tmp_path) == []
    assert position(request.node) < (0, Kind.NO_CLUSTER, True), "of those without a cluster"
