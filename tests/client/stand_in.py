"""As much of an API server as the client asks of one before it creates: who one is, reads, dry runs, creates.

A real HTTP server with fixed answers. `created` is what was created in earnest; `refuse` answers all with that status.
"""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

BUNDLES = "/apis/modelbundle.dev/v1alpha1/namespaces/models/modelbundles"
ENDPOINTS = "/apis/modelbundle.dev/v1alpha1/namespaces/models/modelendpoints"
NAMESPACE = "/api/v1/namespaces/models"
REVIEW = "/apis/authentication.k8s.io/v1/selfsubjectreviews"


class StandIn:
    def __init__(self) -> None:
        self.refuse = 0
        self.created: list[dict[str, Any]] = []
        self.asked: list[str] = []
        self.tokens: set[str | None] = set()
        self.objects: dict[str, dict[str, Any]] = {}
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_port}"

    def answer(self, method: str, path: str, query: str, body: Any) -> tuple[int, Any]:
        self.asked.append(f"{method} {path}")
        if self.refuse:
            return self.refuse, {"kind": "Status", "code": self.refuse, "reason": "", "message": "no"}
        if path == REVIEW:
            return 201, {"status": {"userInfo": {"username": "somebody"}}}
        if method == "POST" and path in (BUNDLES, ENDPOINTS):
            if "dryRun=All" not in query:
                self.created.append(body)
                self.objects[f"{path}/{body['metadata']['name']}"] = body
            return 201, {**body, "metadata": {**body["metadata"], "uid": "u", "resourceVersion": "1"}}
        if method == "GET" and path in (BUNDLES, ENDPOINTS):
            return 200, {"items": [], "metadata": {}}
        if method == "GET" and path == NAMESPACE:
            return 200, {"kind": "Namespace", "metadata": {"name": "models"}}
        if path in self.objects:
            return 200, self.objects[path]
        name = path.rpartition("/")[2]
        return 404, {"kind": "Status", "code": 404, "reason": "NotFound", "message": f'"{name}" not found'}

    def write_kubeconfig(self, path: Path) -> Path:
        config = {
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": "c",
            "clusters": [{"name": "k", "cluster": {"server": self.url}}],
            "users": [{"name": "u", "user": {}}],
            "contexts": [{"name": "c", "context": {"cluster": "k", "user": "u", "namespace": "models"}}],
        }
        path.write_text(json.dumps(config))
        return path

    def stop(self) -> None:
        self.server.shutdown()
        self.server.server_close()


def _handler(stand_in: StandIn) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _any(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            body = json.loads(self.rfile.read(length)) if length else None
            parts = urlsplit(self.path)
            stand_in.tokens.add(self.headers.get("Authorization"))
            status, value = stand_in.answer(self.command, parts.path, parts.query, body)
            content = json.dumps(value).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = do_PATCH = do_DELETE = do_PUT = _any  # noqa: N815

        def log_message(self, *_: object) -> None:
            pass

    return Handler
