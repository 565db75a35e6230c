"""Three Open Inference Protocol servers through `oip-conformance`: a served bundle, MLServer, KServe's Python server.

Each serves the same model, which gives its inputs back, written as that server's documentation has it. The peers are
installed at their newest into environments of their own below ~/.cache/model-bundles (hundreds of MB, kept).
Writes tools/benchmarks/results/oip-conformance.md and oip-conformance.json.
"""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from oip_conformance.target import Target
from tools.benchmarks.harness.peers import environment, free_port, running, version_of
from tools.benchmarks.harness.results import machine, publish
from tools.benchmarks.harness.tables import one_line, table, versions
from tools.testkit.pair import Pair, code_bundle, stopping

MODEL = "mirror"
TENSORS = [
    {"name": "m", "datatype": "FP64", "shape": [-1, -1]},
    {"name": "words", "datatype": "BYTES", "shape": [-1]},
]
INPUTS = [
    {"name": "m", "datatype": "FP64", "shape": [2, 2], "data": [1, 2, 3, 4]},
    {"name": "words", "datatype": "BYTES", "shape": [2], "data": ["a", "b"]},
]
BUNDLE = "def predict(m, words):\n    return {'m': m, 'words': words}\n"
FIELDS = {
    "m": {"type": "array", "items": {"type": "array", "items": {"type": "number"}}},
    "words": {"type": "array", "items": {"type": "string"}},
}
MLSERVER = """
from mlserver import MLModel
from mlserver.codecs import NumpyCodec, StringCodec
from mlserver.types import InferenceRequest, InferenceResponse

class Mirror(MLModel):
    async def load(self) -> bool:
        return True

    async def predict(self, payload: InferenceRequest) -> InferenceResponse:
        outputs = []
        for i in payload.inputs:
            codec = StringCodec if i.datatype == "BYTES" else NumpyCodec
            outputs.append(codec.encode_output(i.name, codec.decode_input(i)))
        return InferenceResponse(id=payload.id, model_name=self.name, model_version=self.version, outputs=outputs)
"""
KSERVE = f"""
import sys
from kserve import InferOutput, InferResponse, Model, ModelServer
from kserve.utils.utils import generate_uuid

class Mirror(Model):
    def __init__(self):
        super().__init__("{MODEL}")
        self.ready = True

    async def get_input_types(self):
        return {TENSORS!r}

    async def get_output_types(self):
        return {TENSORS!r}

    def predict(self, payload, headers=None, response_headers=None):
        outputs = []
        for i in payload.inputs:
            output = InferOutput(name=i.name, shape=list(i.shape), datatype=i.datatype)
            output.set_data_from_numpy(i.as_numpy(), binary_data=False)
            outputs.append(output)
        return InferResponse(response_id=payload.id or generate_uuid(), model_name=self.name, infer_outputs=outputs)

ModelServer(http_port=int(sys.argv[1]), enable_grpc=False).start([Mirror()])
"""


def main() -> None:
    columns: dict[str, list[dict[str, str]]] = {}
    served: dict[str, str] = {}
    with tempfile.TemporaryDirectory(prefix="bench-oip-") as scratch:
        for name, serve in (("Model Bundles", _ours), ("MLServer", _mlserver), ("KServe", _kserve)):
            print(f"{name} ...", file=sys.stderr, flush=True)
            with serve(Path(scratch) / name.replace(" ", "-")) as (port, version):
                columns[name], served[name] = _asked(port, Path(scratch)), version
    publish("oip-conformance", {"columns": columns, "versions": {**served, "python": machine()["python"]}}, page)


def _asked(port: int, scratch: Path) -> list[dict[str, str]]:
    request = scratch / "request.json"
    request.write_text(json.dumps({"inputs": INPUTS}))
    command = [sys.executable, "-c", "from oip_conformance.cli import main; main()", f"127.0.0.1:{port}"]
    command += ["--model", MODEL, "--request", str(request), "-o", "json"]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
    found: list[dict[str, str]] = json.loads(done.stdout.replace(str(Path.home()), "~"))  # servers answer paths
    return [{key: entry[key] for key in ("clause", "says", "result", "reason")} for entry in found]


@contextlib.contextmanager
def _ours(root: Path) -> Iterator[tuple[int, str]]:
    code_bundle(root, BUNDLE)
    schema = {"type": "object", "properties": FIELDS, "required": list(FIELDS)}
    with stopping(Pair(root, {"requestSchema": schema, "responseSchema": schema}, name=MODEL)) as pair:
        pair.start()
        version = pair.call("GET", "/v2").json["version"]
        yield pair.port, version


@contextlib.contextmanager
def _mlserver(root: Path) -> Iterator[tuple[int, str]]:
    python = environment("mlserver")
    root.mkdir()
    port, grpc, metrics = free_port(), free_port(), free_port()
    settings = {"http_port": port, "grpc_port": grpc, "metrics_port": metrics, "parallel_workers": 0}
    model: dict[str, Any] = {"name": MODEL, "implementation": "mirror.Mirror", "platform": "python", "versions": ["v1"]}
    model["parameters"] = {"version": "v1"}
    (root / "settings.json").write_text(json.dumps(settings))
    (root / "model-settings.json").write_text(json.dumps({**model, "inputs": TENSORS, "outputs": TENSORS}))
    (root / "mirror.py").write_text(MLSERVER)
    with running([str(python.with_name("mlserver")), "start", "."], root, lambda: _ready(port)):
        yield port, version_of(python, "mlserver")


@contextlib.contextmanager
def _kserve(root: Path) -> Iterator[tuple[int, str]]:
    python = environment("kserve")
    root.mkdir()
    port = free_port()
    (root / "server.py").write_text(KSERVE)
    with running([str(python), "server.py", str(port)], root, lambda: _ready(port)):
        yield port, version_of(python, "kserve")


def _ready(port: int) -> bool:
    return Target(f"127.0.0.1:{port}", MODEL, None, 5).get(f"/v2/models/{MODEL}/ready").ok


def page(result: dict[str, Any]) -> str:
    columns = result["columns"]
    rows: list[list[object]] = [
        [f"`{entries[0]['clause']}`", entries[0]["says"], *(entry["result"] for entry in entries)]
        for entries in zip(*columns.values(), strict=True)
    ]
    rows.append(["broken", "", *(sum(each["result"] == "broken" for each in entries) for entries in columns.values())])
    reasons = "\n".join(
        f"- {name}, `{entry['clause']}`: {one_line(entry['reason'])[:240]}"
        for name, entries in columns.items()
        for entry in entries
        if entry["result"] == "broken"
    )
    return f"""# Open Inference Protocol, clause by clause

`make bench-oip`: the same model, which gives its inputs back, behind each server at its defaults, asked by
`oip-conformance` (docs/reference/oip-conformance.md). {versions(result)}.
What a server leaves to the model (which outputs are returned, in MLServer and KServe) counts as the server's.

{table(["clause", "what it asks", *columns], rows)}

What is broken:

{reasons or "nothing"}
"""


if __name__ == "__main__":
    main()
