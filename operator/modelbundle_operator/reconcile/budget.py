"""The one child that a bundle may do without: its PodDisruptionBudget, made, kept and removed beside the others.

A bundle with one replica costs no call here. What keeps the budget from being written keeps nothing else: the bundle
serves without it. A PodDisruptionBudget of another owner that has the bundle's name stands in its place, as two that
select one pod let nobody evict it.
"""

import logging
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from modelbundle_operator.api.base import Body
from modelbundle_operator.api.names import API_VERSION, KIND, ModelBundle
from modelbundle_operator.errors import Conflict, NotLeading, Transient
from modelbundle_operator.judge.refusal import refusal
from modelbundle_operator.kube.cache import ObjectCache
from modelbundle_operator.kube.cluster import Cluster
from modelbundle_operator.kube.errors import Refused
from modelbundle_operator.kube.kinds import BUDGET_KIND
from modelbundle_operator.loop.backoff import backoff
from modelbundle_operator.loop.key import Key
from modelbundle_operator.reconcile.children import converge, find, own
from modelbundle_operator.reconcile.disputes import Disputes
from modelbundle_operator.reconcile.events import BUDGET_REFUSED, tell

log = logging.getLogger(__name__)

FIRST_AGAIN_SECONDS, LONGEST_AGAIN_SECONDS = 0.5, 300.0


class Lack(NamedTuple):
    """How often in a row a budget could not be written, and the cause that an event has named; empty for none yet."""

    tries: int = 0
    said: str = ""


@dataclass(frozen=True)
class Budgets:
    """`lacking`: the bundles whose budget could not be written."""

    cluster: Cluster
    cache: ObjectCache
    disputes: Disputes
    lacking: dict[Key, Lack]

    async def keep(self, key: Key, bundle: ModelBundle, wanted: Body | None, asked: bool, now: datetime) -> None:
        """Bring it to what is wanted, None for none; Conflict where it has changed meanwhile.

        `asked`: where the cache has none, the API server is asked.
        """
        try:
            await self._keep(key, bundle, wanted, asked, now)
        except (Conflict, NotLeading):
            raise
        except (Refused, Transient) as error:
            await self._say(key, bundle, error, now)
        else:
            self.forget(key)

    def forget(self, key: Key) -> None:
        """It lacks nothing."""
        self.lacking.pop(key, None)

    def requeue_after(self, key: Key) -> float | None:
        """Seconds until one that could not be written is tried again."""
        lack = self.lacking.get(key)
        return backoff(lack.tries - 1, first=FIRST_AGAIN_SECONDS, longest=LONGEST_AGAIN_SECONDS) if lack else None

    async def _keep(self, key: Key, bundle: ModelBundle, wanted: Body | None, asked: bool, now: datetime) -> None:
        live = self.cache.get(BUDGET_KIND, key)
        if live is None and (self.cache.knows(BUDGET_KIND, key) or (wanted is not None and asked)):
            live = await find(self.cluster, self.cache, BUDGET_KIND, key)
        if live is not None and not own(KIND, bundle.metadata, {BUDGET_KIND: live}):
            return  # of another owner; or on its way out, and its end brings the next look
        if wanted is not None:
            await converge(self.cluster, self.cache, live, wanted, self.disputes, now)
        elif live is not None:
            await self.cluster.remove(BUDGET_KIND, *key.place, live["metadata"]["uid"])
            self.cache.removed(BUDGET_KIND, key)

    async def _say(self, key: Key, bundle: ModelBundle, error: Refused | Transient, now: datetime) -> None:
        log.warning("%s/%s: its PodDisruptionBudget could not be written: %s", *key.place, error.message)
        found = refusal("the bundle", key.namespace, error.status, error.message)
        tries, said = self.lacking.get(key, Lack())
        lasts = isinstance(error, Refused) or tries + 1 >= error.tries_before_words
        to_be_said = lasts and said != found.cause.name
        self.lacking[key] = Lack(tries + 1, found.cause.name if to_be_said else said)
        if not to_be_said:
            return
        metadata = {"name": key.name, "namespace": key.namespace, "uid": bundle.metadata.uid}
        about = {"apiVersion": API_VERSION, "kind": KIND, "metadata": metadata}
        words = f"{found.message} The bundle serves without one; serving.disruptionBudget: false asks for none."
        await tell(self.cluster, about, "Warning", BUDGET_REFUSED, words, now)
