"""The resync: a LIST of everything, now and then, which repairs what the watch has lost.

One paged LIST of metadata per kind; in full is read what is wanted and not known in that version, so that neither what
is unchanged nor what others have labelled as ours costs more than its metadata. Only the bundles for which it changed
anything are looked at. The first one fills the cache before anything is reconciled; as all wait for it, it lists some
kinds at the same time, and any later one, which nobody waits for, one after the other.

The versions of lists only grow. Where they have gone back the API server has another store, as where a backup of etcd
was put in its place: what is known here, and what the watches wait for, is of a history that never was. That ends the
process, and the next one begins with what there is.
"""

import asyncio
import contextlib
import logging
import random
import time
from collections.abc import Callable
from functools import partial

from modelbundle_operator.api.base import Body
from modelbundle_operator.api.names import KIND
from modelbundle_operator.errors import OperatorError, Transient
from modelbundle_operator.kube.cache import ObjectCache
from modelbundle_operator.kube.cluster import Cluster
from modelbundle_operator.kube.errors import Refused
from modelbundle_operator.kube.kept import Kept
from modelbundle_operator.kube.kinds import CACHED_KINDS, OWN_KINDS
from modelbundle_operator.kube.orphans import Orphans, lost_owner
from modelbundle_operator.loop.backoff import backoff
from modelbundle_operator.loop.key import Key

log = logging.getLogger(__name__)

FIRST_RETRY_SECONDS = 2.0
TOGETHER_SECONDS = 0.5
# so often in a row lists have to be older than those before them: one may come from a cache that lags
OLDER_TIMES = 3
# lists at the same time, each with a page in memory (pages.py, needed.py)
FIRST_LISTS = 4
# without these what an object says of itself would be wrong; for the rest a look asks, or does without
_NEEDED = (KIND, "Pod")
# owners first, as a child is kept while its owner is known
_STEPS = (OWN_KINDS, tuple(kind for kind in CACHED_KINDS if kind not in OWN_KINDS))


class Rewound(OperatorError):
    """The API server's history is another one than that of what is known here."""


class Resync:
    """Keeps the cache whole. `age` is for the metrics."""

    def __init__(
        self,
        cluster: Cluster,
        cache: ObjectCache,
        enqueue: Callable[[Key], None],
        every: float,
        namespaces: tuple[str, ...] = (),
    ) -> None:
        self._cluster = cluster
        self._cache = cache
        self._enqueue = enqueue
        self._every = every
        self._namespaces: tuple[str | None, ...] = namespaces or (None,)
        self._last = time.monotonic()
        self._logged_refusals: set[str] = set()
        self.refused: set[tuple[str, str]] = set()  # kinds and namespaces that may not be listed
        self.orphans = Orphans()
        self._asked = asyncio.Event()
        self._took = 0.0
        # versions of the LISTs that filled the cache, until a watch has started from them
        self._listed: dict[tuple[str, str | None], int] = {}
        self._newest: dict[tuple[str, str | None], int] = {}  # version of a list so far
        self._older: set[str] = set()  # kinds of which this resync has got an older one
        self._older_times = 0  # in a row

    def age(self) -> float:
        """Seconds since the last one that went well."""
        return time.monotonic() - self._last

    def lacks(self, namespace: str) -> str:
        """The kind that has never been listed there and that is needed to say anything of an object; empty for none."""
        return next((kind for kind in _NEEDED if not self._newest.keys() & {(kind, None), (kind, namespace)}), "")

    async def once(self) -> set[Key]:
        """List every kind; enqueue and return the bundles that the watch had wrong.

        What cannot be listed is left as it was known and does not keep the rest from being repaired. What is refused,
        as is a watched namespace that was deleted, is said once; anything else raises when all was tried, as trying
        again may help. Rewound where it does not.
        """
        began = time.monotonic()
        self._older.clear()
        changed: set[Key] = set()
        failed: list[Exception] = []
        refused: set[tuple[str, str]] = set()
        at_once = asyncio.Semaphore(1 if self._cache.filled else FIRST_LISTS)
        for kinds in _STEPS:
            places = [(kind, namespace) for kind in kinds for namespace in self._namespaces]
            found = await asyncio.gather(*(self._attempt(*place, at_once) for place in places))
            for (kind, namespace), result in zip(places, found, strict=True):
                if isinstance(result, set):
                    changed |= result
                    continue
                failed.append(result)
                if isinstance(result, Refused):
                    refused.add((kind, namespace or ""))
        self.refused = refused
        self._log_refusals([error for error in failed if isinstance(error, Refused)])
        if len(failed) == len(CACHED_KINDS) * len(self._namespaces):
            raise failed[0]
        self._last = time.monotonic()
        for key in sorted(changed):
            self._enqueue(key)
        self._older_times = self._older_times + 1 if self._older else 0
        if self._older_times >= OLDER_TIMES:
            raise Rewound(_older_words(self._older))
        if (again := next((each for each in failed if not isinstance(each, Refused)), None)) is not None:
            raise again
        if self._older:
            raise Transient(_older_words(self._older))
        self._took = time.monotonic() - began
        self._cache.filled = True
        return changed

    async def run(self) -> None:
        """Forever, with jitter; a failure is tried again soon, and none but Rewound ends the operator."""
        failures = 0
        while True:
            seconds = backoff(failures - 1, first=FIRST_RETRY_SECONDS, longest=self._every) if failures else self._every
            await self._pause(seconds * random.uniform(0.9, 1.1))
            try:
                changed = await self.once()
            except Rewound:
                raise
            except Exception as error:
                failures += 1
                log.warning("resync failed, trying again: %s", error or type(error).__name__)
            else:
                failures = 0
                if changed:
                    log.info("resync: the watch had missed changes of %d bundles", len(changed))

    def begin_watch(self, kind: str, namespace: str | None) -> int | None:
        """The version to watch from: the first watch goes on from the LIST that filled the cache.

        Any other one, which has None, tells nothing of what was before it: everything is looked at in a moment.
        """
        version = self._listed.pop((kind, namespace), None)
        if version is None:
            self._asked.set()
        return version

    async def _pause(self, seconds: float) -> None:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._asked.wait(), seconds)
            # the watches of all kinds begin together; and where they begin again and again, others get their turn
            await asyncio.sleep(min(max(TOGETHER_SECONDS, 4 * self._took), seconds))
        self._asked.clear()

    async def _attempt(self, kind: str, namespace: str | None, at_once: asyncio.Semaphore) -> set[Key] | Exception:
        try:
            async with at_once:
                return await self._list(kind, namespace)
        except OperatorError as error:
            return error
        except Exception as error:
            log.exception("the resync of %s in %s failed", kind, namespace or "all namespaces")
            return error

    async def _list(self, kind: str, namespace: str | None) -> set[Key]:
        lost, unchanged = list[Key](), list[Kept]()

        def needs(head: Body) -> bool:
            if (owner := lost_owner(kind, head)) is not None:
                lost.append(owner)
            if not self._cache.wants(kind, head):
                return False
            if (known := self._cache.unchanged(kind, head)) is None:
                return True
            unchanged.append(known)
            return False

        # at first all bundles and endpoints are needed: no use in asking which
        all_needed = kind in OWN_KINDS and not self._cache.filled
        listed, version = await self._cluster.list(
            kind, namespace, partial(self._cache.keep, kind), needs=None if all_needed else needs
        )
        if version < self._newest.get((kind, namespace), 0):
            self._older.add(kind)
        else:
            self._newest[kind, namespace] = version
        self.orphans.listed(kind, namespace, lost, self._cache.knows)
        self._cache.left_behind.listed(kind, namespace, lost, version)
        if not self._cache.filled:
            self._listed[kind, namespace] = version
        return self._cache.replace(kind, unchanged + listed, version, namespace)

    def _log_refusals(self, failed: list[Exception]) -> None:
        """Once for each failure, and not again while it lasts."""
        refusals = {str(error) for error in failed}
        for text in sorted(refusals - self._logged_refusals):
            log.error("cannot be listed, so the operator does not manage it: %s", text)
        self._logged_refusals = refusals


def _older_words(kinds: set[str]) -> str:
    return (
        f"the API server lists {', '.join(sorted(kinds))} as they were before what is known here: a backup may have"
        " been put in the place of its store"
    )
