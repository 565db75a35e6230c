"""A look at everything, now and then: the repair of what the watch has lost.

One paged LIST per kind, and only the bundles for which it brought news are looked at. The first one fills the mirror
before anything is reconciled.
"""

import asyncio
import logging
import random
import time
from collections.abc import Callable

from .cluster import Cluster
from .errors import OperatorError
from .mirror import KINDS, Mirror
from .workqueue import Key

log = logging.getLogger(__name__)

FIRST_RETRY_SECONDS = 1.0


class Resync:
    """Keeps the mirror whole. `age` is what the liveness probe asks for."""

    def __init__(
        self,
        cluster: Cluster,
        mirror: Mirror,
        enqueue: Callable[[Key], None],
        every: float,
        namespaces: tuple[str, ...] = (),
    ) -> None:
        self._cluster = cluster
        self._mirror = mirror
        self._enqueue = enqueue
        self._every = every
        self._namespaces: tuple[str | None, ...] = namespaces or (None,)
        self._last = time.monotonic()

    def age(self) -> float:
        """Seconds since the last one that went well."""
        return time.monotonic() - self._last

    async def once(self) -> set[Key]:
        """List every kind; enqueue and return the bundles that the watch had wrong."""
        news: set[Key] = set()
        for kind in KINDS:
            for namespace in self._namespaces:
                bodies, version = await self._cluster.list(kind, namespace)
                news |= self._mirror.replace(kind, bodies, version, namespace)
        self._last = time.monotonic()
        self._mirror.filled = True
        for key in sorted(news):
            self._enqueue(key)
        return news

    async def run(self) -> None:
        """For ever, with jitter; a failure is tried again soon and never ends the operator."""
        failures = 0
        while True:
            seconds = self._every if not failures else min(FIRST_RETRY_SECONDS * 2.0**failures, self._every)
            await asyncio.sleep(seconds * random.uniform(0.9, 1.1))
            try:
                news = await self.once()
            except OperatorError as error:
                failures += 1
                log.warning("resync failed, trying again: %s", error)
            else:
                failures = 0
                if news:
                    log.info("resync: the watch had missed changes of %d bundles", len(news))
