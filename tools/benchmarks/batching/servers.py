"""The three servers with the same model, each with batching and without, as its documentation would have it set.

All have the same settings: at most 64 in a batch, and the SLO. `SETTINGS` says what each makes of it.
"""

from __future__ import annotations

import contextlib
import json
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tools.benchmarks.batching.models import MAX_BATCH, Model
from tools.benchmarks.harness.open_loop import Route
from tools.benchmarks.harness.peers import environment, free_port, running, version_of
from tools.testkit.pair import REPOSITORY, Pair, code_bundle, stopping

SETTINGS = {
    "Model Bundles": "`max_batch_size = 64`, the server's `--request-timeout-seconds` = SLO, both schemas on",
    "BentoML": "`@bentoml.api(batchable=True, max_batch_size=64, max_latency_ms=SLO)`: its documentation makes that "
    "the latency that the service needs, with 503 where it cannot be kept (0.9 and 0.8 of the SLO did worse)",
    "MLServer": "`max_batch_size: 64`, `max_batch_time: SLO / 4`, `parallel_workers: 0`: its documentation leaves "
    "these to experiment; a quarter of the SLO lets a batch of the GPU-like model fill at its capacity and leaves time "
    "to run it. One batch at a time, in a thread, so that its HTTP path goes on meanwhile",
}
WINDOW = 0.25  # of the SLO

OURS = """
class Batched:
    max_batch_size = {size}

    def predict_batch(self, rows):
        return answers([row["x"] for row in rows])

def predict(x):
    return answers([x])[0]

def load_predict_fn(model):
    return {predict_fn}
"""
MLSERVER = """
import asyncio
from mlserver import MLModel
from mlserver.codecs import NumpyCodec
from mlserver.types import InferenceRequest, InferenceResponse, ResponseOutput

class Device(MLModel):
    async def load(self) -> bool:
        self.free = asyncio.Lock()
        return True

    async def predict(self, payload: InferenceRequest) -> InferenceResponse:
        numbers = NumpyCodec.decode_input(payload.inputs[0])[:, 0]
        async with self.free:
            found = await asyncio.to_thread(answers, numbers)
        output = ResponseOutput(name="y", datatype="INT64", shape=[len(found), 1], data=found)
        return InferenceResponse(model_name=self.name, outputs=[output])
"""
BENTOML = """
import bentoml

@bentoml.service
class Device:
    @bentoml.api(batchable=True, max_batch_size={size}, max_latency_ms={latency})
    def batched(self, x: list[int]) -> list[int]:
        return answers(x)

    @bentoml.api
    def plain(self, x: int) -> int:
        return answers([x])[0]
"""


@dataclass(frozen=True)
class Serving:
    version: str
    batched: Route
    plain: Route
    processes: tuple[int, ...]  # of the batched one


@contextlib.contextmanager
def ours(root: Path, model: Model, checkout: Path = REPOSITORY) -> Iterator[Serving]:
    """``checkout`` is of this project: this one, or another one that it is compared with."""
    number = {"type": "integer"}
    document = {
        "requestSchema": {"type": "object", "properties": {"x": number}, "required": ["x"]},
        "responseSchema": number,
    }
    pairs = []
    with contextlib.ExitStack() as stack:
        for predict_fn in ("Batched()", "predict"):
            home = root / predict_fn.strip("()")
            code_bundle(home, model.source + OURS.format(size=MAX_BATCH, predict_fn=predict_fn))
            pair = Pair(home, document, request_timeout_seconds=model.slo, checkout=checkout)
            pairs.append(stack.enter_context(stopping(pair)))
            pairs[-1].start()
        batched, plain = (
            Route(pair.port, "/predict", lambda number: b'{"x":%d}' % number, json.loads) for pair in pairs
        )
        version = "of this commit"
        yield Serving(version, batched, plain, (pairs[0].server_pid, pairs[0].worker_pid))


@contextlib.contextmanager
def mlserver(root: Path, model: Model) -> Iterator[Serving]:
    python = environment("mlserver")
    port = free_port()
    settings = {"http_port": port, "grpc_port": free_port(), "metrics_port": free_port(), "parallel_workers": 0}
    root.mkdir()
    (root / "settings.json").write_text(json.dumps(settings))
    (root / "device.py").write_text(model.source + MLSERVER)
    window = {"max_batch_size": MAX_BATCH, "max_batch_time": WINDOW * model.slo}
    for name, batching in (("batched", window), ("plain", {})):
        (root / name).mkdir()
        about = {"name": name, "implementation": "device.Device", **batching}
        (root / name / "model-settings.json").write_text(json.dumps(about))

    def asked(number: int) -> bytes:
        return b'{"inputs":[{"name":"x","datatype":"INT64","shape":[1,1],"data":[%d]}]}' % number

    def value(body: bytes) -> Any:
        return json.loads(body)["outputs"][0]["data"][0]

    batched, plain = (Route(port, f"/v2/models/{name}/infer", asked, value) for name in ("batched", "plain"))
    ready = f"http://127.0.0.1:{port}/v2/health/ready"
    with running([str(python.with_name("mlserver")), "start", "."], root, _ok(ready)) as process:
        yield Serving(version_of(python, "mlserver"), batched, plain, (process.pid,))


@contextlib.contextmanager
def bentoml(root: Path, model: Model) -> Iterator[Serving]:
    python = environment("bentoml")
    port = free_port()
    root.mkdir()
    (root / "service.py").write_text(model.source + BENTOML.format(size=MAX_BATCH, latency=round(model.slo * 1000)))
    command = [str(python.with_name("bentoml")), "serve", "service:Device", "--host", "127.0.0.1", "--port", str(port)]
    home = {"BENTOML_HOME": str(root / "home"), "BENTOML_DO_NOT_TRACK": "True"}
    batched = Route(port, "/batched", lambda number: b'{"x":[%d]}' % number, lambda body: json.loads(body)[0])
    plain = Route(port, "/plain", lambda number: b'{"x":%d}' % number, json.loads)
    with running(command, root, _ok(f"http://127.0.0.1:{port}/readyz"), home) as process:
        yield Serving(version_of(python, "bentoml"), batched, plain, (process.pid,))


def _ok(address: str) -> Callable[[], bool]:
    def ask() -> bool:
        with urllib.request.urlopen(address, timeout=5) as answer:
            return bool(answer.status == 200)

    return ask


SERVERS: dict[str, Callable[[Path, Model], contextlib.AbstractContextManager[Serving]]] = {
    "Model Bundles": ours,
    "BentoML": bentoml,
    "MLServer": mlserver,
}
