"""The servers that are compared: how each is started on its functions, and how each takes a case."""

from __future__ import annotations

import base64
import contextlib
import json
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from importlib.metadata import version as distribution_version
from pathlib import Path
from typing import Any

from tools.benchmarks.harness import programs
from tools.benchmarks.harness.asks import (
    Ask,
    Case,
    NotOffered,
    binary_tensor,
    fields_as_json,
    instances,
    tensors,
)
from tools.benchmarks.harness.closed_loop import once
from tools.benchmarks.harness.peers import environment, free_port, running, version_of
from tools.benchmarks.harness.processes import end, on_cores, tree, within
from tools.benchmarks.serving import ours
from tools.benchmarks.serving.cases import SMALL
from tools.benchmarks.serving.ours import Served, Start

APPS = Path(__file__).with_name("apps")


@dataclass(frozen=True)
class Server:
    name: str
    version: Callable[[], str]
    start: Start
    ask: Callable[[Case], Ask]
    health: str
    says: str  # how it is served and asked, for the page
    one_function: bool = False  # serves one function, so that each has a server of its own
    group: str = "model server"


def _plain(case: Case) -> Ask:
    return fields_as_json(case, f"/{case.function}")


def _ours(case: Case) -> Ask:
    return binary_tensor(case, "/v2/models/model/infer") if case.raw else fields_as_json(case, "/predict")


def _mlserver(case: Case) -> Ask:
    return tensors(case, f"/v2/models/{case.function}/{'infer_stream' if case.events else 'infer'}")


def _kserve(case: Case) -> Ask:
    if case.raw:
        return binary_tensor(case, f"/v2/models/{case.function}/infer")
    if case.function in ("largest", "series"):
        return tensors(case, f"/v2/models/{case.function}/infer")
    return instances(case, f"/v1/models/{case.function}:predict")


def _litserve(case: Case) -> Ask:
    fields = {"image": base64.b64encode(case.raw).decode()} if case.raw else case.fields
    case = replace(case, fields=fields, raw=b"")
    return fields_as_json(case, f"/{case.function}", lambda body: json.loads(body)["output"])


def _nginx(case: Case) -> Ask:
    if case.function != SMALL.function:
        raise NotOffered("nginx has no functions")
    if len(case.fields["y"]) > 1_000_000:
        raise NotOffered("nginx answers before it has the whole body, which wrk cannot follow")
    return fields_as_json(case, f"/{case.expected}")


@contextlib.contextmanager
def _process(
    root: Path, cores: set[int], command: list[str], port: int, ask: Ask, **variables: str
) -> Iterator[Served]:
    """The process on its cores, from its first right status; nothing of it is left behind."""
    started: list[int] = []
    try:
        with contextlib.ExitStack() as stack:
            with on_cores(cores):
                ready = running(command, root, lambda: once(port, ask)[0] == 200, variables)
                process = stack.enter_context(ready)
            try:
                yield Served(port, [process.pid])
            finally:
                started = tree([process.pid])
    finally:
        end([*started, *within(root)])


def _python(name: str, packages: tuple[str, ...], command: Callable[[Path, int, tuple[str, ...]], list[str]],
            ask: Callable[[Case], Ask], prepare: Callable[[Path, int, tuple[str, ...]], None] | None = None,
            **variables: str) -> Start:  # fmt: skip
    """A server in an environment of its own; ROOT in a variable is its directory."""

    @contextlib.contextmanager
    def start(root: Path, functions: tuple[str, ...], cores: set[int]) -> Iterator[Served]:
        python = environment(name, *packages)
        shutil.copytree(APPS, root)
        port = free_port()
        if prepare:
            prepare(root, port, functions)
        settings = {key: value.replace("ROOT", str(root)) for key, value in variables.items()}
        with _process(root, cores, command(python, port, functions), port, ask(SMALL), **settings) as served:
            yield served

    return start


def _mlserver_start(**settings: Any) -> Start:
    def prepare(root: Path, port: int, functions: tuple[str, ...]) -> None:
        ports = {"http_port": port, "grpc_port": free_port(), "metrics_port": free_port()}
        (root / "settings.json").write_text(json.dumps({**ports, **settings}))
        for name in functions:
            kind = "Seed" if name == SMALL.function else "".join(part.title() for part in name.split("_"))
            (root / name).mkdir()
            (root / name / "model-settings.json").write_text(
                json.dumps({"name": name, "implementation": f"mlserver_app.{kind}"})
            )

    return _python(
        "mlserver", (), lambda python, port, _: [str(python.with_name("mlserver")), "start", "."], _mlserver, prepare
    )


@contextlib.contextmanager
def _start_nginx(root: Path, functions: tuple[str, ...], cores: set[int]) -> Iterator[Served]:
    root.mkdir()
    port = free_port()
    settings = (APPS / "nginx.conf").read_text()
    for word, value in (("ROOT", root), ("PORT", port)):
        settings = settings.replace(word, str(value))
    (root / "nginx.conf").write_text(settings)
    command = [*programs.nginx(), "-p", str(root), "-c", str(root / "nginx.conf"), "-e", "stderr"]
    with _process(root, cores, command, port, _nginx(SMALL)) as served:
        yield served


@contextlib.contextmanager
def _start_floor(root: Path, functions: tuple[str, ...], cores: set[int]) -> Iterator[Served]:
    shutil.copytree(APPS, root)
    port = free_port()
    with _process(root, cores, [sys.executable, "floor_app.py", str(port)], port, _plain(SMALL)) as served:
        yield served


def _version(name: str, *packages: str, of: str = "") -> Callable[[], str]:
    return lambda: version_of(environment(name, *packages), of or name)


FASTAPI = ("fastapi", "uvicorn[standard]", "numpy", "aiohttp")
LITSERVE = ("litserve", "numpy", "aiohttp")
RAY = ("ray[serve]", "numpy")

SERVERS = [
    Server("Model Bundles", ours.version, ours.start(schemas=True), _ours, "/healthz",
           "a server and a worker process as in a pod, with schemas, metrics, trace context and deadline; POST "
           "/predict, tensors by the Open Inference Protocol's binary extension", True, "ours"),
    Server("Model Bundles, no schemas", ours.version, ours.start(schemas=False), _ours, "/healthz",
           "the same bundle without requestSchema and responseSchema", True, "ours"),
    Server("MLServer", _version("mlserver"), _mlserver_start(), _mlserver, "/v2/health/live",
           "`mlserver start .` at its defaults; Open Inference Protocol in JSON, the image as base64: it has no binary "
           "extension over REST"),
    Server("MLServer, in process", _version("mlserver"), _mlserver_start(parallel_workers=0), _mlserver,
           "/v2/health/live", "the same with `parallel_workers: 0`, which is cheaper: no inference worker process"),
    Server("BentoML", _version("bentoml"), _python(
        "bentoml", (), lambda python, port, names: [
            str(python.with_name("bentoml")), "serve", "bentoml_app:Seed", "--host", "127.0.0.1", "-p", str(port)],
        _plain, BENTOML_DO_NOT_TRACK="True"), _plain, "/livez",
           "`bentoml serve`; async APIs; JSON, the image as the raw body of a root input"),
    Server("KServe", _version("kserve"), _python(
        "kserve", (), lambda python, port, names: [str(python), "kserve_app.py", str(port), *names], _kserve),
           _kserve, "/v2/health/live",
           "`ModelServer(...).start`; V1, tensors by the Open Inference Protocol, the image by its binary extension"),
    Server("LitServe", _version("litserve", *LITSERVE), _python(
        "litserve", LITSERVE, lambda python, port, names: [str(python), "litserve_app.py", str(port), *names],
        _litserve), _litserve, "/health", "`LitServer(...).run`; JSON, the image as base64"),
    Server("Ray Serve", _version("ray", *RAY), _python(
        "ray", RAY, lambda python, port, names: [str(python), "ray_app.py", str(port), *names], _plain,
        RAY_USAGE_STATS_ENABLED="0", RAY_TMPDIR="ROOT"), _plain, "/-/healthz",
           "`serve.run`, one deployment with one replica; JSON, the image as the raw body"),
    Server("FastAPI on uvicorn", _version("fastapi", *FASTAPI), _python(
        "fastapi", FASTAPI, lambda python, port, names: [
            str(python), "-m", "uvicorn", "fastapi_app:app", "--port", str(port)], _plain), _plain, "/healthz",
           "`uvicorn app:app` with uvloop and httptools; typed bodies; no metrics", group="framework"),
    Server("bare Python (floor)", lambda: f"httptools {distribution_version('httptools')}", _start_floor, _plain,
           "/healthz", "httptools, uvloop and orjson in one process, which calls the function where it reads the "
           "request: no schemas, limits, deadlines, metrics; its events are one write", group="floor"),
    Server("nginx (floor)", lambda: programs.version(programs.nginx(), "-v").rpartition("/")[2], _start_nginx, _nginx,
           "/healthz", "`return 200`, one worker process: no function, no check, no metrics", group="floor"),
]  # fmt: skip
PYTHON = ".".join(str(part) for part in sys.version_info[:3])
