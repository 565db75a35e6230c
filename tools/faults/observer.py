"""What there is in each namespace, and what came and went: watched beside the proxy, so that no fault hides it."""

from __future__ import annotations

import asyncio
from collections import Counter, defaultdict
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from tools.testkit.rest import Api, ApiError

Body = dict[str, Any]
Ref = tuple[str, str]  # plural and name

WATCHED = (
    "modelbundles",
    "modelendpoints",
    "configmaps",
    "services",
    "deployments",
    "replicasets",
    "jobs",
    "pods",
    "resourcequotas",
    "poddisruptionbudgets",
)
# in every namespace, made by Kubernetes
_NOT_OURS = frozenset({("configmaps", "kube-root-ca.crt")})


@dataclass
class Room:
    """One namespace."""

    objects: dict[Ref, Body] = field(default_factory=dict)
    came: Counter[Ref] = field(default_factory=Counter)
    went: Counter[Ref] = field(default_factory=Counter)
    changed: asyncio.Event = field(default_factory=asyncio.Event)

    def mark(self) -> None:
        """From here on comings and goings count."""
        self.came.clear()
        self.went.clear()


class Observer:
    def __init__(self, api: Api) -> None:
        self._api = api
        self._rooms: defaultdict[str, Room] = defaultdict(Room)

    def room(self, namespace: str) -> Room:
        return self._rooms[namespace]

    def forget(self, namespace: str) -> None:
        self._rooms.pop(namespace, None)

    async def run(self) -> None:
        """Until cancelled."""
        async with asyncio.TaskGroup() as group:
            for plural in WATCHED:
                group.create_task(self._follow(plural))

    async def _follow(self, plural: str) -> None:
        while True:
            with suppress(ApiError, OSError):
                items, version = await self._api.list(plural)
                for body in items:
                    self._see(plural, "ADDED", body)
                self._miss(plural, items)
                async for event in self._api.watch(plural, version):
                    if event["type"] == "ERROR":
                        break
                    if event["type"] != "BOOKMARK":
                        self._see(plural, event["type"], event["object"])
            await asyncio.sleep(0.2)

    def _miss(self, plural: str, items: list[Body]) -> None:
        """What went while no watch was open is not in the list."""
        there = {body["metadata"]["uid"] for body in items}
        known = [(ref, body) for room in self._rooms.values() for ref, body in room.objects.items()]
        for (kind, _), body in known:
            if kind == plural and body["metadata"]["uid"] not in there:
                self._see(plural, "DELETED", body)

    def _see(self, plural: str, event: str, body: Body) -> None:
        metadata = body["metadata"]
        ref = (plural, metadata["name"])
        if ref in _NOT_OURS:
            return
        room = self._rooms[metadata["namespace"]]
        known = room.objects.get(ref)
        if event == "DELETED":
            room.objects.pop(ref, None)
            room.went[_kind(plural, body)] += 1
        else:
            if known is None or known["metadata"]["uid"] != metadata["uid"]:
                room.came[_kind(plural, body)] += 1
            # which the items of a list do not carry
            room.objects[ref] = {name: value for name, value in body.items() if name not in ("apiVersion", "kind")}
        room.changed.set()
        room.changed = asyncio.Event()


def _kind(plural: str, body: Body) -> Ref:
    """What a made name stands for: a ReplicaSet or pod of a bundle."""
    if plural in ("replicasets", "pods"):
        return plural, (body["metadata"].get("labels") or {}).get("modelbundle.dev/bundle", "")
    return plural, str(body["metadata"]["name"])
