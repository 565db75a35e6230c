"""Whose turn it is: keys in the order in which they came, and namespaces one after the other.

A namespace with a thousand keys takes as many turns as one with a single key while both wait. Nor may it hold workers
without end, as each of its looks may wait for a slow admission webhook of its own: it is given another worker only
while it holds fewer than are free. So a namespace alone gets half of the workers, a second one half of the rest, and
one more that comes finds a worker that is free.

Heavy keys stand in a line of their own, and one of them is in work at a time. To write such an object costs the API
server as much as a hundred others, so several at once would delay whoever else asks it for anything; and what waits in
line holds no worker.
"""

from collections import Counter, deque

from modelbundle_operator.loop.key import Key

_Line = dict[str, deque[Key]]  # by namespace; the one whose turn is next comes first


class Turns:
    """The keys that are ready, and the workers that each namespace holds."""

    def __init__(self, workers: int) -> None:
        self._workers = workers
        self._light: _Line = {}
        self._heavy: _Line = {}
        self._held: Counter[str] = Counter()
        self._heavy_held: Key | None = None
        self._heavy_next = True  # the two lines take turns, so that neither waits for the end of the other

    def __len__(self) -> int:
        return sum(len(keys) for line in (self._light, self._heavy) for keys in line.values())

    def add(self, key: Key, *, heavy: bool = False) -> None:
        """`key` is ready."""
        line = self._heavy if heavy else self._light
        line.setdefault(key.namespace, deque()).append(key)

    def next(self) -> Key | None:
        """The key whose turn it is, for a worker to hold; None when no namespace that has one may hold another."""
        for heavy in (self._heavy_next, not self._heavy_next):
            if heavy and self._heavy_held is not None:
                continue
            if (key := self._first_of(self._heavy if heavy else self._light)) is not None:
                self._heavy_next = not heavy
                if heavy:
                    self._heavy_held = key
                return key
        return None

    def done(self, key: Key) -> None:
        """Its worker is free."""
        if key == self._heavy_held:
            self._heavy_held = None
        self._held[key.namespace] -= 1
        if not self._held[key.namespace]:
            del self._held[key.namespace]

    def clear(self) -> None:
        """Forget what is ready; what is held stays held."""
        self._light.clear()
        self._heavy.clear()

    def _first_of(self, line: _Line) -> Key | None:
        free = self._workers - self._held.total()
        namespace = next((name for name in line if self._held[name] < free), None)
        if namespace is None:
            return None
        keys = line.pop(namespace)
        key = keys.popleft()
        if keys:
            line[namespace] = keys
        self._held[namespace] += 1
        return key
