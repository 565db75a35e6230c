"""As much of an API server as reads ask of one: what it serves, objects, pages of lists, watches; over connections that
are kept, which end with it when it stops."""

from __future__ import annotations

import contextlib
import json
import socket
import ssl
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from tools.testkit.api_in_thread import ApiInThread
from tools.testkit.http_in_thread import JSON, Quiet

PODS = "/api/v1/namespaces/models/pods"
PAGE = 2  # objects, whatever the limit


class StandIn(ApiInThread):
    """`pods` are all of namespace models; `asked` are paths and queries; `refuse` answers all with that status."""

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        self._tls = tls
        self.pods: dict[str, dict[str, Any]] = {}
        self.events: list[dict[str, Any]] = []
        self.kinds = {"pods": "Pod"}
        self.asked: list[tuple[str, dict[str, str]]] = []
        self.refuse = 0
        self.of_no_kind: Any = {"kind": "Status", "details": {}, "message": "could not find the requested resource"}
        self.connections: list[socket.socket] = []
        self._start(0)

    def _start(self, port: int) -> None:
        super().__init__(_handler(self), tls=self._tls, port=port)

    def close(self) -> None:
        super().close()
        for connection in self.connections:
            with contextlib.suppress(OSError):  # ended by the client
                connection.shutdown(socket.SHUT_RDWR)

    def start_again(self) -> None:
        self._start(self.port)

    def answer(self, path: str, query: dict[str, str]) -> tuple[int, list[Any]]:
        """Status and documents; several are a watch's."""
        self.asked.append((path, query))
        if self.refuse:
            return self.refuse, [{"kind": "Status", "message": "no"}]
        if path in ("/api", "/apis"):
            return 200, [{"kind": "APIGroupDiscoveryList", "items": [self._group()] if path == "/api" else []}]
        if "watch" in query:
            return 200, self.events
        if path == PODS:
            begin = int(query.get("continue", 0))
            end = begin + PAGE if "limit" in query else len(self.pods)
            metadata = {"resourceVersion": "5", **({"continue": str(end)} if end < len(self.pods) else {})}
            items = list(self.pods.values())[begin:end]
            return 200, [{"kind": "PodList", "apiVersion": "v1", "metadata": metadata, "items": items}]
        name = path.removeprefix(PODS + "/")
        if "pods" not in self.kinds or name == path:
            return 404, [self.of_no_kind]
        if name in self.pods:
            return 200, [{"kind": "Pod", "apiVersion": "v1", **self.pods[name]}]
        return 404, [{"kind": "Status", "details": {"name": name, "kind": "pods"}}]

    def _group(self) -> dict[str, Any]:
        resources = [
            {"resource": plural, "responseKind": {"kind": kind}, "scope": "Namespaced", "verbs": ["get", "list"]}
            for plural, kind in self.kinds.items()
        ]
        return {"metadata": {}, "versions": [{"version": "v1", "resources": resources}]}


def _handler(stand_in: StandIn) -> type[Quiet]:
    class Handler(Quiet):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True  # else each answer waits 40 ms

        def setup(self) -> None:
            stand_in.connections.append(self.request)
            super().setup()

        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            status, documents = stand_in.answer(parts.path, dict(parse_qsl(parts.query)))
            texts = [each if isinstance(each, str) else json.dumps(each) for each in documents]
            self.send_whole(status, "".join(f"{text}\n" for text in texts).encode(), {"Content-Type": JSON})

    return Handler
