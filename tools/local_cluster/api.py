"""The few calls of the Kubernetes API that the tool itself makes, without kubectl's start-up time."""

import http.client
import json
import ssl
from typing import Any

from tools.local_cluster.errors import ClusterError
from tools.local_cluster.place import Place
from tools.local_cluster.plan import Plan

_APPLY = "application/apply-patch+yaml"
_MERGE = "application/merge-patch+json"


class Api:
    def __init__(self, place: Place, plan: Plan) -> None:
        self._host = plan.node_ip
        self._tls = ssl.create_default_context(cafile=str(place.pki / "ca.crt"))
        self._tls.load_cert_chain(place.pki / "local-cluster.crt", place.pki / "local-cluster.key")

    def call(self, method: str, path: str, body: Any = None, content_type: str = "application/json") -> tuple[int, str]:
        """Status and body; OSError when nothing answers."""
        connection = http.client.HTTPSConnection(self._host, 6443, timeout=10, context=self._tls)
        try:
            payload = None if body is None else json.dumps(body)
            connection.request(method, path, payload, {"Content-Type": content_type, "Accept": "application/json"})
            answer = connection.getresponse()
            return answer.status, answer.read().decode()
        except http.client.HTTPException as error:
            raise OSError(str(error)) from error
        finally:
            connection.close()

    def get(self, path: str) -> Any:
        return self._expect(*self.call("GET", path), f"GET {path}")

    def apply(self, path: str, document: dict[str, Any]) -> None:
        """Server-side apply: creates it or makes it so."""
        full = f"{path}/{document['metadata']['name']}?fieldManager=local-cluster&force=true"
        self._expect(*self.call("PATCH", full, document, _APPLY), f"apply {full}")

    def merge(self, path: str, document: dict[str, Any]) -> None:
        self._expect(*self.call("PATCH", path, document, _MERGE), f"patch {path}")

    def ready(self) -> bool:
        try:
            return self.call("GET", "/readyz")[0] == 200
        except OSError:
            return False

    @staticmethod
    def _expect(status: int, text: str, what: str) -> Any:
        if status >= 300:
            raise ClusterError(f"the API server answered {status} to {what}: {text[:500]}")
        return json.loads(text)


def node_ready(node: dict[str, Any]) -> bool:
    conditions = node.get("status", {}).get("conditions", [])
    return any(c["type"] == "Ready" and c["status"] == "True" for c in conditions)
