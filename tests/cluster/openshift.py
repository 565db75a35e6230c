"""STAND-IN for OpenShift's restricted-v2: a policy that refuses pods with other ids, in OpenShift's words, and the ids
that it would give to a pod which asks for none."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager

from tools.testkit.call import client_pod
from tools.testkit.kubectl import KubectlError, Manifest, apply, kubectl, wait_for

FIRST, SIZE = 1000660000, 10000
RANGE = "openshift.io/sa.scc.uid-range"
_CONTAINERS = "object.spec.containers + (has(object.spec.initContainers) ? object.spec.initContainers : [])"
_IN_RANGE = f">= {FIRST} && {{0}} < {FIRST + SIZE}"
_SAYS = (
    "unable to validate against any security context constraint: [provider restricted-v2: .containers[0].runAsUser:"
    f" Invalid value: must be in the ranges: [{FIRST}, {FIRST + SIZE - 1}]]"
)


@contextmanager
def restricted_v2(namespace: str) -> Iterator[None]:
    """In force for the pods of this namespace, which has the range of ids that OpenShift gives it."""
    user = "c.securityContext.runAsUser"
    expression = (
        f"({_CONTAINERS}).all(c, has({user}) && {user} {_IN_RANGE.format(user)})"
        f" && has(object.spec.securityContext.fsGroup) && object.spec.securityContext.fsGroup == {FIRST}"
    )
    pods = {"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["pods"]}
    here = {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": namespace}}}
    kinds = ("validatingadmissionpolicy", "validatingadmissionpolicybinding")
    apply(
        _object("ValidatingAdmissionPolicy", namespace, {
            "failurePolicy": "Fail",
            "matchConstraints": {"resourceRules": [pods]},
            "validations": [{"expression": expression, "message": _SAYS, "reason": "Forbidden"}],
        }),
        _object("ValidatingAdmissionPolicyBinding", namespace, {
            "policyName": namespace, "validationActions": ["Deny"], "matchResources": here,
        }),
    )  # fmt: skip
    kubectl("annotate", "namespace", namespace, f"{RANGE}={FIRST}/{SIZE}")
    try:
        wait_for("the policy to be asked", lambda: _SAYS in _answer(client_pod("none"), namespace), 60)
        yield
    finally:
        for kind in kinds:
            kubectl("delete", kind, namespace, "--ignore-not-found")


def with_its_ids(spec: Manifest) -> Manifest:
    """A pod's spec as it is admitted: ids are given to what asks for none."""
    assert "runAsUser" not in str(spec)
    assert "fsGroup" not in str(spec)
    spec["securityContext"]["fsGroup"] = FIRST
    for container in [*spec["initContainers"], *spec["containers"]]:
        container["securityContext"] |= {"runAsUser": FIRST, "runAsGroup": 0}
    return spec


def _answer(pod: Manifest, namespace: str) -> str:
    try:
        return kubectl("create", "--dry-run=server", "-f", "-", namespace=namespace, stdin=json.dumps(pod))
    except KubectlError as error:
        return str(error)


def _object(kind: str, name: str, spec: Manifest) -> Manifest:
    return {"apiVersion": "admissionregistration.k8s.io/v1", "kind": kind, "metadata": {"name": name}, "spec": spec}
