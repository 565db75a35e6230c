"""Asynchronous libraries that bind to a loop, made at import, while the bundle loads and at the first request."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.serving.conftest import Served
from tools.testkit.environments import python_with
from tools.testkit.pair import PATIENCE, Pair

PACKAGES = ("aiohttp", "anyio", "grpcio", "httpx", "nest-asyncio", "trio", "uvloop")
SOURCE = r"""
import asyncio, os, threading
{policy}
import aiohttp, anyio, anyio.to_thread, grpc, grpc.aio, httpx

RPC_AT = "unix:" + os.path.join(os.environ["MODELBUNDLE_ROOT"], "rpc")
at_import = {{{at_import}}}
imported = httpx.AsyncClient()
first = {{}}

async def answer(reader, writer):
    while True:
        line = await reader.readline()
        if not line:
            return writer.close()
        if line == b"\r\n":
            writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok")
            await writer.drain()

async def echo(request, context):
    return request

async def load():
    global gate, url
    gate = asyncio.Semaphore(4)
    server = grpc.aio.server()
    method = grpc.unary_unary_rpc_method_handler(echo)
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler("test", {{"echo": method}}),))
    server.add_insecure_port(RPC_AT)
    await server.start()
    http = await asyncio.start_server(answer, "127.0.0.1", 0)
    url = "http://127.0.0.1:%d/" % http.sockets[0].getsockname()[1]
    return {{
        "http": http,
        "rpc": server,
        "session": aiohttp.ClientSession(),
        "grpc at load": grpc.aio.insecure_channel(RPC_AT),
    }}

async def texts(get):
    async with get as response:
        return await response.text()

def load_predict_fn(model):
    async def predict(client, value="ok"):
        if client == "loop":
            return type(asyncio.get_running_loop()).__module__
        async with gate:
            if client.startswith("grpc"):
                channel = model.get(client) or at_import[client]
                return (await channel.unary_unary("/test/echo")(value.encode())).decode()
            if client == "httpx at import":
                return (await imported.get(url)).text
            if client == "aiohttp at load":
                return await texts(model["session"].get(url))
            if client == "aiohttp at the first":
                if not first:
                    first["session"] = aiohttp.ClientSession()
                return await texts(first["session"].get(url))
            if client == "anyio":
                with anyio.move_on_after(30):
                    async with anyio.create_task_group() as tasks:
                        tasks.start_soon(anyio.sleep, 0.001)
                    return await anyio.to_thread.run_sync(str.upper, value)
            if client == "nested":
                return asyncio.get_event_loop().run_until_complete(asyncio.sleep(0.001, value))
            if client == "run":
                return asyncio.run(asyncio.sleep(0.001, value))
    return predict
"""
POLICIES = {"asyncio": "", "uvloop": "import uvloop; uvloop.install()"}
# newer Pythons and uvloop give it no loop, under a fresh Python neither
GRPC_AT_IMPORT = '"grpc at import": grpc.aio.insecure_channel(RPC_AT)'
CLIENTS = {
    "grpc at load": "ok",
    "httpx at import": "ok",
    "aiohttp at load": "ok",
    "aiohttp at the first": "ok",
    "anyio": "OK",
}


def of_policy(served: Served, version: str, policy: str, at_import: str = "") -> Pair:
    python = str(python_with(version, *PACKAGES))
    source = SOURCE.format(policy=policy, at_import=at_import)
    return served(source, {"loadModelFn": "predict.load"}, python=python, max_concurrency=32)


def answers(pair: Pair, client: str) -> list[object]:
    with ThreadPoolExecutor(16) as clients:
        return [each.json for each in clients.map(lambda _: pair.predict(client=client), range(64))]


@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize("version", ["3.8", "3.13"])
def test_requests_share_the_clients_of_libraries(served: Served, version: str, policy: str) -> None:
    oldest = (version, policy) == ("3.8", "asyncio")
    pair = of_policy(served, version, POLICIES[policy], GRPC_AT_IMPORT if oldest else "")
    clients = {**CLIENTS, **({"grpc at import": "ok"} if oldest else {})}
    assert pair.predict(client="loop").json.startswith(policy)
    assert {client: answers(pair, client) for client in clients} == {
        client: [text] * 64 for client, text in clients.items()
    }
    pair.server.terminate()
    assert pair.worker.wait(PATIENCE) == 0


@pytest.mark.parametrize("version", ["3.8", "3.13"])
def test_loops_that_are_made_to_nest(served: Served, version: str) -> None:
    pair = of_policy(served, version, "import nest_asyncio; nest_asyncio.apply()")
    for do in ("nested", "run"):
        assert answers(pair, do) == ["ok"] * 64


LOOPS_OF_OTHERS = """
import anyio, trio

async def double(x):
    await anyio.sleep(0.001)
    return 2 * x

def predict(x, by):
    return trio.run(double, x) if by == "trio" else anyio.run(double, x, backend=by)
"""


@pytest.mark.parametrize("concurrency", [1, 4])
@pytest.mark.parametrize("version", ["3.8", "3.13"])
def test_loops_of_other_kinds_in_a_plain_function(served: Served, version: str, concurrency: int) -> None:
    pair = served(LOOPS_OF_OTHERS, python=str(python_with(version, *PACKAGES)), max_concurrency=concurrency)
    for by in ("trio", "asyncio"):
        assert [pair.predict(x=x, by=by).json for x in range(4)] == [0, 2, 4, 6]
