"""A bundle served by a server and a worker process as in a pod."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from importlib.metadata import version as distribution_version
from pathlib import Path
from typing import Any

from tools.benchmarks.harness.asks import fields_as_json
from tools.benchmarks.harness.closed_loop import once
from tools.benchmarks.harness.peers import free_port
from tools.benchmarks.harness.processes import on_cores
from tools.benchmarks.serving.cases import SMALL
from tools.testkit.pair import REPOSITORY, Pair, code_bundle, stopping

SOURCE = (Path(__file__).parent / "apps/functions.py").read_text()

Schema = dict[str, Any]


@dataclass(frozen=True)
class Served:
    port: int
    roots: list[int]


# directory, functions, cores
Start = Callable[[Path, tuple[str, ...], set[int]], AbstractContextManager[Served]]


def _object(**properties: Schema) -> Schema:
    return {"type": "object", "properties": properties, "required": list(properties)}


INTEGER, NUMBER, STRING = ({"type": kind} for kind in ("integer", "number", "string"))
SCHEMAS: dict[str, tuple[Schema, Schema]] = {
    "predict": (_object(x=INTEGER, y=STRING), INTEGER),
    "largest": (_object(v={"type": "array", "items": NUMBER}), NUMBER),
    "series_array": (_object(n=INTEGER), {"type": "array", "items": NUMBER}),
    "brightest": (
        _object(image={"type": "array", "items": {"type": "array", "items": {"type": "array", "items": INTEGER}}}),
        INTEGER,
    ),
    "tokens": (_object(n=INTEGER), STRING),
    "hold_python": (_object(seconds=NUMBER), INTEGER),
    "hold_c": (_object(count=INTEGER), INTEGER),
}


def version() -> str:
    return distribution_version("model-bundles")


def start(*, schemas: bool, checkout: Path = REPOSITORY) -> Start:
    """How the server and worker of a checkout of this project are started."""

    @contextlib.contextmanager
    def started(root: Path, functions: tuple[str, ...], cores: set[int]) -> Iterator[Served]:
        (function,) = functions
        name = "series_array" if function == "series" else function
        code_bundle(root, f"{SOURCE}\n\ndef load_predict_fn(model):\n    return {name}\n")
        request, response = SCHEMAS[name]
        document = {"requestSchema": request, "responseSchema": response} if schemas else {}
        pair = Pair(root, document, checkout=checkout)
        pair.port = free_port()
        with stopping(pair):
            with on_cores(cores):
                pair.start_worker()  # as in a pod the two start at once
                pair.start_server()
            _wait(pair, function)
            yield Served(pair.port, [pair.server.pid, pair.worker.pid])

    return started


def _wait(pair: Pair, function: str) -> None:
    if function != SMALL.function:
        return pair.wait_ready()
    deadline = time.monotonic() + 60
    ask = fields_as_json(SMALL, "/predict")
    while True:
        with contextlib.suppress(OSError):
            if once(pair.port, ask)[0] == 200:
                return None
        if time.monotonic() > deadline:
            raise TimeoutError(f"no answer: {pair.server_log[-500:]} {pair.worker_log[-500:]}")
        time.sleep(0.01)
