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
from modelbundle_operator.kube.backlog import Backlog
from modelbundle_operator.kube.kept import LARGEST_CHILD
from modelbundle_operator.kube.kinds import KINDS
from modelbundle_operator.kube.watch_session import object_of, seen_event, session

Body = dict[str, Any]
BACKLOGS = {kind: Backlog() for kind in KINDS}


def config_map(name: str, size: int = 0) -> Body:
    return {"metadata": {"name": name, "namespace": "a", "resourceVersion": "1"}, "data": {"x": "x" * size}}


def deep_bundle(levels: int) -> bytes:
    return b'{"metadata":{"name":"deep","namespace":"a"},"spec":{"bundle":{"appConfig":%s}}}' % (
        b"[" * levels + b"]" * levels
    )


def wanted(kind: str, body: Body) -> bool:
    return bool(body["metadata"]["name"] == "wanted")


def from_the_list(kind: str, namespace: str | None) -> None:
    """Every watch starts from the list's version."""


def seen_by_kopf(kind: str, event: bytes) -> tuple[Body, Body]:
    """The event as kopf has it, and the object that the handler makes of it."""
    seen = json.loads(seen_event(kind, event, wanted) or b"")
    return seen, object_of(seen["object"])


def line(event: str, body: Body | bytes) -> bytes:
    text = body if isinstance(body, bytes) else json.dumps(body).encode()
    return b'{"type":"%s","object":%s}' % (event.encode(), text)


def test_a_small_object_comes_to_the_handler_as_it_is() -> None:
    body = config_map("anybody's", 10)
    seen, handled = seen_by_kopf("ConfigMap", line("ADDED", body))
    assert seen["type"] == "ADDED"
    assert seen["object"]["metadata"]["resourceVersion"] == "1", "kopf goes on from it"
    assert handled == body


def test_all_objects_of_a_watch_are_one_to_kopf() -> None:
    """It would have a queue, a task and notes for each."""
    uids = set()
    for name in ("one", "two"):
        body = config_map(name)
        body["metadata"]["uid"] = f"uid-of-{name}"
        seen, handled = seen_by_kopf("ConfigMap", line("ADDED", body))
        uids.add(seen["object"]["metadata"]["uid"])
        assert handled["metadata"]["uid"] == f"uid-of-{name}"
    assert len(uids) == 1


@pytest.mark.parametrize("event", ["ADDED", "DELETED"])
@pytest.mark.parametrize("name", ["anybody's", "wanted"])
def test_of_a_large_child_kopf_sees_who_it_is_and_whose(event: str, name: str) -> None:
    body = config_map(name, LARGEST_CHILD)
    body["metadata"]["ownerReferences"] = [{"kind": "ModelBundle", "controller": True, "uid": "u"}]
    seen, handled = seen_by_kopf("ConfigMap", line(event, body))
    assert seen["type"] == event
    assert handled["metadata"]["name"] == name
    assert handled["metadata"]["ownerReferences"] == [{"controller": True, "uid": "u"}]
    assert "data" not in handled


@pytest.mark.parametrize("kind", ["Pod", "Job"])
def test_a_large_pod_or_job_passes_when_it_is_asked_for(kind: str) -> None:
    for name, status in (("anybody's", None), ("wanted", "x" * LARGEST_CHILD)):
        body = {"metadata": {"name": name, "namespace": "a"}, "status": "x" * LARGEST_CHILD}
        _, handled = seen_by_kopf(kind, line("ADDED", body))
        assert handled.get("status") == status


@pytest.mark.parametrize("levels", [300, 5000, 9900])
def test_a_deep_bundle_comes_as_an_outline(levels: int) -> None:
    seen, handled = seen_by_kopf("ModelBundle", line("MODIFIED", deep_bundle(levels)))
    assert seen["type"] == "MODIFIED"
    assert handled[UNREADABLE]["reason"] == "InvalidValue"


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
    app.router.add_get("/api/v1/namespaces/{namespace}/{plural}", answer)
    made = TestServer(app)
    await made.start_server()
    yield made
    await made.close()


async def test_a_watch_comes_line_by_line_however_it_is_sent(server: TestServer) -> None:
    async with session({}, ssl.create_default_context(), wanted, from_the_list, BACKLOGS) as kopfs:
        async with kopfs.get(server.make_url("/api/v1/configmaps?watch=true")) as response:
            text = b"".join([data async for data in response.content.iter_chunked(1024 * 1024)])
        names = [json.loads(each)["object"]["metadata"]["name"] for each in text.splitlines()]
        assert names == ["large", "wanted", "last"]


@pytest.mark.parametrize(("known", "version"), [(None, "7"), (5, "5")])
@pytest.mark.parametrize("namespace", [None, "a"])
async def test_of_a_list_only_a_version_passes(
    server: TestServer, namespace: str | None, known: int | None, version: str
) -> None:
    """The one from which the resync has the rest, where it has."""
    begun = list[tuple[str, str | None]]()

    def begin_watch(kind: str, within: str | None) -> int | None:
        begun.append((kind, within))
        return known

    async with session({}, ssl.create_default_context(), wanted, begin_watch, BACKLOGS) as kopfs:
        place = f"namespaces/{namespace}/" if namespace else ""
        response = await kopfs.get(server.make_url(f"/api/v1/{place}configmaps"))
        assert await response.json() == {"metadata": {"resourceVersion": version}, "items": []}
    assert begun == [("ConfigMap", namespace)]


@pytest.mark.parametrize("code", [400, 403, 404, 410, 429, 500, 503])
async def test_a_refused_list_is_a_lost_connection_to_kopf(server: TestServer, code: int) -> None:
    async with session({}, ssl.create_default_context(), wanted, from_the_list, BACKLOGS) as kopfs:
        with pytest.raises(aiohttp.ClientConnectionError, match=str(code)):
            await kopfs.get(server.make_url(f"/api/v1/configmaps?code={code}"))


@pytest.mark.parametrize("code", [400, 410])
async def test_a_watch_that_is_refused_for_its_version_is_a_reason_to_list_again(server: TestServer, code: int) -> None:
    async with session({}, ssl.create_default_context(), wanted, from_the_list, BACKLOGS) as kopfs:
        response = await kopfs.get(server.make_url(f"/api/v1/configmaps?watch=true&code={code}"))
        assert response.status == 200
        (event,) = [json.loads(line) async for line in response.content.iter_chunked(1024)]
        assert event == {"type": "ERROR", "object": {"kind": "Status", "code": 410}}


async def test_refused_credentials_are_kopfs_own_business(server: TestServer) -> None:
    async with session({}, ssl.create_default_context(), wanted, from_the_list, BACKLOGS) as kopfs:
        response = await kopfs.get(server.make_url("/api/v1/configmaps?code=401"))
        assert response.status == 401
        assert (await response.json())["code"] == 401


async def test_what_is_no_kind_of_ours_passes(server: TestServer) -> None:
    async with session({}, ssl.create_default_context(), wanted, from_the_list, BACKLOGS) as kopfs:
        response = await kopfs.get(server.make_url("/api/v1/namespaces?code=403"))
        assert response.status == 403


@pytest.mark.parametrize("path", ["/api/v1/configmaps?page=html", "/api/v1/configmaps?watch=true&page=html"])
async def test_an_answer_of_something_else_is_a_lost_connection_to_kopf(server: TestServer, path: str) -> None:
    async with session({}, ssl.create_default_context(), wanted, from_the_list, BACKLOGS) as kopfs:
        response = await kopfs.get(server.make_url(path))
        with pytest.raises(aiohttp.ClientPayloadError):
            await (drained(response) if "watch" in path else response.json())


async def drained(response: aiohttp.ClientResponse) -> list[bytes]:
    return [data async for data in response.content.iter_chunked(1024)]
