"""What the operator does, in the ways that it does it, and what it may find of others on what it writes."""

from __future__ import annotations

from collections.abc import Iterator

from tests.cluster.operator_requests import (
    BUNDLE,
    ENDPOINT,
    GONE,
    LABEL,
    OWNER,
    POD,
    TENANTS,
    WORKER,
    Attempt,
    Children,
    Edit,
    apply,
    create,
    event,
    labelled,
    path_of,
    put,
    volume,
)  # fmt: skip


def rightful(children: Children) -> Iterator[Attempt]:
    """What the operator does, in the ways it does it: a first POST or apply, an apply over what is there, a PUT."""
    for child, body in children.made.items():
        fresh = children.fresh(child)
        yield create(f"a first {child} by POST", fresh)
        yield apply(f"a first {child} by an apply", fresh)
        yield apply(f"a {child} as it is", body)
        if child != "poddisruptionbudget":  # whose version has to be named, and its controller writes its status
            yield put(f"a {child} without an addition", body)
        later = (f"{OWNER}/apiVersion", "modelbundle.dev/v1beta1"), (f"{OWNER}/blockOwnerDeletion", False)
        yield create(f"a {child} whose owner is of another version", fresh, *later)
    budget = children.made["poddisruptionbudget"]
    yield Attempt("a bundle needs its budget no more", "DELETE", path_of(budget, named=True), None)
    yield create("the Job that tries a bundle", children.job())
    yield apply("a bundle is scaled", children.made["deployment"], ("spec/replicas", 3))
    yield apply("a bundle is rolled out", children.made["deployment"],
                (f"spec/template/metadata/annotations/{labelled('modelbundle.dev/rollout-token')}", "2"))  # fmt: skip
    yield apply("another image, command and account", children.made["deployment"],
                (f"{WORKER}/image", "other"), (f"{WORKER}/command", ["x"]), (f"{POD}/serviceAccountName", "models"),
                (f"{POD}/priorityClassName", ""), (f"{WORKER}/envFrom", [{"secretRef": {"name": "s"}}]))  # fmt: skip
    yield apply("labels and annotations that an author asks for", children.made["deployment"],
                ("spec/template/metadata/labels/app", "mine"),
                (f"spec/template/metadata/annotations/{labelled('sidecar.istio.io/inject')}", "true"))  # fmt: skip
    for what in ({"secret": {"secretName": "s"}}, {"persistentVolumeClaim": {"claimName": "weights"}}):
        yield apply("a volume that an author asks for", children.made["deployment"], volume(**what))
    large = [{"name": f"V{number}", "value": "x" * 1400} for number in range(128)]
    yield apply("as much as a bundle may hold", children.made["deployment"], (f"{WORKER}/env", large))
    yield apply("an endpoint moves", children.made["route"], ("spec/selector", {"modelbundle.dev/bundle": "next"}),
                (f"metadata/annotations/{labelled('modelbundle.dev/moved-from')}", BUNDLE))  # fmt: skip
    yield create("an event about a bundle", event(children))
    yield create(
        "an event about an endpoint", event(children), ("regarding/kind", "ModelEndpoint"), ("regarding/name", ENDPOINT)
    )
    yield create("an event about another version", event(children), ("regarding/apiVersion", "modelbundle.dev/v1beta1"))
    for kind, name in {"ModelBundle": BUNDLE, "ModelEndpoint": ENDPOINT}.items():
        body = {
            "apiVersion": "modelbundle.dev/v1alpha1",
            "kind": kind,
            "metadata": {"name": name, "namespace": children.namespace},
            "status": {"observedGeneration": 1},
        }
        yield apply(f"the status of a {kind}", body, subresource="status")


# what others may have put there; the operator's first apply carries it along, its PUT takes it away
FOREIGN: dict[str, tuple[str, tuple[Edit, ...]]] = {
    "the host's network": ("deployment", ((f"{POD}/hostNetwork", True),)),
    "a path of the node": ("deployment", (volume(hostPath={"path": "/"}),)),
    "a privileged container": (
        "deployment",
        ((f"{POD}/containers/-", {"name": "spy", "image": "spy", "securityContext": {"privileged": True}}),),
    ),
    "a capability": ("deployment", ((f"{WORKER}/securityContext/capabilities/add", ["NET_RAW"]),)),
    "a port of the node": ("deployment", ((f"{WORKER}/ports", [{"containerPort": 9, "hostPort": 9}]),)),
    "a label of the pods": ("deployment", (("spec/template/metadata/labels/app", TENANTS),)),
    "an annotation of the pods": ("deployment", (("spec/template/metadata/annotations/a", "b"),)),
    "an annotation": ("deployment", (("metadata/annotations/a", "b"), ("spec/replicas", 5))),
    "a label": ("deployment", (("metadata/labels/a", "b"), ("spec/replicas", 5))),
    "a lost label": ("configmap", ((f"metadata/labels/{labelled(LABEL)}", GONE),)),
    "a lost owner": ("service", (("metadata/ownerReferences", GONE),)),
    "an address": ("service", (("spec/externalIPs", ["203.0.113.7"]),)),
    "a port of all nodes": ("service", (("spec/type", "NodePort"),)),
    "another selector": ("service", (("spec/selector", {"app": TENANTS}),)),
}
