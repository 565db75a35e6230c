"""Two hundred bundles in twenty families as the operator's own code judges them, for pictures of the page.

The cluster is the one in memory of the operator's tests, and its pods are made up; what is said of them is not:
digests, lineage, conditions, events and the endpoint's move are what the operator's loops wrote.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from modelbundle_operator.kube.cache import ObjectCache
from modelbundle_operator.loop.key import Key
from modelbundle_operator.reconcile.endpoint import EndpointReconciler

from tests.operator.world import Running, running
from tools.testkit.cluster_objects import START, at, completed, ended, model_bundle, over, pod, serving_pod, waiting
from tools.testkit.cluster_objects import running as runs

Body = dict[str, Any]
FAMILIES = (
    "sentiment", "spam", "translate", "ranker", "captions", "fraud", "embeddings", "moderation", "summary", "pricing",
    "churn", "routing", "toxicity", "search", "ocr", "speech", "forecast", "layout", "intent", "dedupe",
)  # fmt: skip
NOW = START + timedelta(minutes=12)  # of who looks: the operator judged the bundles at START
TEAMS = ("search", "trust", "growth", "media")


def _config(threshold: float, batch: int = 8) -> Body:
    return {"appConfig": {"threshold": threshold, "batch": batch}}


def _language(name: str) -> Body:
    return {"env": [{"name": "LANGUAGE", "value": name}]}


# of each family: what it is called, which it is cloned from, what it changes
MEMBERS: tuple[tuple[str, str, Body], ...] = (
    ("v1", "", _config(0.5)),
    ("v2", "v1", _config(0.7)),
    ("v3", "v2", {"loadPredictFn": "predict.load_batched"}),
    ("v4", "v3", _config(0.8)),
    ("v4-de", "v4", _language("de")),
    ("v4-fr", "v4", _language("fr")),
    ("canary", "v3", _config(0.9)),
    ("fast", "v2", _config(0.7, batch=64)),
    ("quiet", "v1", {"env": [{"name": "LOG_LEVEL", "value": "warning"}]}),
    ("strict", "v1", _config(0.99)),
)
STORED = ("v1", "quiet")  # they were served once
BACK_OFF = "CrashLoopBackOff"
# as prepare, a kubelet and a worker say it
NOT_FOUND = (
    "the store answered 404 NoSuchKey for s3://models/ocr/bundle.zip: upload the artifact, or correct"
    " spec.bundle.artifact.uri"
)
NOT_PULLED = 'failed to pull and unpack image "docker.io/library/python:3.12-slim": 429 Too Many Requests'
LOAD_FAILED = """load_model_fn raised FileNotFoundError: [Errno 2] No such file or directory: '/models/vocab.txt'
  /modelbundle/bundle/artifact/model.py:14 in load: with open("/models/vocab.txt") as lines:
The code is the bundle's own: fix it and make a new bundle: spec.bundle is immutable. \
[docs/how-to/troubleshooting.md#code-raises]"""
LOG = f"""Traceback (most recent call last):
  File "/modelbundle/bundle/runtime/bundle_runtime/worker/load/load.py", line 181, in _run
    result = function(*args)
             ^^^^^^^^^^^^^^^
  File "/modelbundle/bundle/artifact/model.py", line 14, in load
    with open("/models/vocab.txt") as lines:
         ^^^^^^^^^^^^^^^^^^^^^^^^^
FileNotFoundError: [Errno 2] No such file or directory: '/models/vocab.txt'

LoadFailed: {LOAD_FAILED}
"""
FAILING = ("trust", "fraud-canary")
MOVING = ("growth", "embeddings")  # an endpoint of this family's name
_PREPARED = {"prepare": ended(0, completed()["state"]["terminated"]["message"], started=-1795, finished=-1792)}


def _reported(reason: str, message: str) -> Body:
    report = json.dumps({"reason": reason, "message": message})
    return waiting(BACK_OFF, "back-off 2m40s restarting failed container", restarts=4,
                   last=over(1, report, started=-130, finished=-127))  # fmt: skip


# pods that do not answer: which bundle's, and their containers
TROUBLE: dict[str, Body] = {
    "fraud-canary": {**_PREPARED, "server": runs(-1790), "worker": _reported("LoadFailed", LOAD_FAILED)},
    "ocr-v4": {"prepare": _reported("ArtifactNotFound", NOT_FOUND)},
    "speech-v4-fr": {**_PREPARED, "server": runs(-1790), "worker": waiting("ImagePullBackOff", NOT_PULLED)},
    "forecast-canary": {**_PREPARED, "server": runs(-20), "worker": runs(-15)},
    "intent-v4": {**_PREPARED, "server": runs(-20), "worker": runs(-15)},
    "layout-strict": {**_PREPARED, "server": runs(-20), "worker": runs(-15)},
}


@dataclass
class Fleet:
    """`objects` by kind, namespace and name; the endpoint before, when it was asked to move, and as it moves."""

    objects: dict[tuple[str, str, str], Body]
    events: list[Body]
    steps: list[Body]


def bundles() -> list[Body]:
    """As users create them, each family after the other."""
    made = []
    for number, family in enumerate(FAMILIES):
        for place, (suffix, base, fields) in enumerate(MEMBERS):
            replicas = 0 if suffix in STORED else 2 if suffix == "v4" else 1
            body = model_bundle(f"{family}-{suffix}", TEAMS[number % len(TEAMS)], serving={"replicas": replicas})
            uri = f"s3://models/{family}/bundle.zip"
            own: Body = {"artifact": {**body["spec"]["bundle"]["artifact"], "uri": uri}}
            image = {"customBaseImage": {"repository": "python", "tag": "3.12-slim"}}
            own["envParams"] = {"frameworkType": "custom_base_image", **image}
            body["spec"]["bundle"] = (
                {"cloneFrom": {"name": f"{family}-{base}"}} if base else body["spec"]["bundle"] | own
            )
            body["spec"]["bundle"] |= fields
            body["metadata"]["creationTimestamp"] = at(-86400 * (24 - number) + 7200 * place)
            made.append(body)
    return made


async def judged() -> Fleet:
    """The bundles after the operator has looked at them, at their pods and at an endpoint that is to move."""
    async with running() as live:
        live.apply(*bundles())
        await live.settle()
        for namespace, name in [ref[1:] for ref in live.cluster.objects if ref[0] == "Deployment"]:
            _roll_out(live, namespace, name)
        await live.settle()
        steps = await _move(live)
        for ref, body in live.cluster.objects.items():
            if ref[0] in ("Deployment", "Service", "ConfigMap"):
                body["metadata"].setdefault("creationTimestamp", at(-1805))
        return Fleet(live.cluster.objects, live.cluster.events, steps)


def _roll_out(live: Running, namespace: str, name: str) -> None:
    """What Kubernetes' own controllers and a kubelet do."""
    deployment = live.cluster.objects["Deployment", namespace, name]
    replicas, generation = deployment["spec"]["replicas"], deployment["metadata"]["generation"]
    status = {"observedGeneration": generation, "updatedReplicas": replicas}
    digest = live.cluster.objects["ModelBundle", namespace, name]["status"]["digest"]
    for number in range(replicas):
        more: Body = {"bundle": name, "namespace": namespace, "digest": digest, "created": -1800}
        made = (pod if name in TROUBLE else serving_pod)(
            f"{name}-6d4b9c7f5-x{number}k2p", **more, **TROUBLE.get(name, {})
        )
        made["spec"]["nodeName"] = f"node-{number + 1}"
        for container in made["status"]["containerStatuses"]:
            made["status"]["phase"] = "Running"
            container.update(image="python:3.12-slim", imageID=f"docker.io/library/python@sha256:{'cd' * 32}")
        live.on_event("ADDED", live.cluster.put(made))
    live.on_event("MODIFIED", live.cluster.set_status("Deployment", Key(namespace, name), **status))


async def _move(live: Running) -> list[Body]:
    namespace, family = MOVING
    key, cache, cluster = Key(namespace, family, "ModelEndpoint"), ObjectCache(), live.cluster
    now = [START]
    look_at = EndpointReconciler(cluster, cache, lambda: now[0])
    found = []

    async def look(moment: datetime) -> None:
        now[0] = moment
        cluster.deliver(cache)
        await look_at(key)
        found.append(cluster.objects["ModelEndpoint", *key.place])

    metadata = {"name": family, "namespace": namespace, "creationTimestamp": at(-86400 * 20)}
    cluster.put({"apiVersion": "modelbundle.dev/v1alpha1", "kind": "ModelEndpoint", "metadata": metadata,
                 "spec": {"bundle": f"{family}-v3"}})  # fmt: skip
    await look(START - timedelta(days=1))
    cluster.edit("ModelEndpoint", key, lambda body: body["spec"].update(bundle=f"{family}-v4"))
    await look(NOW - timedelta(seconds=40))
    service = cluster.objects["Service", namespace, family]
    pods = [
        {"targetRef": {"kind": "Pod", "name": ref[2]}}
        for ref, pod in cluster.objects.items()
        if ref[:2] == ("Pod", namespace) and service["spec"]["selector"].items() <= pod["metadata"]["labels"].items()
    ]
    labels = {**service["metadata"]["labels"], "kubernetes.io/service-name": family}
    slices = {"name": f"{family}-x", "namespace": namespace, "labels": labels}
    cluster.put({"apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice", "metadata": slices, "endpoints": pods})
    await look(NOW - timedelta(seconds=30))
    return found
