"""Puts the parts together: settings -> cluster -> cache -> our tasks beside kopf's."""

import asyncio
import logging
import os
import signal
import socket
import sys
import uuid
from typing import Any, cast

import kopf

from modelbundle_operator import logs
from modelbundle_operator.api.endpoint import ENDPOINT_KIND
from modelbundle_operator.errors import Cause, Transient
from modelbundle_operator.kube import watch
from modelbundle_operator.kube.cache import ObjectCache
from modelbundle_operator.kube.client import KubernetesClient, in_cluster
from modelbundle_operator.kube.errors import NotInstalled, Refused
from modelbundle_operator.kube.lease import LeaseStore
from modelbundle_operator.kube.resync import Resync, Rewound
from modelbundle_operator.loop.aside import share_the_interpreter
from modelbundle_operator.loop.controller import Controller, Outcome
from modelbundle_operator.loop.dependencies import Waiters
from modelbundle_operator.loop.key import Key
from modelbundle_operator.loop.last_resort import guarded
from modelbundle_operator.loop.leader import Leader, Tenure
from modelbundle_operator.loop.lease import WRITE_SECONDS
from modelbundle_operator.loop.workqueue import WorkQueue
from modelbundle_operator.reconcile.bundle import Reconciler
from modelbundle_operator.reconcile.endpoint import EndpointReconciler
from modelbundle_operator.reconcile.limits import LimitsDirectory
from modelbundle_operator.settings import Settings, SettingsError
from modelbundle_operator.telemetry.metrics import Metrics
from modelbundle_operator.telemetry.probes import Probes, not_longer_than

log = logging.getLogger("modelbundle_operator")


async def run(settings: Settings) -> None:
    """Run until a signal comes or a part fails; a failed part ends the process, so that Kubernetes starts it again."""
    metrics, cache, tenure = Metrics(), ObjectCache(), Tenure()
    queue = WorkQueue(settings.workers, is_heavy=cache.is_heavy)
    queue.close()  # until this operator leads
    cluster = await KubernetesClient.connect(
        settings.request_seconds, metrics.called, WRITE_SECONDS, tenure.held, metrics.skipped, metrics.received
    )
    waiters = Waiters(queue)
    limits = LimitsDirectory(settings.limits_directory)
    bundles = Reconciler(
        cluster,
        cache,
        settings,
        on_status_written=waiters.changed,
        failures=queue.failures,
        limits=limits.current,
        on_started=metrics.started,
        on_layer=metrics.layer,
    )
    endpoints = EndpointReconciler(cluster, cache, failures=queue.failures)

    async def reconcile(key: Key) -> Outcome:
        if kind := resync.lacks(key.namespace):
            text = f"{kind} may not be listed in namespace {key.namespace}: nothing is said of what may be there"
            raise Transient(text, cause=Cause("permission", f"list {kind}", key.namespace))
        return await guarded(endpoints if key.kind == ENDPOINT_KIND else bundles, key)

    controller = Controller(
        queue,
        reconcile,
        settings.workers,
        settings.reconcile_seconds,
        waiters,
        metrics.reconciled,
        known=cache.keys,
        may_finish=tenure.held,
    )
    leases = LeaseStore(cluster, settings.lease_namespace)
    # another one at each start: what the process before this one sent may still be under way
    identity = f"{os.environ.get('HOSTNAME') or socket.gethostname()}_{uuid.uuid4()}"
    leader = Leader(leases, identity, controller.run, tenure)
    resync = Resync(cluster, cache, controller.enqueue, settings.resync_seconds, settings.watch_namespaces)
    metrics.watch_queue(
        queue.__len__,
        queue.longest_unfinished_seconds,
        adds=lambda: queue.counters.adds,
        retries=lambda: queue.counters.retries,
    )
    metrics.watch_cache(cache.sizes, cache.readiness)
    metrics.watch_troubles(controller.hindered.counts, resync.orphans.counts, lambda: resync.refused)
    metrics.watch_leader(tenure.held, lambda: leader.takeovers)
    metrics.watch_resync(resync.age, settings.resync_seconds)
    longest = 3 * settings.reconcile_seconds
    probes = Probes(
        alive=(not_longer_than("a reconcile has been running", queue.longest_unfinished_seconds, longest),),
        ready=(
            lambda: None if cache.filled else "the cache is not filled yet",
            lambda: None if leader.knows_leader else f"which operator leads is not known (Lease {leases.where})",
        ),
        metrics=metrics,
    )
    runner = await probes.serve(settings.probe_port)
    try:
        await limits.read()
        await first_look(cluster, resync)
        log.info("watching %s", ", ".join(settings.watch_namespaces) or "all namespaces")
        tasks = [
            *await kopf.spawn_tasks(
                registry=watch.registry(cache, controller.enqueue, resync.begin_watch, controller.hindered.deleted_in),
                settings=watch.settings(settings.request_seconds),
                identity=cast(Any, "modelbundle-operator"),  # else kopf asks for a login name, which a bare uid has not
                standalone=True,
                clusterwide=not settings.watch_namespaces,
                namespaces=settings.watch_namespaces,
            ),
            asyncio.create_task(leader.run(), name="leader"),
            asyncio.create_task(resync.run(), name="resync"),
            asyncio.create_task(limits.run(cache.keys, controller.enqueue), name="limits"),
        ]
        await kopf.run_tasks(tasks)
    finally:
        await runner.cleanup()
        await cluster.close()
        log.info("stopped")


async def first_look(cluster: KubernetesClient, resync: Resync) -> None:
    """Fill the cache. An API server that does not answer, and the right to list anything, which goes with the only
    watched namespace, are waited for, however long; a missing CRD is not."""
    pause, said = 0.5, ""
    while True:
        try:
            await cluster.check_installed()
            await resync.once()
        except (NotInstalled, Rewound):
            raise
        except Exception as error:
            if (text := str(error) or type(error).__name__) != said:
                refused = "there is a namespace that it may serve: see to its Role and RoleBinding"
                until = refused if isinstance(error, Refused) else "the API server answers"
                log.warning("%s; the operator serves nothing, and tries again until %s", text, until)
                said = text
            await asyncio.sleep(pause)
            pause = min(pause * 2, 8.0)
        else:
            return


def main() -> int:
    """The exit code: 0 after a signal, 1 when a part failed or the cluster was put back to what it had been, 2 when it
    was not set up right."""
    try:
        settings = Settings.from_environment(os.environ)
    except SettingsError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    logs.configure(settings.log_level, as_json=in_cluster())
    # until kopf listens to signals itself
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    share_the_interpreter()
    try:
        asyncio.run(run(settings))
    except NotInstalled as error:
        log.critical("%s", error)
        return 2
    except Rewound as error:
        log.critical("%s; this process ends, and the next one begins with what there is", error)
        return 1
    except KeyboardInterrupt:
        return 0
    except Exception:
        log.critical("a part of the operator failed", exc_info=True)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
