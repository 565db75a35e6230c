"""A mutating admission webhook for pods, as meshes and autoscalers have them, or for Deployments, as policies do."""

from __future__ import annotations

import base64
import json
import ssl
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Body = dict[str, Any]


class PodWebhook:
    """`change` gives the JSON patch of a pod that is being made, or of a Deployment that is written."""

    def __init__(self, change: Callable[[Body], list[Body]], tls: ssl.SSLContext, listen: str) -> None:
        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["request"]
                patch = base64.b64encode(json.dumps(change(asked["object"])).encode()).decode()
                answer = {"uid": asked["uid"], "allowed": True, "patchType": "JSONPatch", "patch": patch}
                review = {"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "response": answer}
                content = json.dumps(review).encode()
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer((listen, 0), Handler)
        self.server.socket = tls.wrap_socket(self.server.socket, server_side=True)
        self.url = f"https://{listen}:{self.server.server_port}/"
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()

    def configuration(self, name: str, namespace: str, authority: bytes, rule: Body | None = None) -> Body:
        """For the pods of bundles in a namespace, or what else `rule` says; refused where it does not answer."""
        pods = {"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["pods"]}
        hook = {
            "name": f"{name}.example.com",
            "clientConfig": {"url": self.url, "caBundle": base64.b64encode(authority).decode()},
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

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()
