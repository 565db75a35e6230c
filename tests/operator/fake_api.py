"""The HTTP face of the cluster in memory: discovery, lists, watches and writes, as kopf and our client ask for them.

Tests end watches, break them with 410 Gone, or let an event get lost: what no real API server does on demand.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web
from aiohttp.test_utils import TestServer
from modelbundle_operator.api.names import GROUP
from modelbundle_operator.errors import Transient
from modelbundle_operator.kube.kinds import KINDS
from modelbundle_operator.loop.key import Key

from tests.operator.fake_cluster import FakeCluster

Body = dict[str, Any]
VERBS = ["get", "list", "watch", "create", "update", "patch", "delete"]
# kopf starts nothing before it has found this kind
NAMESPACES = {
    "name": "namespaces",
    "singularName": "namespace",
    "kind": "Namespace",
    "namespaced": False,
    "verbs": VERBS,
}
END = {"type": "END"}  # of a watch, without a word
ERROR_410 = {"type": "ERROR", "object": {"kind": "Status", "apiVersion": "v1", "code": 410, "message": "Gone"}}


@dataclass
class Request:
    """One request as it came."""

    method: str
    path: str
    query: dict[str, str]
    agent: str
    token: str
    accept: str = ""


@dataclass
class FakeApi:
    """Serves a FakeCluster."""

    cluster: FakeCluster = field(default_factory=FakeCluster)
    installed: bool = True
    forbidden: set[str] = field(default_factory=set)  # namespaces or plurals with which nothing may be done
    instead: tuple[int, str] | None = None  # status and text of what answers everything in its place
    requests: list[Request] = field(default_factory=list)
    watches: list[tuple[str, asyncio.Queue[Body]]] = field(default_factory=list)
    events: list[tuple[int, str, Body]] = field(default_factory=list)  # version, kind, event: for watches from before

    def server(self, port: int | None = None) -> TestServer:
        app = web.Application(middlewares=[self._note])
        app.router.add_get("/version", _json({"major": "1", "minor": "35"}))
        app.router.add_get("/api", _json({"versions": ["v1"]}))
        app.router.add_get("/apis", self._groups)
        app.router.add_get("/api/v1", _json({"resources": [*_resources("v1"), NAMESPACES]}))
        for root in ("/api/{version}", "/apis/{group}/{version}"):
            if "group" in root:
                app.router.add_get(root, self._group)
            app.router.add_get(root + "/{plural}", self._list)
            app.router.add_route("*", root + "/namespaces/{namespace}/{plural}", self._collection)
            app.router.add_route("*", root + "/namespaces/{namespace}/{plural}/{name}", self._object)
            app.router.add_route("*", root + "/namespaces/{namespace}/{plural}/{name}/status", self._object)
        return TestServer(app, port=port)

    def tell(self, event: str, body: Body) -> None:
        """An event for every watch of the kind that is open, or that is opened at a version from before it."""
        said = {"type": event, "object": body}
        self.events.append((self.cluster.now(), body["kind"], said))
        for kind, queue in self.watches:
            if kind == body["kind"]:
                queue.put_nowait(said)

    def break_watches(self, error: Body = ERROR_410) -> None:
        """410 Gone: the versions that the watches stand at are forgotten; or another error, which ends them too."""
        for _, queue in self.watches:
            queue.put_nowait(error)
        self.watches.clear()

    def end_watches(self) -> None:
        """As a real one does every few minutes."""
        self.break_watches(END)

    def put(self, body: Body) -> None:
        self.tell("ADDED", self.cluster.put(body))

    def delete(self, kind: str, key: Key, *, lose_the_event: bool = False) -> None:
        gone = self.cluster.delete(kind, key)
        if not lose_the_event:
            self.tell("DELETED", gone)

    @web.middleware
    async def _note(self, request: web.Request, handler: Any) -> web.StreamResponse:
        agent = request.headers.get("User-Agent", "")
        token = request.headers.get("Authorization", "").removeprefix("Bearer ")
        accept = request.headers.get("Accept", "")
        self.requests.append(Request(request.method, request.path, dict(request.query), agent, token, accept))
        if self.instead is not None:
            return web.Response(status=self.instead[0], text=self.instead[1], content_type="application/json")
        if {request.match_info.get(part) for part in ("namespace", "plural")} & self.forbidden:
            return _status(403, "forbidden")
        response: web.StreamResponse = await handler(request)
        return response

    async def _groups(self, _: web.Request) -> web.Response:
        groups = ["apps", "policy", *([GROUP] if self.installed else [])]
        versions = {"apps": "v1", "policy": "v1", GROUP: "v1alpha1"}
        listed = [
            {"name": g, "versions": [{"version": versions[g]}], "preferredVersion": {"version": versions[g]}}
            for g in groups
        ]
        return web.json_response({"kind": "APIGroupList", "groups": listed})

    async def _group(self, request: web.Request) -> web.Response:
        group, version = request.match_info["group"], request.match_info["version"]
        if group == GROUP and not self.installed:
            return _status(404, "not found")
        return web.json_response({"resources": _resources(f"{group}/{version}")})

    async def _list(self, request: web.Request) -> web.StreamResponse:
        kind = _kind(request.match_info["plural"])
        if request.query.get("watch"):
            return await self._watch(request, kind)
        bodies, now = await self.cluster.list(kind, request.match_info.get("namespace"))
        version, after = json.loads(request.query.get("continue") or f'["{now}", []]')
        left = sorted((body for body in bodies if _place(body) > after), key=_place)
        items = left[: int(request.query.get("limit") or len(left))]
        metadata = {"resourceVersion": version}
        if len(items) < len(left):
            metadata["continue"] = json.dumps([version, _place(items[-1])])
        if "as=PartialObjectMetadataList;" in request.headers["Accept"]:
            heads = [{"metadata": body["metadata"]} for body in items]
            return web.json_response({"items": heads or None, "metadata": metadata})  # as the real one has it
        return web.json_response({"items": items, "metadata": metadata})

    async def _watch(self, request: web.Request, kind: str) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "application/json"})
        await response.prepare(request)
        watch: tuple[str, asyncio.Queue[Body]] = (kind, asyncio.Queue())
        since = int(request.query.get("resourceVersion") or self.cluster.now())
        for version, its_kind, event in self.events:
            if its_kind == kind and version > since:
                watch[1].put_nowait(event)
        self.watches.append(watch)
        try:
            while True:
                event = await watch[1].get()
                if event is END:
                    return response
                await response.write(json.dumps(event).encode() + b"\n")
                if event["type"] == "ERROR":
                    return response
        except ConnectionError:
            return response
        finally:
            with contextlib.suppress(ValueError):
                self.watches.remove(watch)

    async def _collection(self, request: web.Request) -> web.StreamResponse:
        if request.method == "POST":
            body = await request.json()
            if body["kind"] == "Event":
                await self.cluster.create_event(body)
                return web.json_response(body, status=201)
            try:
                made = await self.cluster.create(body)
            except Transient as error:
                return _status(int(error.message[:3]), error.message)
            self.tell("ADDED", made)
            return web.json_response(made, status=201)
        return await self._list(request)

    async def _object(self, request: web.Request) -> web.Response:
        where = request.match_info
        kind = _kind(where["plural"])
        if request.method == "GET":
            body = await self.cluster.get(kind, where["namespace"], where["name"])
            return web.json_response(body) if body is not None else _status(404, "not found")
        wanted = json.loads(await request.text())
        if request.method == "DELETE":
            return await self._delete(kind, Key(where["namespace"], where["name"]), wanted["preconditions"]["uid"])
        known = self.cluster.objects.get((kind, where["namespace"], where["name"]))
        before = known["metadata"]["resourceVersion"] if known else None
        write = self.cluster.apply_status if request.path.endswith("/status") else self.cluster.apply
        try:
            body = await (self.cluster.replace if request.method == "PUT" else write)(wanted)
        except Transient as error:
            return _status(int(error.message[:3]), error.message)
        if body["metadata"]["resourceVersion"] != before:
            self.tell("MODIFIED" if before else "ADDED", body)
        return web.json_response(body)

    async def _delete(self, kind: str, key: Key, uid: str) -> web.Response:
        known = self.cluster.objects.get((kind, *key.place))
        if known is None:
            return _status(404, "not found")
        try:
            await self.cluster.remove(kind, key.namespace, key.name, uid)
        except Transient as error:
            return _status(int(error.message[:3]), error.message)
        self.tell("DELETED", known)
        return web.json_response(known)


def _place(body: Body) -> list[str]:
    return [body["metadata"]["namespace"], body["metadata"]["name"]]


def _json(body: Body) -> Any:
    async def handler(_: web.Request) -> web.Response:
        return web.json_response(body)

    return handler


def _status(code: int, message: str) -> web.Response:
    return web.json_response({"kind": "Status", "code": code, "message": message, "details": {}}, status=code)


def _kind(plural: str) -> str:
    return next(kind for kind, place in KINDS.items() if place.plural == plural)


def _resources(api_version: str) -> list[Body]:
    return [
        {"name": place.plural, "singularName": kind.lower(), "kind": kind, "namespaced": True, "verbs": VERBS}
        for kind, place in KINDS.items()
        if place.api_version == api_version
    ]
