"""What is seen of a bundle, out of the cache: its pods, those of the Job that tries it, and its layer."""

from datetime import datetime
from typing import Any

from modelbundle_operator.api.base import Body
from modelbundle_operator.api.names import LABEL_BUNDLE, ModelBundle
from modelbundle_operator.api.status import Layer
from modelbundle_operator.bundle.naming import endpoint_url, service_url
from modelbundle_operator.bundle.resolve import Resolution
from modelbundle_operator.judge.bodies import observe_rollout
from modelbundle_operator.judge.jobs import Precheck
from modelbundle_operator.judge.layers import newest, until
from modelbundle_operator.judge.observation import Observation, RunningPods, that_count, that_were_evicted
from modelbundle_operator.kube.cache import ObjectCache
from modelbundle_operator.loop.key import Key
from modelbundle_operator.reconcile.precheck import precheck_pods
from modelbundle_operator.render.layers import layer_inputs, why_no_layer
from modelbundle_operator.render.surroundings import artifact_secret
from modelbundle_operator.settings import Settings


def observe(
    cache: ObjectCache,
    settings: Settings,
    key: Key,
    bundle: ModelBundle,
    resolution: Resolution,
    live: Body | None,
    now: datetime,
    precheck: Precheck | None = None,
    **decided: Any,
) -> Observation:
    """What is judged. `live`: the Deployment; `decided`: what is not seen, but known or decided about it."""
    pods = cache.pods(key)
    tried = precheck_pods(cache, key, precheck.job if precheck is not None else None)
    return Observation(
        bundle=bundle,
        has_requirements=bool(resolution.document.get("requirements")),
        now=now,
        url=endpoint_url(bundle),
        artifact_secret=artifact_secret(bundle.spec.serving, resolution.uri, settings),
        no_capacity_seconds=settings.no_capacity_seconds,
        rollout=observe_rollout(live),
        pods=that_count(pods, resolution.digest) + tuple(pod for pod in tried if not pod.evicted),
        evicted=that_were_evicted(pods, resolution.digest) + tuple(pod for pod in tried if pod.evicted),
        precheck=precheck,
        no_layer=why_no_layer(resolution, settings),
        **decided,
    )


def running_pods(cache: ObjectCache, key: Key, digest: str | None = None) -> RunningPods:
    """What answers under the bundle's name, whatever can be said of the bundle: pods outlive a lost status."""
    service = cache.get("Service", key) or {"metadata": {}}
    ours = (service["metadata"].get("labels") or {}).get(LABEL_BUNDLE) == key.name
    leads = ours and (service.get("spec") or {}).get("clusterIP") != "None"
    return RunningPods(service_url(*key.place), that_count(cache.pods(key), digest), reached=leads)


def known_layer(
    cache: ObjectCache, key: Key, bundle: ModelBundle, resolution: Resolution, settings: Settings, now: datetime
) -> Layer | None:
    """The newest word of the bundles of the namespace; of one that is only stored, what it says itself."""
    said = until(now, cache.layers(key.namespace, layer_inputs(bundle, resolution, settings)))
    if not bundle.spec.serving.replicas:
        return next((layer for layer in said if layer == bundle.status.layer), None)
    return newest(*said)
