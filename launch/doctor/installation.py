"""Checks of the cluster and of what is installed there: CRD, operator, policies, devices. Pure."""

from __future__ import annotations

import re

from launch.doctor.facts import ADMINISTRATOR, Facts, Finding, Unknown, no, unknown, yes

LEAST_MINOR = 30  # of Kubernetes 1: its admission policies are generally available from there on


def client(facts: Facts) -> Finding:
    """Which version asks."""
    return yes(f"model-bundles {facts.client_version}")


def cluster(facts: Facts) -> Finding:
    """Whether an API server answers, and is new enough."""
    if isinstance(facts.cluster, Unknown):
        return no(facts.cluster.why, "set KUBECONFIG, or choose with --context")
    found = re.match(r"v1\.(\d+)", facts.cluster)
    if found and int(found[1]) < LEAST_MINOR:
        return no(f"Kubernetes {facts.cluster} at {facts.server}", f"upgrade the cluster to 1.{LEAST_MINOR} or newer")
    return yes(f"Kubernetes {facts.cluster} at {facts.server}")


def crd(facts: Facts) -> Finding:
    """Whether the API server knows ModelBundles, with the fields that this client knows."""
    if isinstance(facts.fields, Unknown):
        return unknown(facts.fields)
    if facts.fields is None:
        return no("the API server knows no ModelBundles", "kubectl apply --server-side -f crds/, or install the chart")
    missing, more = [], []
    for part, names in facts.client_fields.items():
        theirs = facts.fields.get(part, [])
        missing += [f"{part}.{name}" for name in names if name not in theirs]
        more += [f"{part}.{name}" for name in theirs if name not in names]
    if missing:
        return no(
            f"the CRD lacks fields that this client has: {', '.join(missing)}",
            "kubectl apply --server-side --force-conflicts -f crds/ of the newer version, or use an older client",
            optional=True,
        )
    if more:
        return yes(f"ModelBundles are served; the CRD has fields that are newer than this client: {', '.join(more)}")
    return yes("ModelBundles are served, with the fields of this client")


def operator(facts: Facts) -> Finding:
    """Whether an operator is there and ready."""
    if isinstance(facts.operators, Unknown):
        return unknown(facts.operators, ADMINISTRATOR)
    if not facts.operators:
        return no("no operator was found", "helm install, as docs/how-to/install.md says")
    words = [
        f"{found.namespace}: version {found.version}, {found.ready} of {found.replicas} ready"
        for found in facts.operators
    ]
    if not any(found.ready for found in facts.operators):
        return no("; ".join(words), "kubectl logs -n NAMESPACE -l app.kubernetes.io/name=modelbundle-operator")
    return yes("; ".join(words))


def versions(facts: Facts) -> Finding:
    """Whether operator and client are of one version."""
    if isinstance(facts.operators, Unknown):
        return unknown(facts.operators, ADMINISTRATOR)
    others = sorted({found.version for found in facts.operators} - {facts.client_version})
    if others:
        return no(
            f"the operator is {', '.join(others)}, this client {facts.client_version}",
            f"pip install model-bundles=={others[0]}, or helm upgrade",
            optional=True,
        )
    if not facts.operators:
        return unknown("no operator was found")
    return yes(f"operator and client are {facts.client_version}")


def policies(facts: Facts) -> Finding:
    """Which admission policies of the product are in force."""
    if isinstance(facts.policies, Unknown):
        return unknown(facts.policies, ADMINISTRATOR)
    if not facts.policies:
        return no("none confines the operator", "operator.admissionPolicy.enabled of the chart", optional=True)
    return yes(", ".join(facts.policies))


def devices(facts: Facts) -> Finding:
    """What nodes offer beside CPU and memory, by the name that spec.serving.gpu.resourceName takes."""
    if isinstance(facts.devices, Unknown):
        return unknown(facts.devices, "ask for the right to list nodes, or see `kubectl describe bundle`")
    if not facts.devices:
        return no(
            "no node offers a GPU",
            "install the device plugin of your GPUs; bundles with serving.gpu.count 0 need none",
            optional=True,
        )
    return yes("; ".join(f"{name}: {amount}" for name, amount in facts.devices.items()))
