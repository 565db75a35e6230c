"""Requests in the name of the operator's account, made from what the operator really made in a namespace.

Label and owner are in all of them: a thief of the token can read those and write them on anything.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import Any

from tests.cluster.raw_api import APPLY
from tools.testkit.kubectl import Manifest

OWN_NAMESPACE = "modelbundle-system"
LABEL = "app.kubernetes.io/managed-by"
BUNDLE, ENDPOINT, TENANTS = "real", "route", "shop"

POLICY = "ValidatingAdmissionPolicy 'modelbundle-operator-"
GONE = object()
POD = "spec/template/spec"
WORKER = f"{POD}/containers/0"
OWNER = "metadata/ownerReferences/0"

PATHS = {
    "ConfigMap": "api/v1/namespaces/{}/configmaps",
    "Service": "api/v1/namespaces/{}/services",
    "Deployment": "apis/apps/v1/namespaces/{}/deployments",
    "PodDisruptionBudget": "apis/policy/v1/namespaces/{}/poddisruptionbudgets",
    "Job": "apis/batch/v1/namespaces/{}/jobs",
    "Event": "apis/events.k8s.io/v1/namespaces/{}/events",
    "Lease": "apis/coordination.k8s.io/v1/namespaces/{}/leases",
    "ModelBundle": "apis/modelbundle.dev/v1alpha1/namespaces/{}/modelbundles",
    "ModelEndpoint": "apis/modelbundle.dev/v1alpha1/namespaces/{}/modelendpoints",
}

Edit = tuple[str, Any]


@dataclass(frozen=True)
class Children:
    """What the operator made in a namespace: a bundle's by lower-case kind, `route` the Service of an endpoint."""

    namespace: str
    made: dict[str, Manifest]

    def fresh(self, child: str, name: str = "forged") -> Manifest:
        """The same once more under another name, with an owner of that name."""
        body = copy.deepcopy(self.made[child])
        for assigned in ("uid", "resourceVersion", "creationTimestamp", "managedFields", "generation"):
            body["metadata"].pop(assigned, None)
        body.pop("status", None)
        for assigned in ("clusterIP", "clusterIPs", "ipFamilies", "ipFamilyPolicy", "internalTrafficPolicy"):
            body.get("spec", {}).pop(assigned, None)
        body["metadata"].get("annotations", {}).pop("deployment.kubernetes.io/revision", None)
        body["metadata"]["name"] = body["metadata"]["ownerReferences"][0]["name"] = name
        return body

    def job(self, name: str = "forged") -> Manifest:
        """The Job that tries a bundle of this name, with the pods of the Deployment."""
        of = self.fresh("deployment", name)
        metadata, template = of["metadata"], of["spec"]["template"]
        metadata.pop("annotations", None)
        metadata["labels"]["modelbundle.dev/bundle"] = name
        metadata["name"] = f"modelbundle-precheck-{name}"
        template["spec"]["restartPolicy"] = "OnFailure"
        return {"apiVersion": "batch/v1", "kind": "Job", "metadata": metadata, "spec": {"template": template}}


@dataclass(frozen=True)
class Attempt:
    """One request; `says`: what the refusal has to say, empty where it is rightful."""

    what: str
    method: str
    path: str
    body: Any
    says: str = ""
    content_type: str = "application/json"


def edited(body: Manifest, edits: tuple[Edit, ...]) -> Manifest:
    """With each value put at its JSON pointer; GONE takes away."""
    found = copy.deepcopy(body)
    for pointer, value in edits:
        *way, last = [step.replace("~1", "/") for step in pointer.split("/")]
        place: Any = found
        for step in way:
            place = place[int(step)] if isinstance(place, list) else place.setdefault(step, {})
        if value is GONE:
            del place[last]
        elif isinstance(place, list) and last == "-":
            place.append(value)
        else:
            place[last] = value
    return found


def path_of(body: Manifest, *, named: bool, subresource: str = "") -> str:
    metadata = body["metadata"]
    path = f"/{PATHS[body['kind']].format(metadata['namespace'])}"
    return path + (f"/{metadata['name']}" if named else "") + (f"/{subresource}" if subresource else "")


def create(what: str, body: Manifest, *edits: Edit, says: str = "") -> Attempt:
    made = edited(body, edits)
    return Attempt(what, "POST", path_of(made, named=False), made, says)


def apply(what: str, body: Manifest, *edits: Edit, says: str = "", subresource: str = "") -> Attempt:
    made = _whatever_version(edited(body, edits))
    made["metadata"].pop("managedFields", None)
    path = path_of(made, named=True, subresource=subresource)
    return Attempt(what, "PATCH", path, made, says, APPLY)


def put(what: str, body: Manifest, *edits: Edit, says: str = "") -> Attempt:
    made = _whatever_version(edited(body, edits))
    return Attempt(what, "PUT", path_of(made, named=True), made, says)


def _whatever_version(body: Manifest) -> Manifest:
    """Its controllers may write its status while the table is tried."""
    body["metadata"].pop("resourceVersion", None)
    return body


def volume(**source: Any) -> Edit:
    return f"{POD}/volumes/-", {"name": "more", **source}


def labelled(key: str) -> str:
    return key.replace("/", "~1")


def event(children: Children) -> Manifest:
    return {
        "apiVersion": "events.k8s.io/v1",
        "kind": "Event",
        "metadata": {"name": "real.1", "namespace": children.namespace},
        "eventTime": "2026-01-01T00:00:00.000000Z",
        "type": "Normal",
        "reason": "Serving",
        "action": "Reconcile",
        "note": "n",
        "regarding": {
            "apiVersion": "modelbundle.dev/v1alpha1",
            "kind": "ModelBundle",
            "name": BUNDLE,
            "namespace": children.namespace,
        },
        "reportingController": "modelbundle.dev/operator",
        "reportingInstance": "modelbundle-operator-0",
    }


def lease(namespace: str, name: str) -> Manifest:
    return {
        "apiVersion": "coordination.k8s.io/v1",
        "kind": "Lease",
        "metadata": {"name": name, "namespace": namespace},
        "spec": {"holderIdentity": "one", "leaseDurationSeconds": 10},
    }
