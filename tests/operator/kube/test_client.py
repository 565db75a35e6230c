"""What is sent to the API server: text that is read there as YAML, writes that may be made and end in time."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from aiohttp import web
from aiohttp.test_utils import TestServer
from hypothesis import given
from hypothesis import strategies as st
from modelbundle_operator.errors import NotLeading, Transient
from modelbundle_operator.kube.client import KubernetesClient, as_yaml
from modelbundle_operator.kube.errors import NoAnswer, error_of

Handler = Callable[[web.Request], Awaitable[web.Response]]

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
ANYTHING = st.text(st.characters(exclude_categories=[]) | st.sampled_from("\x7f\ud800\udfff\\u"), max_size=40)


@given(st.dictionaries(TEXT, TEXT, max_size=4))
def test_yaml_and_json_read_alike_what_is_applied(body: dict[str, str]) -> None:
    sent = as_yaml(body)
    assert yaml.safe_load(sent) == body
    assert json.loads(sent) == body


@given(st.dictionaries(ANYTHING, ANYTHING, max_size=4))
def test_what_is_no_character_is_replaced_before_it_is_applied(body: dict[str, str]) -> None:
    """Python takes half a surrogate pair for a character; YAML, and so the API server, does not."""
    sent = as_yaml(body)
    found = json.loads(sent)
    assert yaml.safe_load(sent) == found
    whole = {str(json.loads(json.dumps(name))): text for name, text in body.items()}
    assert list(found) == list(dict.fromkeys(map(_valid, whole)))


def _valid(text: str) -> str:
    """Two halves side by side are a pair; one alone is replaced."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


@contextlib.asynccontextmanager
async def connected(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, answer: Handler, **more: Any
) -> AsyncIterator[KubernetesClient]:
    """A client of an API server that has this one answer."""
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", answer)
    async with TestServer(app) as server:
        config = {
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": "it",
            "clusters": [{"name": "it", "cluster": {"server": str(server.make_url("")).rstrip("/")}}],
            "users": [{"name": "it", "user": {"token": "any"}}],
            "contexts": [{"name": "it", "context": {"cluster": "it", "user": "it"}}],
        }
        (tmp_path / "kubeconfig").write_text(json.dumps(config))
        monkeypatch.setenv("KUBECONFIG", str(tmp_path / "kubeconfig"))
        cluster = await KubernetesClient.connect(**more)
        try:
            yield cluster
        finally:
            await cluster.close()


def body(kind: str, api_version: str) -> dict[str, Any]:
    return {"apiVersion": api_version, "kind": kind, "metadata": {"name": "a", "namespace": "b"}}


async def test_what_may_not_be_written_is_not_sent_but_the_lease(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    came: list[str] = []
    leading = True

    async def answer(request: web.Request) -> web.Response:
        nonlocal leading
        leading = False  # it ends while an answer is waited for: the next one asks again
        came.append(f"{request.method} {request.path}")
        return web.json_response(body("ConfigMap", "v1"))

    async with connected(tmp_path, monkeypatch, answer, may_write=lambda: leading) as cluster:
        await cluster.apply(body("ConfigMap", "v1"))
        for write in (cluster.create, cluster.apply, cluster.apply_status, cluster.replace, cluster.create_event):
            kind, version = ("Event", "events.k8s.io/v1") if write == cluster.create_event else ("ConfigMap", "v1")
            with pytest.raises(NotLeading, match="not sent, this operator leads no longer"):
                await write(body(kind, version))
        await cluster.get("ConfigMap", "b", "a")
        await cluster.replace(body("Lease", "coordination.k8s.io/v1"))
    assert came == [
        "PATCH /api/v1/namespaces/b/configmaps/a",
        "GET /api/v1/namespaces/b/configmaps/a",
        "PUT /apis/coordination.k8s.io/v1/namespaces/b/leases/a",
    ]


async def test_a_write_is_given_up_before_a_read_is_and_by_the_api_server_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: dict[str, str | None] = {}
    given_up = asyncio.Event()

    async def answer(request: web.Request) -> web.Response:
        asked[request.method] = request.query.get("timeout")
        await (given_up.wait() if request.method == "GET" else asyncio.sleep(600))
        return web.json_response(body("ConfigMap", "v1"))

    async with connected(tmp_path, monkeypatch, answer, seconds=60, write_seconds=1.5) as cluster:
        reading = asyncio.create_task(cluster.get("ConfigMap", "b", "a"))
        with pytest.raises(NoAnswer, match=r"PATCH .*: no answer in 1\.5 s"):
            await cluster.apply(body("ConfigMap", "v1"))
        given_up.set()
        assert await reading is not None
    assert asked == {"PATCH": "1.5s", "GET": None}


async def test_a_proxy_of_the_environment_is_not_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The watch goes to the API server itself, and to look one up costs each call two threads."""
    for name in ("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)

    async def answer(request: web.Request) -> web.Response:
        return web.json_response(body("ConfigMap", "v1"))

    async with connected(tmp_path, monkeypatch, answer) as cluster:
        assert await cluster.get("ConfigMap", "b", "a") == body("ConfigMap", "v1")


# what stands between an operator and its API server may answer with anything, under any status
NO_ANSWERS = (
    (200, b"<html>Sign in</html>"),
    (200, b""),
    (200, b"[]"),
    (200, b"{}"),
    (200, b'{"error": "no upstream"}'),
    (200, b'{"metadata": null, "items": []}'),
    (200, b"\xff\xfe"),
    (502, b'"bad gateway"'),
    (503, b"[1]"),
    (503, b'{"message": {"text": "no upstream"}}'),
    (500, b"[" * 100_000),
)


@pytest.mark.parametrize(("status", "text"), NO_ANSWERS)
async def test_what_answers_in_the_api_servers_place_is_a_failure_that_may_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, status: int, text: bytes
) -> None:
    async def answer(request: web.Request) -> web.Response:
        return web.Response(status=status, body=text, content_type="application/json")

    async with connected(tmp_path, monkeypatch, answer) as cluster:
        for call in (
            cluster.get("Lease", "b", "a"),
            cluster.get("ModelBundle", "b", "a"),
            cluster.apply(body("ConfigMap", "v1")),
            cluster.list("ModelBundle"),
            cluster.list("Pod", needs=lambda head: True),
        ):
            with pytest.raises(Transient, match=r"(GET|PATCH) /api"):
                await call


@pytest.mark.parametrize(
    ("said", "seconds"),
    [("7", 7), ("0", 0), ("9" * 400, 300), ("\u00b2", None), ("-1", None), ("Wed, 21 Oct 2026 07:28:00 GMT", None)],
)
def test_a_time_that_is_named_counts_where_it_is_one(said: str, seconds: float | None) -> None:
    error = error_of("GET /api", 429, b"", said)
    assert isinstance(error, Transient)
    assert error.after == seconds
