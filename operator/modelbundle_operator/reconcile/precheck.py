"""The Job that tries a bundle before a GPU is taken (docs/adr/0037) and makes the layer of its requirements
(docs/adr/0038): found, made and removed.

It is named by what its result depends on, so bundles that depend on the same share one: whichever is first makes it,
the others wait on that bundle. Unlike a child it is never changed, so there is nothing to converge.
"""

from datetime import datetime

from modelbundle_operator.api.base import Body
from modelbundle_operator.api.names import LABEL_MANAGED_BY, MANAGED_BY, ModelBundle
from modelbundle_operator.api.status import Layer
from modelbundle_operator.bundle.resolve import Resolution
from modelbundle_operator.errors import Conflict, Transient
from modelbundle_operator.judge.jobs import Job, Precheck
from modelbundle_operator.judge.layers import is_to_be_made
from modelbundle_operator.judge.observation import Pod
from modelbundle_operator.judge.precheck import passed, took
from modelbundle_operator.judge.reports import brief
from modelbundle_operator.kube.cache import ObjectCache
from modelbundle_operator.kube.cluster import Cluster
from modelbundle_operator.kube.errors import Refused
from modelbundle_operator.kube.kinds import JOB_KIND
from modelbundle_operator.loop.key import Key
from modelbundle_operator.reconcile.children import NameLeaving, NameTaken, find_pods
from modelbundle_operator.reconcile.hindrance import hindrance
from modelbundle_operator.render.layers import layer_inputs
from modelbundle_operator.render.precheck import precheck_inputs, precheck_name
from modelbundle_operator.settings import Settings


def find_precheck(
    cache: ObjectCache,
    key: Key,
    bundle: ModelBundle,
    resolution: Resolution,
    settings: Settings,
    live: Body | None,
    known: Layer | None,
    now: datetime,
) -> tuple[Precheck | None, str]:
    """What is to be tried first, None for nothing; and the hash of what is known to be good, empty where nothing is.
    `known`: the layer that there is, or why there is none.

    Where there is a Deployment, or a pod of it has ever answered, nothing is: it is not kept from pods that it has had.
    """
    serving = bundle.spec.serving
    layer = layer_inputs(bundle, resolution, settings)
    makes = bool(layer) and is_to_be_made(known, now)
    for_many = makes and (serving.replicas > 1 or bundle.spec.bundle.clone_from is not None)
    asked = settings.precheck and serving.replicas and (serving.gpu.count or for_many)
    if not asked or bundle.status.image_id or (live is not None and not cache.jobs(key)):
        return None, ""
    inputs = precheck_inputs(bundle, resolution, settings)
    tried = bundle.status.checked == inputs or cache.checked(key.namespace, inputs)
    required = bool(serving.gpu.count) and not tried
    if not required and not for_many:
        return None, inputs
    name = precheck_name(inputs)
    job = cache.job(key.namespace, name)
    found = Precheck(inputs, name, None if job is None or job.leaving else job, required, layer, makes)
    if live is not None and not passed(found.job, precheck_pods(cache, key, found.job), now):
        return None, ""  # else it was made as the Job had passed, and the status was not written any more
    return found, inputs if tried else ""


def precheck_pods(cache: ObjectCache, key: Key, job: Job | None) -> tuple[Pod, ...]:
    """The pods of a Job, which may be another bundle's."""
    return () if job is None else tuple(pod for pod in cache.pods(key.bundle(job.bundle)) if pod.job == job.uid)


async def find_job(
    cluster: Cluster, cache: ObjectCache, key: Key, bundle: ModelBundle, resolution: Resolution, settings: Settings
) -> None:
    """The Job after which the bundle's Deployment was made, with its pods, where neither cache nor status tells of it:
    of an operator that has just begun the watch of Jobs may be ahead of that of bundles, and what it brings of a bundle
    that is not known is not kept."""
    if not settings.precheck or bundle.status.image_id or bundle.status.checked or cache.jobs(key):
        return
    if not bundle.spec.serving.gpu.count and not layer_inputs(bundle, resolution, settings):
        return
    name = precheck_name(precheck_inputs(bundle, resolution, settings))
    if (job := await cluster.get(JOB_KIND, key.namespace, name)) is not None:
        cache.record(job)
        await find_pods(cluster, cache, key)


async def find_ends(cluster: Cluster, cache: ObjectCache, key: Key, precheck: Precheck | None, now: datetime) -> None:
    """The pods of a Job that is complete, where none is known to have ended: the watch of pods may be behind that of
    Jobs, and what their containers say as they end is all that is ever known of the layer."""
    job = precheck.job if precheck is not None else None
    if job is not None and job.complete and took(job, precheck_pods(cache, key, job), now) is None:
        await find_pods(cluster, cache, key.bundle(job.bundle))


def waits_on(key: Key, precheck: Precheck | None) -> frozenset[Key]:
    """The bundle whose Job this one waits for; none where it is its own."""
    job = precheck.job if precheck is not None else None
    return frozenset({key.bundle(job.bundle)} - {key}) if job is not None else frozenset()


async def begin_precheck(
    cluster: Cluster, cache: ObjectCache, key: Key, wanted: Body, required: bool, failures: int
) -> Job | str:
    """Make the Job, or find the one that another bundle has just made. Where it cannot be made, and nothing but a layer
    was to come of it: why, in words. `failures`: how often in a row a look at the bundle has failed."""
    try:
        return await _begin(cluster, cache, key, wanted)
    except (Refused, Transient) as error:
        why = hindrance(key, "the bundle", error, failures)
        if required or not why.to_be_said:
            raise
        return f"the Job {wanted['metadata']['name']} cannot be made: {brief(why.message)}"


async def _begin(cluster: Cluster, cache: ObjectCache, key: Key, wanted: Body) -> Job:
    name = wanted["metadata"]["name"]
    try:
        made: Body | None = await cluster.create(wanted)
    except Conflict:
        if (made := await cluster.get(JOB_KIND, key.namespace, name)) is None:
            raise
        if (made["metadata"].get("labels") or {}).get(LABEL_MANAGED_BY) != MANAGED_BY:
            raise NameTaken(
                f"Job {name} exists in namespace {key.namespace} and is not the operator's. Delete it, and the bundle"
                " continues automatically."
            ) from None
    assert made is not None
    cache.record(made)
    job = cache.job(key.namespace, name)
    if job is None or job.leaving:
        raise NameLeaving(f"Job {name} is being deleted, or its ModelBundle was; waiting until it has gone.")
    return job


async def remove_prechecks(cluster: Cluster, cache: ObjectCache, key: Key, keep: str) -> None:
    """Delete the bundle's Jobs but the one of this name: what has passed, has failed, or is not asked for any more."""
    for job in cache.jobs(key):
        if job.name != keep and not job.leaving:
            await cluster.remove(JOB_KIND, key.namespace, job.name, job.uid)
            cache.removed(JOB_KIND, Key(key.namespace, job.name, JOB_KIND))
