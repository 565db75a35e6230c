"""Statuses that another program changes again and again: how long to leave that.

An operator of another version or with other settings, which watches the same namespace by mistake, has other words for
the same object. The words of each are an event to the other one, and both would write as fast as the API server takes
it. So from the sixth time on what others have made of a status of ours is left for a while, longer each time. What they
add to it counts for nothing.
"""

import hashlib
import json
import logging
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import NamedTuple

from modelbundle_operator.api.base import Body
from modelbundle_operator.errors import Transient
from modelbundle_operator.loop.backoff import backoff
from modelbundle_operator.loop.key import Key
from modelbundle_operator.reconcile.disputes import QUIET, is_within

log = logging.getLogger(__name__)

ANSWERED_AT_ONCE = 5
FIRST_SECONDS, LONGEST_SECONDS = 2.0, 300.0
# so many are remembered, the latest: some hundred bytes each
MOST = 10_000


class Names(NamedTuple):
    """What a status of ours has: its fields, and the types of its conditions."""

    fields: frozenset[str]
    conditions: frozenset[str]


@dataclass(frozen=True)
class Words:
    """The last status of ours, as the API server answered it, and how often in a row others have changed one."""

    uid: str
    names: Names
    fingerprint: str
    at: datetime
    changed: int = 0

    @property
    def pause(self) -> timedelta:
        """How long it is left once others have changed it again."""
        more = self.changed - ANSWERED_AT_ONCE
        return timedelta(seconds=backoff(more, first=FIRST_SECONDS, longest=LONGEST_SECONDS) if more >= 0 else 0)


class Overwritten:
    """The last words about each object. In memory: after a restart others are answered at once again."""

    def __init__(self) -> None:
        self._last: dict[Key, Words] = {}  # the oldest comes first

    def refuse_too_soon(self, body: Body, now: datetime) -> None:
        """Transient where the status of the object `body` was changed by others, and is left so for now."""
        last = self._changed(body, now)
        if last is not None and is_within(last.at, last.pause, now):
            left = (last.at + last.pause - now).total_seconds()
            raise Transient("another program changes its status again and again, which is left for a while", left)

    def written(self, body: Body, sent: Body, answer: Body, now: datetime) -> None:
        """The status `sent` was written in the place of that of `body`, and the object `answer` came of it."""
        key, changed = _key(body), self._changed(body, now)
        names = Names(frozenset(sent), frozenset(each["type"] for each in sent.get("conditions") or []))
        words = Words(body["metadata"]["uid"], names, _fingerprint(answer, names), now)
        if changed is not None:
            words = replace(words, changed=changed.changed + 1)
            if words.changed == ANSWERED_AT_ONCE:
                log.warning(
                    "%s: another program changes its status again and again, and is answered ever more rarely: is it an"
                    " operator that watches this namespace too?", key, extra={"bundle": str(key)},
                )  # fmt: skip
        self._last.pop(key, None)
        self._last[key] = words
        if len(self._last) > MOST:
            del self._last[next(iter(self._last))]

    def forget(self, key: Key) -> None:
        """The object is gone."""
        self._last.pop(key, None)

    def _changed(self, body: Body, now: datetime) -> Words | None:
        """The last words about an object, where others have lately changed them."""
        last = self._last.get(_key(body))
        if last is None or last.uid != body["metadata"]["uid"] or not is_within(last.at, QUIET, now):
            return None
        return last if _fingerprint(body, last.names) != last.fingerprint else None


def _key(body: Body) -> Key:
    return Key(body["metadata"]["namespace"], body["metadata"]["name"], body["kind"])


def _fingerprint(body: Body, names: Names) -> str:
    """Of the part of the object's status that has these names."""
    status = body.get("status") or {}
    part = {name: value for name, value in status.items() if name in names.fields and name != "conditions"}
    conditions = {each["type"]: each for each in status.get("conditions") or [] if each["type"] in names.conditions}
    return hashlib.sha256(json.dumps([part, conditions], sort_keys=True).encode()).hexdigest()
