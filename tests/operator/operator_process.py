"""The operator as a process of its own, against an API server in memory."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
from aiohttp.test_utils import BaseTestServer

from launch.local.ports import reserve
from tests.operator.fake_api import FakeApi

ROOT = Path(__file__).resolve().parents[2]

# for a process that shares its machine; no behaviour is measured by it
LONG_ENOUGH_SECONDS = 60.0


class Running:
    """The process and what it says of itself."""

    def __init__(self, api: FakeApi, process: asyncio.subprocess.Process, port: int, log: Path) -> None:
        self.api, self.process, self.port, self._log = api, process, port, log

    def said(self) -> str:
        """All that it has logged."""
        return self._log.read_text()

    async def until(self, true: Callable[[], bool], seconds: float = LONG_ENOUGH_SECONDS) -> None:
        async with asyncio.timeout(seconds):
            while not true():  # noqa: ASYNC110
                await asyncio.sleep(0.02)

    async def probe(self, path: str) -> int:
        async with aiohttp.ClientSession() as session:
            try:
                async with session.get(f"http://127.0.0.1:{self.port}{path}") as response:
                    return response.status
            except aiohttp.ClientConnectionError:
                return 0

    async def answers(self, path: str) -> None:
        """Until a probe is 200."""
        async with asyncio.timeout(LONG_ENOUGH_SECONDS):
            while await self.probe(path) != 200:  # noqa: ASYNC110
                await asyncio.sleep(0.1)

    async def metric(self, name: str) -> float:
        async with (
            aiohttp.ClientSession() as session,
            session.get(f"http://127.0.0.1:{self.port}/metrics") as response,
        ):
            lines = (await response.text()).splitlines()
        return next(float(line.split()[1]) for line in lines if line.startswith(f"{name} "))

    async def until_metric(self, name: str, value: float, seconds: float = LONG_ENOUGH_SECONDS) -> None:
        async with asyncio.timeout(seconds):
            while await self.metric(name) != value:  # noqa: ASYNC110
                await asyncio.sleep(0.1)

    async def quiet(self, token: str) -> None:
        """Until nothing has been asked with the token for a second, the Lease aside."""
        async with asyncio.timeout(LONG_ENOUGH_SECONDS):
            asked = -1
            while asked != (  # noqa: ASYNC110
                asked := sum(r.token == token and "/leases" not in r.path for r in self.api.requests)
            ):
                await asyncio.sleep(1)

    async def stop(self) -> int:
        if self.process.returncode is None:
            self.process.send_signal(signal.SIGTERM)
        return await asyncio.wait_for(self.process.wait(), LONG_ENOUGH_SECONDS)

    async def end(self) -> None:
        """However it is, also when a signal has stopped it, or none ends it."""
        if self.process.returncode is None:
            self.process.send_signal(signal.SIGCONT)
        try:
            await self.stop()
        except TimeoutError:
            self.process.kill()
            raise


@asynccontextmanager
async def start(api: FakeApi, tmp_path: Path, **settings: str) -> AsyncIterator[Running]:
    async with api.server() as server, begin(api, server, tmp_path, "anything", **settings) as running:
        yield running


@asynccontextmanager
async def begin(
    api: FakeApi, server: BaseTestServer, tmp_path: Path, token: str, **settings: str
) -> AsyncIterator[Running]:
    """One operator, of those that an API server has; its requests carry the token."""
    kubeconfig = write_kubeconfig(tmp_path, server, token)
    port, keeps_port = reserve()
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("MODELBUNDLE_")},
        "PYTHONPATH": f"{ROOT / 'operator'}{os.pathsep}{ROOT}",
        "KUBECONFIG": str(kubeconfig),
        "MODELBUNDLE_PROBE_PORT": str(port),
        **settings,
    }
    log = tmp_path / f"log-{token}"
    with keeps_port, log.open("wb") as stderr:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "modelbundle_operator", env=environment, stderr=stderr
        )
        running = Running(api, process, port, log)
        try:
            yield running
        finally:
            await running.end()


def write_kubeconfig(tmp_path: Path, server: BaseTestServer, token: str) -> Path:
    kubeconfig = tmp_path / f"kubeconfig-{token}"
    kubeconfig.write_text(
        json.dumps(
            {
                "apiVersion": "v1",
                "kind": "Config",
                "current-context": "fake",
                "clusters": [{"name": "fake", "cluster": {"server": f"http://127.0.0.1:{server.port}"}}],
                "users": [{"name": "fake", "user": {"token": token}}],
                "contexts": [{"name": "fake", "context": {"cluster": "fake", "user": "fake"}}],
            }
        )
    )
    return kubeconfig
