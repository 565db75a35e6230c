"""The API over one session, against a server of a few lines: what is asked for, and what becomes of the answer."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from tools.testkit.rest import Api, ApiError, path

LARGE = "x" * 3_000_000  # more than a line of aiohttp may have


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        (("pods",), "/api/v1/pods"),
        (("services", "ns", "one"), "/api/v1/namespaces/ns/services/one"),
        (("deployments", "ns"), "/apis/apps/v1/namespaces/ns/deployments"),
        (
            ("modelbundles", "ns", "one", "status"),
            "/apis/modelbundle.dev/v1alpha1/namespaces/ns/modelbundles/one/status",
        ),
    ],
)
def test_a_path(parts: tuple[str, ...], expected: str) -> None:
    assert path(*parts) == expected


async def answer(request: web.BaseRequest) -> web.StreamResponse:
    if request.headers.get("Authorization") != "Bearer secret":
        return web.json_response({"message": "who is this?"}, status=401)
    if request.query.get("watch"):
        events = [{"type": "ADDED", "object": {"text": LARGE}}, {"type": "DELETED", "object": {}}]
        return web.Response(body=b"".join(json.dumps(event).encode() + b"\n" for event in events))
    if request.method == "POST":
        return web.json_response(await request.json(), status=201)
    return web.json_response({"message": f"{request.path} not found"}, status=404)


@pytest.fixture
async def api(tmp_path: Path) -> AsyncIterator[Api]:
    runner = web.ServerRunner(web.Server(answer))
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    server = f"http://127.0.0.1:{runner.addresses[0][1]}"
    document = {
        "current-context": "here",
        "contexts": [{"name": "here", "context": {"cluster": "c", "user": "u"}}],
        "clusters": [{"name": "c", "cluster": {"server": server}}],
        "users": [{"name": "u", "user": {"token": "secret"}}],
    }
    kubeconfig = tmp_path / "config"
    kubeconfig.write_text(json.dumps(document))
    async with await Api.connect(kubeconfig) as made:
        yield made
    await runner.cleanup()


async def test_what_is_created_comes_back(api: Api) -> None:
    body: dict[str, Any] = {"metadata": {"name": "one"}}
    assert await api.create("services", body, "ns") == body


async def test_an_object_that_is_not_there_is_none_where_one_is_looked_for(api: Api) -> None:
    assert await api.get("services", "ns", "one") is None
    with pytest.raises(ApiError, match=r"PATCH /api/v1/namespaces/ns/services/one: 404: .* not found"):
        await api.merge("services", "ns", "one", {})


async def test_an_event_may_be_of_any_length(api: Api) -> None:
    events = [event async for event in api.watch("pods", "1")]
    assert [(event["type"], len(event["object"].get("text", ""))) for event in events] == [
        ("ADDED", len(LARGE)),
        ("DELETED", 0),
    ]
