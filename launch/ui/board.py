"""What all pages are shown: the rows, how far they are up to date, and what happened lately.

The watches write it and the pages' streams read it, each in a thread of its own. A page asks for what came after the
last change that it has; where that is forgotten it begins anew. So no page costs more than its connection.
"""

from __future__ import annotations

import json
import threading
import time
from collections import deque
from typing import Any, Deque, Dict, Iterable, List, Mapping, Optional, Set, Tuple

from bundle_spec.names import ENDPOINT_PLURAL, PLURAL
from launch.ui.activity import happened
from launch.ui.rows import Key, Row, key_of

MOST_ROWS = 5000  # of each kind
MOST_CHANGES = 2000  # that a page may be behind
MOST_ACTIVITY = 500


class Board:
    """`info` is what a page needs to know once: the place, the rights."""

    def __init__(self, info: Mapping[str, Any], most_rows: int = MOST_ROWS, most_changes: int = MOST_CHANGES) -> None:
        self.info = dict(info)
        self._most_rows, self._most_changes = most_rows, most_changes
        self._rows: Dict[str, Dict[Key, Row]] = {PLURAL: {}, ENDPOINT_PLURAL: {}}
        self._states: Dict[str, Dict[str, Any]] = {plural: {"state": "connecting"} for plural in self._rows}
        self._activity: Deque[Dict[str, Any]] = deque(maxlen=MOST_ACTIVITY)
        self._changes: Deque[str] = deque(maxlen=most_changes)
        self._last = 0  # the number of the newest change
        self._listed: Set[str] = set()  # kinds that were listed once: what comes later did happen
        self._changed = threading.Condition()

    def replace(self, plural: str, rows: Iterable[Row], complete: bool = True) -> None:
        """What a fresh list has; `complete` says whether it has all that there are."""
        listed = {key_of(row): row for row in rows}
        with self._changed:
            first = plural not in self._listed
            self._listed.add(plural)
            for key in [key for key in self._rows[plural] if key not in listed]:
                self._remove(plural, key)
            for row in listed.values():
                self._put(plural, row, quiet=first)
            self._say(plural, {"state": "live", "complete": complete})

    def put(self, plural: str, row: Row) -> None:
        """A row that is new or has changed."""
        with self._changed:
            self._put(plural, row)

    def remove(self, plural: str, key: Key) -> None:
        """The row of an object that is gone."""
        with self._changed:
            self._remove(plural, key)

    def say(self, plural: str, state: str, message: str = "", seconds: float = 0) -> None:
        """How the watch of this kind is: connecting, live or away, and in how many seconds it is tried again."""
        with self._changed:
            before = self._states[plural]
            self._say(plural, {**before, "state": state, "message": message, "retrySeconds": seconds})

    def row(self, plural: str, key: Key) -> Optional[Row]:
        """None where it is not there."""
        with self._changed:
            return self._rows[plural].get(key)

    def snapshot(self) -> Tuple[int, List[str]]:
        """The number of the newest change, and changes that make an empty page what it is to be."""
        with self._changed:
            changes = [_text("begin", info=self.info, states=self._states, activity=list(self._activity))]
            for plural, rows in self._rows.items():
                changes += [_text("put", plural=plural, row=row) for row in rows.values()]
            return self._last, [*changes, _text("whole")]

    def after(self, number: int, seconds: float) -> Tuple[int, Optional[List[str]]]:
        """The changes after this one, awaited for so many seconds; None where some of them are forgotten."""
        with self._changed:
            self._changed.wait_for(lambda: self._last != number, seconds)
            behind = self._last - number
            if behind > len(self._changes):
                return number, None
            changes = list(self._changes)
            return self._last, changes[len(changes) - behind :]

    def _put(self, plural: str, row: Row, quiet: bool = False) -> None:
        rows, key = self._rows[plural], key_of(row)
        before = rows.get(key)
        if before == row:
            return
        if before is None and len(rows) >= self._most_rows:
            if self._states[plural].get("complete", True):
                self._say(plural, {**self._states[plural], "complete": False})
            return
        rows[key] = row
        self._tell(_text("put", plural=plural, row=row))
        if not quiet:
            self._note(plural, key, happened(plural, before, row))

    def _remove(self, plural: str, key: Key) -> None:
        row = self._rows[plural].pop(key, None)
        if row is not None:
            self._tell(_text("gone", plural=plural, namespace=key[0], name=key[1]))
            self._note(plural, key, happened(plural, row, None))

    def _note(self, plural: str, key: Key, text: str) -> None:
        if text:
            moment = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
            entry = {"plural": plural, "namespace": key[0], "name": key[1], "time": moment, "text": text}
            self._activity.append(entry)
            self._tell(_text("activity", entry=entry))

    def _say(self, plural: str, state: Dict[str, Any]) -> None:
        if state != self._states[plural]:
            self._states[plural] = state
            self._tell(_text("state", plural=plural, **state))

    def _tell(self, change: str) -> None:
        self._changes.append(change)
        self._last += 1
        self._changed.notify_all()


def _text(change: str, **fields: Any) -> str:
    """ASCII without newlines, whatever the objects hold, so that it is one event of a stream."""
    return json.dumps({"change": change, **fields})
