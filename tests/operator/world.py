"""A cluster in memory, what the operator knows of it, and the operator: looked at by hand, or left to run."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Any

from modelbundle_operator.judge.begun import BEGUN_SECONDS
from modelbundle_operator.kube.cache import ObjectCache, keys_for
from modelbundle_operator.loop.controller import Controller, Outcome
from modelbundle_operator.loop.dependencies import Waiters
from modelbundle_operator.loop.key import Key
from modelbundle_operator.loop.workqueue import WorkQueue
from modelbundle_operator.reconcile.bundle import Reconciler
from modelbundle_operator.settings import Settings

from tests.operator.fake_cluster import FakeCluster
from tools.testkit.cluster_objects import START

Body = dict[str, Any]
KEY = Key("models", "llama")


class World:
    """A cluster, its cache, a clock that stands still, and the operator."""

    def __init__(self, bundle: Body | None = None, cluster: FakeCluster | None = None, **settings: Any) -> None:
        self.cluster, self.cache, self.now = cluster or FakeCluster(), ObjectCache(), START
        self.reconcile = Reconciler(self.cluster, self.cache, Settings(**settings), lambda: self.now)
        if bundle is not None:
            self.cluster.put(bundle)

    async def look(self) -> Outcome:
        """What the watch brings, then one reconcile. A first status that waits has waited by the next one."""
        self.cluster.deliver(self.cache)
        outcome = await self.reconcile(KEY)
        if KEY in self.reconcile.begun:
            self.now += timedelta(seconds=BEGUN_SECONDS)
        return outcome

    async def at_rest(self) -> None:
        """One more look changes nothing."""
        with self.cluster.expect_no_writes():
            await self.look()

    def status(self) -> Body:
        return self.cluster.objects[("ModelBundle", *KEY.place)].get("status", {})

    def condition(self, name: str) -> Body:
        return next((c for c in self.status().get("conditions", []) if c["type"] == name), {})

    def ready(self) -> tuple[str, str]:
        ready = self.condition("Ready")
        return ready["status"], ready["reason"]

    def rolled_out(self, *pods: Body) -> None:
        """The Deployment controller and the kubelet have done their part."""
        deployment = self.cluster.objects[("Deployment", *KEY.place)]
        generation = deployment["metadata"]["generation"]
        wanted = deployment["spec"]["replicas"]
        self.cluster.set_status("Deployment", KEY, observedGeneration=generation, updatedReplicas=wanted)
        digest = deployment["metadata"]["labels"]["modelbundle.dev/digest"]
        for ref in [ref for ref in self.cluster.objects if ref[0] == "Pod"]:
            self.cache.observe("Pod", "DELETED", self.cluster.delete("Pod", Key(ref[1], ref[2])))
        for body in pods:
            body["metadata"]["labels"]["modelbundle.dev/digest"] = digest
            body["metadata"].pop("resourceVersion")
            self.cluster.put(body)


class Running:
    """The operator at work: what is done to the cluster here is seen by its watch at once."""

    def __init__(self, cluster: FakeCluster) -> None:
        self.cluster, self.cache, self.queue = cluster, ObjectCache(), WorkQueue(jitter=lambda: 0.01)
        waiters = Waiters(self.queue)
        self._began, self._skipped = time.monotonic(), 0.0
        reconcile = Reconciler(cluster, self.cache, Settings(), self.now, waiters.changed, self.queue.failures)
        self._controller = Controller(self.queue, reconcile, 4, 5, waiters)

    def now(self) -> datetime:
        """By the bundles' clock."""
        return START + timedelta(seconds=self._skipped + time.monotonic() - self._began)

    async def start(self) -> asyncio.Task[None]:
        """As a new process does: everything is known and looked at before the first event."""
        self.cluster.deliver(self.cache)
        for key in list(self.cache.keys()):
            self._controller.enqueue(key)
        return asyncio.create_task(self._controller.run())

    def apply(self, *bodies: Body) -> None:
        for body in bodies:
            self.on_event("ADDED", self.cluster.put(body))

    def touch(self, name: str) -> None:
        """Something about the bundle has changed a while after it had begun, so it is looked at."""
        self._skipped += BEGUN_SECONDS
        self._controller.enqueue(Key("models", name))

    def delete(self, name: str) -> None:
        """The bundle, with what Kubernetes collects after it."""
        for ref in [ref for ref in self.cluster.objects if ref[2] == name]:
            self.on_event("DELETED", self.cluster.delete(ref[0], Key(*ref[1:])))

    def on_event(self, event: str, body: Body) -> None:
        if self.cache.observe(body["kind"], event, body):
            for key in keys_for(body["kind"], body):
                self._controller.enqueue(key._replace(kind="ModelBundle"))

    def body(self, name: str) -> Body:
        return self.cluster.objects["ModelBundle", "models", name]

    def status(self, name: str) -> Body:
        return dict(self.body(name).get("status") or {})

    def condition(self, name: str, kind: str = "Ready") -> Body:
        return next((c for c in self.status(name).get("conditions", []) if c["type"] == kind), {})

    def reason(self, name: str, kind: str = "Ready") -> str:
        return str(self.condition(name, kind).get("reason"))

    async def until(self, name: str, reason: str) -> None:
        async with asyncio.timeout(60):
            while self.reason(name) != reason:  # noqa: ASYNC110
                await asyncio.sleep(0.002)

    async def settle(self) -> None:
        """Until nobody has anything to do that is not for later."""
        quiet = 0
        async with asyncio.timeout(60):
            while quiet < 3:
                idle = not len(self.queue) and not self.queue.longest_unfinished_seconds()
                quiet = quiet + 1 if idle else 0
                await asyncio.sleep(0.001)

    async def at_rest(self) -> None:
        """A look at everything changes nothing."""
        await self.settle()
        with self.cluster.expect_no_writes():
            for key in list(self.cache.keys()):
                self._controller.enqueue(key)
            await self.settle()


@contextlib.asynccontextmanager
async def running(cluster: FakeCluster | None = None) -> AsyncIterator[Running]:
    """The operator, until the end of the block; the cluster outlives it."""
    made = Running(cluster or FakeCluster())
    task = await made.start()
    try:
        yield made
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
