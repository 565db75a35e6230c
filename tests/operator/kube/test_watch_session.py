"""What kopf sees of what the API server sends: no more than the operator keeps, and nothing that ends it."""

from __future__ import annotations

import json
import ssl
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from modelbundle_operator.api.names import UNREADABLE
from modelbundle_operator.kube.kept import LARGEST_CHILD
from modelbundle_operator.kube.watch_session import seen_event, session

Body = dict[str, Any]


def config_map(name: str, size: int = 0) -> Body:
    return {"metadata": {"name": name, "namespace": "a", "resourceVersion": "1"}, "data": {"x": "x" * size}}


def deep_bundle(levels: int) -> bytes:
    return b'{"metadata":{"name":"deep","namespace":"a"},"spec":{"bundle":{"appConfig":%s}}}' % (
        b"[" * levels + b"]" * levels
    )


def wanted(kind: str, body: Body) -> bool:
    return bool(body["metadata"]["name"] == "wanted")


def nothing() -> None:
    """Nobody listens."""


def line(event: str, body: Body | bytes) -> bytes:
    text = body if isinstance(body, bytes) else json.dumps(body).encode()
    return b'{"type":"%s","object":%s}' % (event.encode(), text)


def test_a_small_event_passes_as_it_is() -> None:
    whole = line("ADDED", config_map("anybody's"))
    assert seen_event("ConfigMap", whole, wanted) == whole


@pytest.mark.parametrize("event", ["ADDED", "DELETED"])
@pytest.mark.parametrize("name", ["anybody's", "wanted"])
def test_of_a_large_child_kopf_sees_who_it_is_and_whose(event: str, name: str) -> None:
    body = config_map(name, LARGEST_CHILD)
    body["metadata"]["ownerReferences"] = [{"kind": "ModelBundle", "controller": True, "uid": "u"}]
    seen = json.loads(seen_event("ConfigMap", line(event, body), wanted) or b"")
    assert seen["type"] == event
    assert seen["object"]["metadata"]["name"] == name
    assert seen["object"]["metadata"]["ownerReferences"] == [{"controller": True, "uid": "u"}]
    assert "data" not in seen["object"]


def test_a_large_pod_passes_when_it_is_asked_for() -> None:
    for name, status in (("anybody's", None), ("wanted", "x" * LARGEST_CHILD)):
        body = {"metadata": {"name": name, "namespace": "a"}, "status": "x" * LARGEST_CHILD}
        assert json.loads(seen_event("Pod", line("ADDED", body), wanted) or b"")["object"].get("status") == status


@pytest.mark.parametrize("levels", [300, 5000, 9900])
def test_a_deep_bundle_comes_as_an_outline(levels: int) -> None:
    seen = json.loads(seen_event("ModelBundle", line("MODIFIED", deep_bundle(levels)), wanted) or b"")
    assert seen["type"] == "MODIFIED"
    assert seen["object"][UNREADABLE]["reason"] == "InvalidValue"


@pytest.mark.parametrize("code", [403, 410, 500])
def test_an_error_of_a_watch_is_a_reason_to_list_again(code: int) -> None:
    seen = json.loads(seen_event("Pod", line("ERROR", {"kind": "Status", "code": code}), wanted) or b"")
    assert seen == {"type": "ERROR", "object": {"kind": "Status", "code": 410}}


@pytest.mark.parametrize("kind", ["ModelBundle", "Pod"])
def test_a_bookmark_passes(kind: str) -> None:
    bookmark = line("BOOKMARK", {"metadata": {"resourceVersion": "7"}})
    assert seen_event(kind, bookmark, wanted) == bookmark


@pytest.fixture
async def server() -> AsyncIterator[TestServer]:
    async def answer(request: web.Request) -> web.StreamResponse:
        if request.query.get("page"):
            return web.Response(text="<html>log in</html>\n")
        if code := request.query.get("code"):
            return web.json_response({"kind": "Status", "code": int(code)}, status=int(code))
        if "watch" not in request.query:
            return web.json_response(
                {"metadata": {"resourceVersion": "7"}, "items": [config_map("large", LARGEST_CHILD)]}
            )
        response = web.StreamResponse()
        await response.prepare(request)
        lines = [
            line("ADDED", config_map(name, size))
            for name, size in (("large", LARGEST_CHILD), ("wanted", 3 * LARGEST_CHILD))
        ]
        text = b"\n".join([*lines, line("ADDED", config_map("last"))]) + b"\n"
        for start in range(0, len(text), 1000):
            await response.write(text[start : start + 1000])
        return response

    app = web.Application()
    app.router.add_get("/api/v1/{plural}", answer)
    made = TestServer(app)
    await made.start_server()
    yield made
    await made.close()


async def test_a_watch_comes_line_by_line_however_it_is_sent(server: TestServer) -> None:
    async with session({}, ssl.create_default_context(), wanted, nothing) as kopfs:
        async with kopfs.get(server.make_url("/api/v1/configmaps?watch=true")) as response:
            text = b"".join([data async for data in response.content.iter_chunked(1024 * 1024)])
        names = [json.loads(each)["object"]["metadata"]["name"] for each in text.splitlines()]
        assert names == ["large", "wanted", "last"]


async def test_of_a_list_the_version_passes_and_the_watch_is_announced(server: TestServer) -> None:
    begun = list[bool]()
    async with session({}, ssl.create_default_context(), wanted, lambda: begun.append(True)) as kopfs:
        response = await kopfs.get(server.make_url("/api/v1/configmaps"))
        assert await response.json() == {"metadata": {"resourceVersion": "7"}, "items": []}
    assert begun == [True]


@pytest.mark.parametrize("code", [400, 403, 404, 410, 429, 500, 503])
async def test_a_refused_list_is_a_lost_connection_to_kopf(server: TestServer, code: int) -> None:
    async with session({}, ssl.create_default_context(), wanted, nothing) as kopfs:
        with pytest.raises(aiohttp.ClientConnectionError, match=str(code)):
            await kopfs.get(server.make_url(f"/api/v1/configmaps?code={code}"))


@pytest.mark.parametrize("code", [400, 410])
async def test_a_watch_that_is_refused_for_its_version_is_a_reason_to_list_again(server: TestServer, code: int) -> None:
    async with session({}, ssl.create_default_context(), wanted, nothing) as kopfs:
        response = await kopfs.get(server.make_url(f"/api/v1/configmaps?watch=true&code={code}"))
        assert response.status == 200
        (event,) = [json.loads(line) async for line in response.content.iter_chunked(1024)]
        assert event == {"type": "ERROR", "object": {"kind": "Status", "code": 410}}


async def test_refused_credentials_are_kopfs_own_business(server: TestServer) -> None:
    async with session({}, ssl.create_default_context(), wanted, nothing) as kopfs:
        response = await kopfs.get(server.make_url("/api/v1/configmaps?code=401"))
        assert response.status == 401
        assert (await response.json())["code"] == 401


async def test_what_is_no_kind_of_ours_passes(server: TestServer) -> None:
    async with session({}, ssl.create_default_context(), wanted, nothing) as kopfs:
        response = await kopfs.get(server.make_url("/api/v1/namespaces?code=403"))
        assert response.status == 403


@pytest.mark.parametrize("path", ["/api/v1/configmaps?page=html", "/api/v1/configmaps?watch=true&page=html"])
async def test_an_answer_of_something_else_is_a_lost_connection_to_kopf(server: TestServer, path: str) -> None:
    async with session({}, ssl.create_default_context(), wanted, nothing) as kopfs:
        response = await kopfs.get(server.make_url(path))
        with pytest.raises(aiohttp.ClientPayloadError):
            await (drained(response) if "watch" in path else response.json())


async def drained(response: aiohttp.ClientResponse) -> list[bytes]:
    return [data async for data in response.content.iter_chunked(1024)]
