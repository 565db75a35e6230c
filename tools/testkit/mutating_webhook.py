"""A mutating admission webhook for pods, as meshes and autoscalers have them, or for Deployments, as policies do."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tools.testkit.http_in_thread import HttpInThread, Quiet
from tools.testkit.only_way import towards
from tools.testkit.private_authority import PrivateAuthority
from tools.testkit.request_body import request_body

Body = dict[str, Any]


class MutatingWebhook(HttpInThread):
    """`change` gives the JSON patch of a pod that is being made, or of a Deployment that is written. It runs here, at
    this machine's address towards the host `near`; `directory` is for the files of its certificates. `client` is a
    clientConfig."""

    def __init__(self, change: Callable[[Body], list[Body]], near: str, directory: Path) -> None:
        class Handler(Quiet):
            def do_POST(self) -> None:
                asked = json.loads(request_body(self))["request"]
                patch = base64.b64encode(json.dumps(change(asked["object"])).encode()).decode()
                answer = {"uid": asked["uid"], "allowed": True, "patchType": "JSONPatch", "patch": patch}
                version, kind = "admission.k8s.io/v1", "AdmissionReview"
                self.send_json(200, {"apiVersion": version, "kind": kind, "response": answer})

        here = towards(near)
        authority = PrivateAuthority(directory, [here])
        super().__init__(Handler, here, authority.of_a_server())
        self.client = {"url": f"{self.url}/", "caBundle": base64.b64encode(authority.file.read_bytes()).decode()}

    def configuration(self, name: str, namespace: str, rule: Body | None = None) -> Body:
        """For the pods of bundles in a namespace, or what else `rule` says; refused where it does not answer."""
        pods = {"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["pods"]}
        hook = {
            "name": f"{name}.example.com",
            "clientConfig": self.client,
            "rules": [rule or pods],
            "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": namespace}},
            "objectSelector": {"matchExpressions": [{"key": "modelbundle.dev/bundle", "operator": "Exists"}]},
            "sideEffects": "None",
            "admissionReviewVersions": ["v1"],
            "timeoutSeconds": 10,
        }
        version = "admissionregistration.k8s.io/v1"
        about = {"apiVersion": version, "kind": "MutatingWebhookConfiguration", "metadata": {"name": name}}
        return {**about, "webhooks": [hook]}
