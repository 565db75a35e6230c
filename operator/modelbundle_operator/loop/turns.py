"""Whose turn it is: keys in the order in which they came, and namespaces one after the other.

A namespace with a thousand keys takes as many turns as one with a single key while both wait. Nor may it hold workers
without end, as each of its looks may wait for a slow admission webhook of its own: it is given another worker only
while it holds fewer than are free. So a namespace alone gets half of the workers, a second one half of the rest, and
one more that comes finds a worker that is free.
"""

from collections import Counter, deque

from modelbundle_operator.loop.key import Key


class Turns:
    """The keys that are ready, and the workers that each namespace holds."""

    def __init__(self, workers: int) -> None:
        self._workers = workers
        self._ready: dict[str, deque[Key]] = {}  # the namespace whose turn is next comes first
        self._held: Counter[str] = Counter()

    def __len__(self) -> int:
        return sum(map(len, self._ready.values()))

    def add(self, key: Key) -> None:
        """`key` is ready."""
        self._ready.setdefault(key.namespace, deque()).append(key)

    def next(self) -> Key | None:
        """The key whose turn it is, for a worker to hold; None when no namespace that has one may hold another."""
        free = self._workers - self._held.total()
        namespace = next((name for name in self._ready if self._held[name] < free), None)
        if namespace is None:
            return None
        keys = self._ready.pop(namespace)
        key = keys.popleft()
        if keys:
            self._ready[namespace] = keys
        self._held[namespace] += 1
        return key

    def done(self, key: Key) -> None:
        """Its worker is free."""
        self._held[key.namespace] -= 1
        if not self._held[key.namespace]:
            del self._held[key.namespace]

    def clear(self) -> None:
        """Forget what is ready; what is held stays held."""
        self._ready.clear()
