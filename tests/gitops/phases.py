"""One Application with bundles and endpoints in every phase that lasts, so that Argo CD shows them side by side."""

from __future__ import annotations

import json
from collections.abc import Callable

from tests.cluster import waiting
from tests.cluster.bad_rows import ROWS, World
from tests.cluster.bundles import cpu_bundle
from tools.local_cluster import layouts
from tools.local_cluster.place import here
from tools.testkit.kubectl import Manifest, apply, condition, explain_bundle, kubectl

NO_NODE = {"nodeSelector": {"modelbundle.test/no-such-node": "true"}}
NO_SECRET = {"artifactSecretName": "no-such-secret"}
MOVING_IMAGE = "docker.io/stand-in/moving:1"
# the kubelet starts a container at once after its first failure: one that would fail again could have done so before
# anybody looked. This one's second run does not end; /dev/shm is the pod's, and outlives a run
RAISES_ONCE = """import pathlib, time


def load():
    failed = pathlib.Path("/dev/shm/failed")
    if failed.exists():
        time.sleep(600)
    failed.touch()
    raise ValueError("no weights")
"""
# bad inputs that need neither the node nor much time; tests/cluster/test_bad_input.py brings about all of them
BAD = ("load-raises", "wrong-digest", "no-image", "no-base", "foreign-service", "no-schema")


def endpoint(name: str, bundle: str) -> Manifest:
    return {
        "apiVersion": "modelbundle.dev/v1alpha1",
        "kind": "ModelEndpoint",
        "metadata": {"name": name},
        "spec": {"bundle": bundle},
    }


def first_commit(world: World) -> dict[str, Manifest]:
    """Files of the repository; what must be there before is made here."""
    rows = [row for row in ROWS if row.name in BAD]
    for row in rows:
        row.before(world)
    theirs = {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": "e-foreign"},
        "spec": {"ports": [{"port": 1}]},
    }
    apply(theirs, namespace=world.namespace)
    moved = {
        "frameworkType": "custom_base_image",
        "customBaseImage": {"repository": "docker.io/stand-in/moving", "tag": "1"},
    }
    tag_image("docker.io/stand-in/python:3.12")
    clone = cpu_bundle(world.store, "waits")
    clone["spec"]["bundle"] = {"cloneFrom": {"name": "stored"}, "appConfig": {"mode": "batched"}}
    made = [
        *(row.make(world) for row in rows),
        cpu_bundle(world.store, "stored", serving={"replicas": 0}),
        cpu_bundle(world.store, "fails"),
        cpu_bundle(world.store, "no-capacity", serving=NO_NODE),
        cpu_bundle(world.store, "image-moved", envParams=moved),
        clone,
        endpoint("e-none", "nobody"),
        endpoint("e-foreign", "waits"),
        endpoint("e-waiting", "waits"),
        endpoint("e-stalled", "fails"),
    ]
    return {file(manifest): manifest for manifest in made}


def second_commit(files: dict[str, Manifest]) -> dict[str, Manifest]:
    """Roll-outs that wait and fail, and endpoints that are to move to what does not serve."""
    changed = json.loads(json.dumps(files))
    changed["waits.yaml"]["spec"]["serving"].update(NO_NODE)
    changed["fails.yaml"]["spec"]["serving"].update(NO_SECRET)
    changed["e-waiting.yaml"]["spec"]["bundle"] = "nobody"
    changed["e-stalled.yaml"]["spec"]["bundle"] = "wrong-digest"
    return {name: manifest for name, manifest in changed.items() if manifest != files[name]}


def file(manifest: Manifest) -> str:
    return f"{manifest['metadata']['name']}.yaml"


def tag_image(image: str) -> None:
    """Make the moving tag stand for this image, as a push to a registry would."""
    layouts.ctr(here(), "images", "tag", "--force", image, MOVING_IMAGE)


def move_image(namespace: str) -> None:
    """The tag stands for another image now, and a new pod runs it."""
    tag_image("docker.io/pytorch/pytorch:1.7.1-cuda11.0-cudnn8-runtime")
    kubectl("delete", "pods", "-l", "modelbundle.dev/bundle=image-moved", "--wait=false", namespace=namespace)


def wait_until(
    kind: str, name: str, namespace: str, look: Callable[[Manifest], bool], timeout: float = 240
) -> Manifest:
    """The object, once `look` says so; by a watch, as some of these phases pass quickly."""
    return waiting.wait_until(
        f"{kind} {name}", kind, name, namespace, look, timeout, lambda: explain_bundle(name, namespace)
    )


def says(kind: str, status: str, reason: str) -> Callable[[Manifest], bool]:
    """Whether a condition has this status and reason, for the present generation."""

    def look(body: Manifest) -> bool:
        found = condition(body, kind)
        seen = (body.get("status") or {}).get("observedGeneration") == body["metadata"]["generation"]
        return seen and (found.get("status"), found.get("reason")) == (status, reason)

    return look
