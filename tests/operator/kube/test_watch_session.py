"""What is taken in of what the API server sends, and what kopf sees of it: nothing that ends the process."""

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
from modelbundle_operator.kube.watch_session import Take, read_event, session

Body = dict[str, Any]


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


def take_nothing(kind: str, event: str, body: Body) -> None:
    """What is read of a list or of an error is no event."""
    raise AssertionError((kind, event, body))


def read(kind: str, event: bytes) -> tuple[str, Body]:
    """The type of an event and its object, as they are taken in."""
    found = read_event(kind, event, wanted)
    assert found.body is not None
    return found.type, found.body


def line(event: str, body: Body | bytes) -> bytes:
    text = body if isinstance(body, bytes) else json.dumps(body).encode()
    return b'{"type":"%s","object":%s}' % (event.encode(), text)


def test_a_small_object_is_taken_in_as_it_is() -> None:
    body = config_map("anybody's", 10) | {"apiVersion": "v1", "kind": "ConfigMap"}
    assert read("ConfigMap", line("ADDED", body)) == ("ADDED", body)


@pytest.mark.parametrize("event", ["ADDED", "DELETED"])
@pytest.mark.parametrize("name", ["anybody's", "wanted"])
def test_of_a_large_child_who_it_is_and_whose_is_taken_in(event: str, name: str) -> None:
    body = config_map(name, LARGEST_CHILD)
    body["metadata"]["ownerReferences"] = [{"kind": "ModelBundle", "controller": True, "uid": "u"}]
    its_type, taken = read("ConfigMap", line(event, body))
    assert its_type == event
    assert taken["metadata"]["name"] == name
    assert taken["metadata"]["ownerReferences"] == [{"controller": True, "uid": "u"}]
    assert "data" not in taken


@pytest.mark.parametrize("kind", ["Pod", "Job"])
def test_a_large_pod_or_job_passes_when_it_is_asked_for(kind: str) -> None:
    for name, status in (("anybody's", None), ("wanted", "x" * LARGEST_CHILD)):
        body = {"metadata": {"name": name, "namespace": "a"}, "status": "x" * LARGEST_CHILD}
        _, taken = read(kind, line("ADDED", body))
        assert taken.get("status") == status


@pytest.mark.parametrize("levels", [300, 5000, 9900])
def test_a_deep_bundle_comes_as_an_outline(levels: int) -> None:
    event, taken = read("ModelBundle", line("MODIFIED", deep_bundle(levels)))
    assert event == "MODIFIED"
    assert taken[UNREADABLE]["reason"] == "InvalidValue"


def test_an_object_that_cannot_be_read_is_left_out() -> None:
    deep = b'{"metadata":{"name":"deep","namespace":"a"},"data":%s}' % (b"[" * 5000 + b"]" * 5000)
    found = read_event("ConfigMap", line("ADDED", deep), wanted)
    assert (found.type, found.body) == ("ADDED", None)


@pytest.mark.parametrize("kind", ["ModelBundle", "Pod"])
def test_a_bookmark_is_no_object_and_says_how_far_the_watch_has_come(kind: str) -> None:
    found = read_event(kind, line("BOOKMARK", {"metadata": {"resourceVersion": "7"}}), wanted)
    assert (found.body, found.version) == (None, "7")


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
        sizes = {"large": LARGEST_CHILD, "wanted": 3 * LARGEST_CHILD, "last": 0}
        lines = [line("ADDED", config_map(name, size)) for name, size in sizes.items()]
        if said := request.query.get("error"):
            lines.insert(2, line("ERROR", {"kind": "Status", "code": int(said)}))
        text = b"\n".join(lines) + b"\n"
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


async def watched(server: TestServer, query: str, take: Take = take_nothing) -> list[Body]:
    """What kopf sees of a watch of ConfigMaps."""
    async with session({}, ssl.create_default_context(), wanted, from_the_list, take) as kopfs:
        response = await kopfs.get(server.make_url(f"/api/v1/configmaps?watch=true{query}"))
        assert response.status == 200
        return [json.loads(each) for each in b"".join(await drained(response)).splitlines()]


async def test_events_are_taken_in_where_they_are_read_however_they_are_sent(server: TestServer) -> None:
    """kopf sees how far that has come, to go on from there, and no object."""
    taken = list[tuple[str, str, str]]()
    seen = await watched(server, "", lambda kind, event, body: taken.append((kind, event, body["metadata"]["name"])))
    assert taken == [("ConfigMap", "ADDED", name) for name in ("large", "wanted", "last")]
    assert {each["type"] for each in seen} == {"BOOKMARK"}
    assert seen[-1]["object"] == {"metadata": {"resourceVersion": "1"}}


async def test_an_event_that_cannot_be_taken_in_keeps_none_after_it_from_being(server: TestServer) -> None:
    taken = list[str]()

    def take(kind: str, event: str, body: Body) -> None:
        taken.append(body["metadata"]["name"])
        if len(taken) == 1:
            raise KeyError("a bug")

    await watched(server, "", take)
    assert taken == ["large", "wanted", "last"]


@pytest.mark.parametrize("code", [403, 410, 500])
async def test_an_error_within_a_watch_is_a_reason_to_list_again(server: TestServer, code: int) -> None:
    seen = await watched(server, f"&error={code}", lambda kind, event, body: None)
    assert seen[-1] == {"type": "ERROR", "object": {"kind": "Status", "code": 410}}


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

    async with session({}, ssl.create_default_context(), wanted, begin_watch, take_nothing) as kopfs:
        place = f"namespaces/{namespace}/" if namespace else ""
        response = await kopfs.get(server.make_url(f"/api/v1/{place}configmaps"))
        assert await response.json() == {"metadata": {"resourceVersion": version}, "items": []}
    assert begun == [("ConfigMap", namespace)]


@pytest.mark.parametrize("code", [400, 403, 404, 410, 429, 500, 503])
async def test_a_refused_list_is_a_lost_connection_to_kopf(server: TestServer, code: int) -> None:
    async with session({}, ssl.create_default_context(), wanted, from_the_list, take_nothing) as kopfs:
        with pytest.raises(aiohttp.ClientConnectionError, match=str(code)):
            await kopfs.get(server.make_url(f"/api/v1/configmaps?code={code}"))


@pytest.mark.parametrize("code", [400, 410])
async def test_a_watch_that_is_refused_for_its_version_is_a_reason_to_list_again(server: TestServer, code: int) -> None:
    assert await watched(server, f"&code={code}") == [{"type": "ERROR", "object": {"kind": "Status", "code": 410}}]


async def test_refused_credentials_are_kopfs_own_business(server: TestServer) -> None:
    async with session({}, ssl.create_default_context(), wanted, from_the_list, take_nothing) as kopfs:
        response = await kopfs.get(server.make_url("/api/v1/configmaps?code=401"))
        assert response.status == 401
        assert (await response.json())["code"] == 401


async def test_what_is_no_kind_of_ours_passes(server: TestServer) -> None:
    async with session({}, ssl.create_default_context(), wanted, from_the_list, take_nothing) as kopfs:
        response = await kopfs.get(server.make_url("/api/v1/namespaces?code=403"))
        assert response.status == 403


@pytest.mark.parametrize("path", ["/api/v1/configmaps?page=html", "/api/v1/configmaps?watch=true&page=html"])
async def test_an_answer_of_something_else_is_a_lost_connection_to_kopf(server: TestServer, path: str) -> None:
    async with session({}, ssl.create_default_context(), wanted, from_the_list, take_nothing) as kopfs:
        response = await kopfs.get(server.make_url(path))
        with pytest.raises(aiohttp.ClientPayloadError):
            await (drained(response) if "watch" in path else response.json())


async def drained(response: aiohttp.ClientResponse) -> list[bytes]:
    return [data async for data in response.content.iter_chunked(1024)]
