"""A stand-in for an API server, as far as the page asks of one: lists in pages, watches, events, pods, logs, writes.

Tests change objects, end watches with 410 Gone, and take the whole server away, which no real one does on demand.
"""

from __future__ import annotations

import json
import queue
import threading
import time
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from tools.testkit.api_in_thread import ApiInThread
from tools.testkit.http_in_thread import JSON, Quiet
from tools.testkit.request_body import request_body

DEEP = 100_000
GROUP = "/apis/modelbundle.dev/v1alpha1"


class StandIn(ApiInThread):
    """`objects` by plural, namespace and name; `asked` has each path; `extra` answers paths of other kinds."""

    def __init__(self) -> None:
        self.objects: dict[tuple[str, str, str], dict] = {}
        self.extra: dict[str, Any] = {}
        self.asked: list[str] = []
        self.written: list[tuple[str, str, bytes]] = []
        self.forbidden: set[str] = set()  # paths
        self.nested: set[str] = set()  # names of bundles that are nested more deeply than Python reads
        self.away = False
        self.too_old = False  # 410 for the next watches
        self.version = 100
        self.watches: list[tuple[str, queue.Queue]] = []
        self.lock = threading.Lock()
        self.answer = lambda _path, _body: (200, b"null")  # of a Service behind the proxy
        self.headers: dict[str, str] = {}  # of that answer
        super().__init__(type("Bound", (_Handler,), {"outer": self}))

    def put(self, plural: str, item: dict) -> None:
        with self.lock:
            self.version += 1
            item = {**item, "metadata": {**item["metadata"], "resourceVersion": str(self.version)}}
            key = (plural, item["metadata"]["namespace"], item["metadata"]["name"])
            kind = "MODIFIED" if key in self.objects else "ADDED"
            self.objects[key] = item
            self._tell(plural, {"type": kind, "object": item})

    def delete(self, plural: str, namespace: str, name: str) -> None:
        with self.lock:
            self._tell(plural, {"type": "DELETED", "object": self.objects.pop((plural, namespace, name))})

    def end_watches(self) -> None:
        """410 Gone: what they stand at is forgotten."""
        gone = {"type": "ERROR", "object": {"code": 410, "message": "too old resource version"}}
        with self.lock:
            for _, events in self.watches:
                events.put(gone)

    def close_watches(self) -> None:
        with self.lock:
            for _, events in self.watches:
                events.put(None)

    def wait_for_watches(self, count: int) -> None:
        deadline = time.monotonic() + 30
        while len(self.watches) < count:
            assert time.monotonic() < deadline, "nothing is watched"
            time.sleep(0.005)

    def text(self, value: object) -> bytes:
        """As JSON; a name in `nested` makes what stands beside it deep."""
        written = json.dumps(value)
        for name in self.nested:
            written = written.replace(f'"name": "{name}"', f'"name": "{name}", "deep": {"[" * DEEP}{"]" * DEEP}')
        return written.encode()

    def _tell(self, plural: str, event: dict) -> None:
        for watched, events in self.watches:
            if watched == plural:
                events.put(event)

    def close(self) -> None:
        self.close_watches()
        super().close()


class _Handler(Quiet):
    outer: StandIn
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        outer, url = self.outer, urlsplit(self.path)
        query = {name: values[0] for name, values in parse_qs(url.query).items()}
        outer.asked.append(self.path)
        if outer.away:
            self.close_connection = True
            self.connection.close()
        elif url.path in outer.forbidden:
            self.send_json(403, {"message": "bundles is forbidden: User u cannot list", "reason": "Forbidden"})
        elif url.path in outer.extra:
            found = outer.extra[url.path]
            if isinstance(found, bytes):
                self.send_whole(200, found, {"Content-Type": "text/plain"})
            else:
                self.send_json(200, found)
        elif not url.path.startswith(GROUP):
            self.send_json(200, {"items": []})
        else:
            self._ours([unquote(part) for part in url.path[len(GROUP) + 1 :].split("/")], query)

    def _ours(self, parts: list[str], query: dict[str, str]) -> None:
        namespace = parts[1] if parts[0] == "namespaces" else None
        plural, *name = parts[2:] if namespace else parts
        if query.get("watch"):
            self._watch(plural, int(query["resourceVersion"]))
        elif name:
            found = self.outer.objects.get((plural, str(namespace), name[0]))
            self.send_json(200, found) if found else self.send_json(404, {"message": f"{name[0]} not found"})
        else:
            self._list(plural, namespace, query)

    def _list(self, plural: str, namespace: str | None, query: dict[str, str]) -> None:
        items = [item for key, item in sorted(self.outer.objects.items())
                 if key[0] == plural and namespace in (None, key[1]) and _selected(item, query)]  # fmt: skip
        start, size = int(query.get("continue", 0)), int(query.get("limit", 500))
        metadata = {"resourceVersion": str(self.outer.version)}
        if start + size < len(items):
            metadata["continue"] = str(start + size)
        page = items[start : start + size]
        if "as=Table" in self.headers["Accept"]:
            rows = [{"object": {"metadata": item["metadata"]}} for item in page]
            self.send_json(200, {"metadata": metadata, "rows": rows})
        else:
            self.send_whole(200, self.outer.text({"metadata": metadata, "items": page}), {"Content-Type": JSON})

    def _watch(self, plural: str, since: int) -> None:
        events: queue.Queue = queue.Queue()
        outer = self.outer
        with outer.lock:
            for key, item in outer.objects.items():
                if key[0] == plural and int(item["metadata"]["resourceVersion"]) > since:
                    events.put({"type": "MODIFIED", "object": item})
            outer.watches.append((plural, events))
        self.send_response(200)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        self.close_connection = True
        try:
            while (event := events.get()) is not None:
                line = outer.text(event) + b"\n"
                self.wfile.write(b"%x\r\n%b\r\n" % (len(line), line))
                if event["type"] == "ERROR":
                    break
            self.wfile.write(b"0\r\n\r\n")
        except ConnectionError:
            pass  # who watched has gone
        finally:
            with outer.lock:
                outer.watches.remove((plural, events))

    def do_POST(self) -> None:
        self._write(self.outer.answer)

    def do_PATCH(self) -> None:
        self._write(self._patched)

    def _write(self, answer: Any) -> None:
        body = request_body(self)
        self.outer.written.append((self.command, self.path, body))
        status, content = answer(self.path, body)
        self.send_whole(status, content, {**self.outer.headers, "Content-Type": JSON})

    def _patched(self, path: str, body: bytes) -> tuple[int, bytes]:
        _, namespace, plural, name = urlsplit(path).path[len(GROUP) + 1 :].split("/")
        found, spec = self.outer.objects[plural, namespace, name], json.loads(body)["spec"]
        serving = {**found["spec"].get("serving", {}), **spec.get("serving", {})}
        changed = {**found, "spec": {**found["spec"], **spec, **({"serving": serving} if "serving" in spec else {})}}
        self.outer.put(plural, changed)
        return 200, json.dumps(changed).encode()


def _selected(item: dict, query: dict[str, str]) -> bool:
    path, _, wanted = query.get("fieldSelector", "").partition("=")
    found: Any = item
    for part in filter(None, path.split(".")):
        found = (found or {}).get(part)
    return not path or found == wanted


def bundle(name: str, *, namespace: str = "models", ready: tuple[str, str, str] = ("True", "Serving", "1 of 1"),
           replicas: int = 1, **more: Any) -> dict:  # fmt: skip
    """As a cluster has one; `more` are keys of the object in the place of these."""
    condition = {"type": "Ready", "status": ready[0], "reason": ready[1], "message": ready[2],
                 "lastTransitionTime": "2026-01-01T00:00:10Z"}  # fmt: skip
    made: dict[str, Any] = {
        "apiVersion": "modelbundle.dev/v1alpha1",
        "kind": "ModelBundle",
        "metadata": {
            "name": name, "namespace": namespace, "generation": 1, "creationTimestamp": "2026-01-01T00:00:00Z",
        },
        "spec": {"bundle": {"appConfig": {"mode": "x"}}, "serving": {"replicas": replicas}},
        "status": {
            "observedGeneration": 1, "conditions": [condition], "image": "python:3.12", "digest": "sha256:" + "a" * 64,
            "readyReplicas": replicas if ready[0] == "True" else 0,
        },
    }  # fmt: skip
    return {**made, **more}


def endpoint(name: str, bundle: str, active: str = "", moving: dict | None = None, namespace: str = "models") -> dict:
    ready = {"type": "Ready", "status": "True", "reason": "Moving" if moving else "Serving", "message": "answers"}
    reconciling = {"type": "Reconciling", "status": "True", "reason": "Moving", "message": "moves"}
    status: dict[str, Any] = {"observedGeneration": 1, "conditions": [ready, *([reconciling] if moving else [])]}
    status |= {"bundle": active} if active else {}
    status |= {"moving": moving} if moving else {}
    metadata = {"name": name, "namespace": namespace, "generation": 1, "creationTimestamp": "2026-01-01T00:00:00Z"}
    return {"metadata": metadata, "spec": {"bundle": bundle}, "status": status}
