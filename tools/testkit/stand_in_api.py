"""As much of an API server as the client asks of one to create: who one is, reads, dry runs, creates, merge patches.

A real HTTP server that answers several at once, and keeps one object of a name. `created` is what was created in
earnest; `refuse` answers all with that status; `meanwhile` is called with each request before it is answered.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from tools.testkit.api_in_thread import ApiInThread
from tools.testkit.http_in_thread import Quiet
from tools.testkit.request_body import request_body

BUNDLES = "/apis/modelbundle.dev/v1alpha1/namespaces/models/modelbundles"
ENDPOINTS = "/apis/modelbundle.dev/v1alpha1/namespaces/models/modelendpoints"
NAMESPACE = "/api/v1/namespaces/models"
REVIEW = "/apis/authentication.k8s.io/v1/selfsubjectreviews"


class StandIn(ApiInThread):
    def __init__(self) -> None:
        self.refuse = 0
        self.meanwhile: Callable[[str, str], None] = lambda method, path: None
        self.created: list[dict[str, Any]] = []
        self.asked: list[str] = []
        self.tokens: set[str | None] = set()
        self.objects: dict[str, dict[str, Any]] = {}
        self.lock = threading.Lock()  # of the objects: each request sees them as they are between two others
        super().__init__(_handler(self))

    def answer(self, method: str, path: str, query: str, body: Any) -> tuple[int, Any]:
        dry = "dryRun=All" in query
        self.asked.append(f"{method} {path}")
        self.meanwhile("DRY RUN" if dry else method, path)
        if self.refuse:
            return self.refuse, {"kind": "Status", "code": self.refuse, "reason": "", "message": "no"}
        if path == REVIEW:
            return 201, {"status": {"userInfo": {"username": "somebody"}}}
        if method == "GET" and path == NAMESPACE:
            return 200, {"kind": "Namespace", "metadata": {"name": "models"}}
        with self.lock:
            if method == "POST" and path in (BUNDLES, ENDPOINTS):
                return self._create(f"{path}/{body['metadata']['name']}", body, dry)
            if method == "GET" and path in (BUNDLES, ENDPOINTS):
                items = [found for place, found in self.objects.items() if place.startswith(path + "/")]
                return 200, {"items": items, "metadata": {}}
            if path in self.objects:
                if method == "PATCH" and dry:
                    return 200, _merged(self.objects[path], body)
                if method == "PATCH":
                    self.objects[path] = _merged(self.objects[path], body)
                return 200, self.objects.pop(path) if method == "DELETE" else self.objects[path]
        name = path.rpartition("/")[2]
        return 404, {"kind": "Status", "code": 404, "reason": "NotFound", "message": f'"{name}" not found'}

    def _create(self, place: str, body: dict[str, Any], dry: bool) -> tuple[int, Any]:
        """A dry run is refused like the creation would be."""
        if place in self.objects:
            message = f'"{body["metadata"]["name"]}" already exists'
            return 409, {"kind": "Status", "code": 409, "reason": "AlreadyExists", "message": message}
        made = {**body, "metadata": {**body["metadata"], "uid": "u", "resourceVersion": "1"}}
        if not dry:
            self.created.append(body)
            self.objects[place] = made
        return 201, made


def _merged(value: Any, change: Any) -> Any:
    """A merge patch (RFC 7386)."""
    if not isinstance(change, dict):
        return change
    there = value if isinstance(value, dict) else {}
    kept = {name: item for name, item in there.items() if name not in change}
    return {**kept, **{name: _merged(there.get(name), item) for name, item in change.items() if item is not None}}


def _handler(stand_in: StandIn) -> type[Quiet]:
    class Handler(Quiet):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True  # else each answer of a kept connection waits 40 ms

        def _any(self) -> None:
            sent = request_body(self)
            body = json.loads(sent) if sent else None
            parts = urlsplit(self.path)
            stand_in.tokens.add(self.headers.get("Authorization"))
            self.send_json(*stand_in.answer(self.command, parts.path, parts.query, body))

        do_GET = do_POST = do_PATCH = do_DELETE = do_PUT = _any

    return Handler
