"""Which keys wait for the end of which cause, so that the end of it for one is the end of it for others.

Each key is tried again at growing intervals of its own. But a full range of Services has room when one is deleted, and
a webhook that lets one bundle pass lets others pass: then it is known that the cause may have ended. Not all are tried
at once, as room for one is no room for all: a deletion lets one key try, and each success two more.
"""

from collections import Counter, defaultdict

from modelbundle_operator.errors import Cause
from modelbundle_operator.loop.key import Key
from modelbundle_operator.loop.workqueue import WorkQueue


class Hindered:
    """Keys by what hinders them, in the order in which they were first hindered."""

    def __init__(self, queue: WorkQueue) -> None:
        self._queue = queue
        self._causes: dict[Key, Cause] = {}
        self._keys: defaultdict[Cause, dict[Key, None]] = defaultdict(dict)

    def failed(self, key: Key, cause: Cause | None) -> None:
        """A look at `key` has failed; None: for no cause that others share."""
        if self._causes.get(key) != cause:
            self._forget(key)
        if cause is not None:
            self._causes[key] = cause
            self._keys[cause][key] = None

    def succeeded(self, key: Key) -> None:
        """A look at `key` has succeeded; where it was hindered, two others of that cause are tried."""
        if (cause := self._forget(key)) is not None:
            self._try(cause, 2)

    def deleted_in(self, namespace: str) -> None:
        """An object was deleted: what waits for room there may have it."""
        for cause in list(self._keys):
            if cause.room and cause.namespace in ("", namespace):
                self._try(cause, 1)

    def clear(self) -> None:
        """Forget them all: another operator tries them now."""
        self._causes.clear()
        self._keys.clear()

    def counts(self) -> Counter[str]:
        """How many keys each kind of cause hinders."""
        return Counter(cause.name for cause in self._causes.values())

    def _try(self, cause: Cause, most: int) -> None:
        for key in list(self._keys.get(cause, ()))[:most]:
            # to the end of the line: the next room is another one's to try; and if it was not room enough, soon again
            self._keys[cause][key] = self._keys[cause].pop(key)
            self._queue.forget(key)
            self._queue.add(key)

    def _forget(self, key: Key) -> Cause | None:
        cause = self._causes.pop(key, None)
        if cause is not None:
            del self._keys[cause][key]
            if not self._keys[cause]:
                del self._keys[cause]
        return cause
