"""Which key waits for which: a clone for its base. In memory only: at a start every key is looked at, and asks again.

What is waited for may change while the look that asks for it is still under way; the waiter is then looked at once
more, so no wake-up falls between the two.
"""

from collections import defaultdict

from modelbundle_operator.loop.key import Key
from modelbundle_operator.loop.workqueue import WorkQueue


class Waiters:
    """Wakes keys, by putting them into the queue, when what they wait on has changed."""

    def __init__(self, queue: WorkQueue) -> None:
        self._queue = queue
        self._waits_on: dict[Key, frozenset[Key]] = {}
        self._waiters: defaultdict[Key, set[Key]] = defaultdict(set)
        self._changed_meanwhile: dict[Key, set[Key]] = {}

    def changed(self, key: Key) -> None:
        """`key` changed: by the watch, or because its status was written."""
        for changes in self._changed_meanwhile.values():
            changes.add(key)
        for waiter in self._waiters.get(key, ()):
            self._queue.add(waiter)

    def begin(self, key: Key) -> None:
        """A look at `key` begins."""
        self._changed_meanwhile[key] = set()

    def end(self, key: Key, dependencies: frozenset[Key] | None) -> None:
        """It has ended; None: it failed, and what it waited on before stands."""
        changes = self._changed_meanwhile.pop(key)
        if dependencies is None:
            return
        self._wait_on(key, dependencies)
        if changes & dependencies:
            self._queue.add(key)

    def _wait_on(self, key: Key, dependencies: frozenset[Key]) -> None:
        for gone in self._waits_on.pop(key, frozenset()) - dependencies:
            self._waiters[gone].discard(key)
            if not self._waiters[gone]:
                del self._waiters[gone]
        for dependency in dependencies:
            self._waiters[dependency].add(key)
        if dependencies:
            self._waits_on[key] = dependencies
