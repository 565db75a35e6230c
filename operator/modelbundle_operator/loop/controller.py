"""The loop round reconcile: workers, deadlines, retries. The only place that catches everything."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass

from modelbundle_operator.errors import Conflict, NotLeading, OperatorError, Transient
from modelbundle_operator.loop.dependencies import Waiters
from modelbundle_operator.loop.hindered import Hindered
from modelbundle_operator.loop.key import Key
from modelbundle_operator.loop.workqueue import WorkQueue

log = logging.getLogger(__name__)

SHUTDOWN_SECONDS = 12.0  # under the 20 s that the chart gives the pod


@dataclass(frozen=True)
class Outcome:
    """When to look again without being woken, and whose change should wake this key."""

    requeue_after: float | None = None
    waits_on: frozenset[Key] = frozenset()


DONE = Outcome()


class Controller:
    """N workers that take keys from the queue and reconcile them; `reconciled` hears each result and its seconds.

    It may run, be cancelled and run again. Whenever it begins it looks at all that is `known`: what was queued before
    was dropped, and what another operator had in hand is not known.
    """

    def __init__(
        self,
        queue: WorkQueue,
        reconcile: Callable[[Key], Awaitable[Outcome]],
        workers: int,
        deadline: float,
        waiters: Waiters | None = None,
        reconciled: Callable[[str, float], None] = lambda result, seconds: None,
        known: Callable[[], Iterable[Key]] = tuple,
        may_finish: Callable[[], bool] = lambda: True,
    ) -> None:
        self.queue = queue
        self._reconcile = reconcile
        self._workers = workers
        self._deadline = deadline
        self._waiters = waiters or Waiters(queue)
        self._reconciled = reconciled
        self._known = known
        self._may_finish = may_finish
        self.hindered = Hindered(queue)

    def enqueue(self, key: Key) -> None:
        """`key` changed: reconcile it, and what waits on it."""
        self.queue.add(key)
        self._waiters.changed(key)

    async def run(self) -> None:
        """Work until cancelled; then finish what is in hand, where it may still be finished, and begin nothing more."""
        self.queue.open()
        for key in sorted(self._known()):
            self.queue.add(key)
        workers = [asyncio.create_task(self._work(), name=f"worker {n}") for n in range(self._workers)]
        try:
            # wait(), unlike gather(), leaves the workers alone when we are cancelled
            ended, _ = await asyncio.wait(workers, return_when=asyncio.FIRST_EXCEPTION)
            for worker in ended:
                worker.result()
        finally:
            self.queue.close()
            _, late = await asyncio.wait(workers, timeout=SHUTDOWN_SECONDS if self._may_finish() else 0)
            for worker in late:
                worker.cancel()
            if late:
                await asyncio.wait(late)
            self.hindered.clear()

    async def _work(self) -> None:
        while (key := await self.queue.get()) is not None:
            await self._one(key)
            # a look that finds all as it should be waits for nothing, and thousands of them follow each other as work
            # begins: between two of them the Lease is renewed, the watches are read and the probes answered
            await asyncio.sleep(0)

    async def _one(self, key: Key) -> None:
        started, result = time.monotonic(), "done"
        waits_on: frozenset[Key] | None = None
        self._waiters.begin(key)
        try:
            async with asyncio.timeout(self._deadline):
                outcome = await self._reconcile(key)
        except Transient as error:
            result = "retried"
            self.hindered.failed(key, error.cause)
            seconds = self.queue.retry(key, error.after)
            level = logging.DEBUG if isinstance(error, Conflict | NotLeading) else logging.INFO
            log.log(level, "%s: %s; trying again in %.1f s", key, error.message, seconds, extra={"bundle": str(key)})
        except TimeoutError:
            result = "timeout"
            self.queue.retry(key)
            log.warning("%s: not done in %g s; trying again", key, self._deadline, extra={"bundle": str(key)})
        except OperatorError as error:
            result = "refused"
            seconds = self.queue.retry(key)
            log.warning("%s: %s; trying again in %.1f s", key, error, seconds, extra={"bundle": str(key)})
        except Exception:
            result = "error"
            self.queue.retry(key)
            log.exception("%s: a bug, or an answer nobody expected; trying again", key, extra={"bundle": str(key)})
        else:
            self.queue.forget(key)
            self.hindered.succeeded(key)
            waits_on = outcome.waits_on
            if outcome.requeue_after is not None:
                self.queue.add_after(key, outcome.requeue_after)
        finally:
            self._waiters.end(key, waits_on)
            self.queue.done(key)
            self._reconciled(result, time.monotonic() - started)
