"""Operators as processes: each knows one namespace and a kubeconfig that names the proxy."""

from __future__ import annotations

import asyncio
import itertools
import json
import os
import random
import signal
import socket
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any, Self

ROOT = Path(__file__).resolve().parents[2]
RESYNC_SECONDS = 10
# so that what is waited for comes within a run's patience
SETTINGS = {
    "MODELBUNDLE_RESYNC_SECONDS": str(RESYNC_SECONDS),
    "MODELBUNDLE_NO_CAPACITY_SECONDS": "600",
    "MODELBUNDLE_LOG_LEVEL": "INFO",
}


_ports = itertools.cycle(random.sample(range(20_000, 32_000), k=12_000))


class Operator:
    """One process."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self.ended = asyncio.Event()
        self.code: int | None = None

    async def kill(self, number: signal.Signals = signal.SIGKILL) -> None:
        """Send the signal, and wait until it has ended."""
        if not self.ended.is_set():
            with suppress(ProcessLookupError):
                os.kill(self.pid, number)
        async with asyncio.timeout(30):
            await self.ended.wait()


class ForkServer:
    """The process that they are forked from."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self._operators: dict[int, Operator] = {}
        self._started: asyncio.Queue[Operator] = asyncio.Queue()
        self._turn = asyncio.Lock()
        self._reader = asyncio.create_task(self._read())

    @classmethod
    async def begin(cls) -> Self:
        environment = {**os.environ, "PYTHONPATH": f"{ROOT / 'operator'}{os.pathsep}{ROOT}"}
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "tools.faults.fork_server"),
            cwd=ROOT,
            env=environment,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
        )
        return cls(process)

    async def start(self, environment: dict[str, str], log: Path) -> Operator:
        async with self._turn:
            assert self._process.stdin is not None
            self._process.stdin.write(json.dumps({"env": environment, "log": str(log)}).encode() + b"\n")
            return await self._started.get()

    async def close(self) -> None:
        for operator in list(self._operators.values()):
            if not operator.ended.is_set():
                await operator.kill()
        assert self._process.stdin is not None
        self._process.stdin.close()
        await self._process.wait()
        await self._reader

    async def _read(self) -> None:
        assert self._process.stdout is not None
        async for line in self._process.stdout:
            said: dict[str, Any] = json.loads(line)
            if "pid" in said:
                operator = self._operators[said["pid"]] = Operator(said["pid"])
                self._started.put_nowait(operator)
            else:
                operator = self._operators.pop(said["ended"])
                operator.code = said["code"]
                operator.ended.set()
        # the operators' parent is gone, so their ends are not reported any more
        for operator in self._operators.values():
            operator.ended.set()


def environment(kubeconfig: Path, namespace: str) -> dict[str, str]:
    """What an operator of this namespace alone is started with."""
    return {
        **SETTINGS,
        "KUBECONFIG": str(kubeconfig),
        "MODELBUNDLE_WATCH_NAMESPACES": namespace,
        "MODELBUNDLE_LEASE_NAMESPACE": namespace,
        "MODELBUNDLE_PROBE_PORT": str(_free_port()),
    }


def kubeconfig(server: str, token: str) -> str:
    """For the proxy, which tells its operators apart by their tokens."""
    document = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "proxy",
        "clusters": [{"name": "proxy", "cluster": {"server": server}}],
        "users": [{"name": "operator", "user": {"token": token}}],
        "contexts": [{"name": "proxy", "context": {"cluster": "proxy", "user": "operator"}}],
    }
    return json.dumps(document)


def _free_port() -> int:
    """Below the ports that the kernel gives to connections: it would give one away before the operator listens."""
    while True:
        port = next(_ports)
        with socket.socket() as listener, suppress(OSError):
            listener.bind(("", port))
            return port
