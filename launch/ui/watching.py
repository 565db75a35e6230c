"""Keeps the board up to date: a list, then its watch, and again from the start where one of them breaks off."""

from __future__ import annotations

import random
import threading
from typing import Iterator, List, NamedTuple, Protocol, Union

from launch.cluster.following import GONE, ListExpired
from launch.errors import APIError
from launch.ui.board import MOST_ROWS, Board
from launch.ui.rows import Key, Row

FIRST_SECONDS, LONGEST_SECONDS = 1.0, 30.0


class Listed(NamedTuple):
    """All rows that there are, or the first of more."""

    rows: List[Row]
    complete: bool = True


class Put(NamedTuple):
    """A row that is new or has changed."""

    row: Row


class Gone(NamedTuple):
    """The key of what was deleted."""

    key: Key


Change = Union[Listed, Put, Gone, None]  # None: nothing has changed, and the connection is there


class Follows(Protocol):
    """Where rows come from: a cluster, or the directory of local bundles."""

    def follow(self, plural: str, most: int) -> Iterator[Change]:
        """Listed, then Put and Gone as they happen; APIError where it cannot go on."""


def keep_up(
    source: Follows, plural: str, board: Board, stopping: threading.Event, first: float = FIRST_SECONDS
) -> None:
    """Until `stopping` is set; a failure is on the board, with the seconds until the next attempt."""
    pause = first
    while not stopping.is_set():
        try:
            for change in source.follow(plural, MOST_ROWS):
                if stopping.is_set():
                    return
                if isinstance(change, Listed):
                    board.replace(plural, change.rows, change.complete)
                elif isinstance(change, Put):
                    board.put(plural, change.row)
                    pause = first
                elif isinstance(change, Gone):
                    board.remove(plural, change.key)
                    pause = first
        except APIError as error:
            wait = pause * random.uniform(0.8, 1.2)  # many clients may see one outage end
            expired = isinstance(error, ListExpired) or error.status == GONE
            board.say(plural, "resync" if expired else "away", str(error), round(wait, 1))
            pause = min(2 * pause, LONGEST_SECONDS)
            stopping.wait(wait)


def start(source: Follows, board: Board, stopping: threading.Event, plurals: List[str]) -> List[threading.Thread]:
    """A thread for each kind; they end with the process."""
    threads = [
        threading.Thread(target=keep_up, args=(source, plural, board, stopping), daemon=True) for plural in plurals
    ]
    for thread in threads:
        thread.start()
    return threads
