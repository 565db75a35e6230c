"""The Kubernetes API over one HTTP session, for what makes too many calls to start a kubectl for each.

Plain dicts in and out. A status of 400 and more is an ApiError with the API server's words, unless the caller takes it.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any, Self

import aiohttp

from tools.testkit.login import login

Body = dict[str, Any]

_NO_END = aiohttp.ClientTimeout(total=None, sock_connect=60)
_ONE_CALL = aiohttp.ClientTimeout(total=60)
JSON = "application/json"
APPLY = "application/apply-patch+yaml"
MERGE = "application/merge-patch+json"
GROUP = "modelbundle.dev/v1alpha1"

# plural -> the API group and version that it is in
APIS = {
    "configmaps": "v1",
    "events": "events.k8s.io/v1",
    "namespaces": "v1",
    "nodes": "v1",
    "pods": "v1",
    "resourcequotas": "v1",
    "services": "v1",
    "deployments": "apps/v1",
    "replicasets": "apps/v1",
    "jobs": "batch/v1",
    "endpointslices": "discovery.k8s.io/v1",
    "leases": "coordination.k8s.io/v1",
    "poddisruptionbudgets": "policy/v1",
    "modelbundles": GROUP,
    "modelendpoints": GROUP,
}


class ApiError(Exception):
    """The API server said no."""

    def __init__(self, what: str, status: int, text: str) -> None:
        super().__init__(f"{what}: {status}: {text[:1000]}")
        self.status = status
        self.text = text


def path(plural: str, namespace: str = "", name: str = "", subresource: str = "") -> str:
    api = APIS[plural]
    root = f"/apis/{api}" if "/" in api else f"/api/{api}"
    within = f"/namespaces/{namespace}" if namespace else ""
    return f"{root}{within}/{plural}" + (f"/{name}" if name else "") + (f"/{subresource}" if subresource else "")


class Api:
    """One session with one API server."""

    def __init__(self, session: aiohttp.ClientSession, server: str) -> None:
        self.session = session
        self.server = server

    @classmethod
    async def connect(cls, kubeconfig: Path) -> Self:
        server, tls, headers, _ = login(kubeconfig)
        connector = aiohttp.TCPConnector(limit=0, ssl=tls if tls is not None else False)
        session = aiohttp.ClientSession(connector=connector, headers=headers, timeout=_NO_END)
        return cls(session, server)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        await self.session.close()

    async def raw(
        self,
        method: str,
        where: str,
        body: Any = None,
        *,
        content_type: str = JSON,
        query: Mapping[str, str] | None = None,
    ) -> tuple[int, bytes]:
        """Status and body, whatever the status."""
        data = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
        headers = {"Accept": JSON, **({"Content-Type": content_type} if data is not None else {})}
        async with self.session.request(
            method,
            self.server + where,
            data=data,
            params=query,
            headers=headers,
            timeout=_ONE_CALL,
        ) as answer:
            return answer.status, await answer.read()

    async def call(self, method: str, where: str, body: Any = None, *, absent: bool = False, **more: Any) -> Any:
        """The object that comes back; None for a 404 where `absent` takes one."""
        status, text = await self.raw(method, where, body, **more)
        if status == 404 and absent:
            return None
        if status >= 400:
            raise ApiError(f"{method} {where}", status, _message(text))
        return json.loads(text) if text else None

    async def get(self, plural: str, namespace: str, name: str) -> Body | None:
        found: Body | None = await self.call("GET", path(plural, namespace, name), absent=True)
        return found

    async def create(self, plural: str, body: Body, namespace: str = "") -> Body:
        made: Body = await self.call("POST", path(plural, namespace), body)
        return made

    async def merge(self, plural: str, namespace: str, name: str, change: Body, subresource: str = "") -> Body:
        where = path(plural, namespace, name, subresource)
        found: Body = await self.call("PATCH", where, change, content_type=MERGE)
        return found

    async def delete(self, plural: str, namespace: str, name: str) -> None:
        await self.call("DELETE", path(plural, namespace, name), absent=True)

    async def list(self, plural: str, namespace: str = "", **query: str) -> tuple[list[Body], str]:
        """Every object, and the version of the list."""
        found = await self.call("GET", path(plural, namespace), query=query)
        return list(found["items"]), str(found["metadata"]["resourceVersion"])

    async def watch(self, plural: str, version: str, namespace: str = "", **query: str) -> AsyncIterator[Body]:
        """Events from this version on, until the API server ends the watch."""
        query = {"watch": "1", "resourceVersion": version, "allowWatchBookmarks": "true", **query}
        async with self.session.get(
            self.server + path(plural, namespace), params=query, headers={"Accept": JSON}
        ) as answer:
            if answer.status >= 400:
                raise ApiError(f"watch {plural}", answer.status, _message(await answer.read()))
            async for line in lines(answer.content):
                yield json.loads(line)


async def lines(content: aiohttp.StreamReader) -> AsyncIterator[bytes]:
    """Lines of any length: an event may be larger than what readline() takes."""
    begun = bytearray()
    async for data in content.iter_any():
        *complete, rest = data.split(b"\n")
        for part in complete:
            begun += part
            if begun:
                yield bytes(begun)
            begun.clear()
        begun += rest


def _message(text: bytes) -> str:
    try:
        return str(json.loads(text)["message"])
    except (ValueError, KeyError, TypeError):
        return text.decode(errors="replace")
