"""A torch model behind a served bundle (server and worker as local processes), beside the same model in a loop.

What serving takes from the device: requests a second over calls a second, what one request waits longer, how long the
device was busy. On the GPU where there is one, else on the processor, and the page says which. The rounds alternate.
Writes tools/benchmarks/results/torch.md and torch.json.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tools.benchmarks.harness import closed_loop, programs
from tools.benchmarks.harness.asks import Case, fields_as_json
from tools.benchmarks.harness.peers import environment
from tools.benchmarks.harness.results import machine, publish
from tools.benchmarks.torch.page import page
from tools.testkit.pair import Pair, code_bundle, stopping

HERE = Path(__file__).parent
BATCH = 16
SIZES = ("small", "large")
# way, clients, rows in a call of the model
WAYS = (("one by one", 1, 1), ("one by one", 8, 1), ("batches", 4 * BATCH, BATCH))
SERVED = """

class Batches:
    max_batch_size = {batch}

    def predict_batch(self, rows):
        return answers([row["tokens"] for row in rows])


def predict(tokens):
    return answers([tokens])[0]


def answers(rows):
    return [model.busy_seconds] if rows == [[]] else model.classes(rows)  # no tokens: the question of the benchmark


def load_predict_fn(_):
    global model
    model = Classifier({size!r})
    return {predict_fn}
"""
SCHEMA = {
    "requestSchema": {
        "type": "object",
        "properties": {
            "tokens": {"type": "array", "items": {"type": "integer", "minimum": 0, "exclusiveMaximum": 1000}}
        },
        "required": ["tokens"],
    },
    "responseSchema": {"type": "number"},
}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tools.benchmarks.torch", description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=5, help="of each measurement")
    options = parser.parse_args()
    python = environment("torch", "torch", "numpy")
    result: dict[str, Any] = {"loadBefore": os.getloadavg()[0], "batch": BATCH, "runs": []}
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="bench-torch-") as scratch:
        for number in range(options.rounds):
            for size in SIZES:
                root = Path(scratch) / f"{number}-{size}"
                for run in _round(python, root, size, options.seconds, result):
                    result["runs"].append({"round": number, "size": size, **run})
                    print(f"round {number + 1}: {size}, {run}", file=sys.stderr, flush=True)
    result["seconds"] = round(time.monotonic() - started)
    publish("torch", {**result, **machine()}, page)


def _round(python: Path, root: Path, size: str, seconds: float, result: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for number, (way, clients, rows) in enumerate(WAYS):
        alone = _direct(python, size, rows, seconds)
        result |= {"torch": alone.pop("torch"), "device": alone.pop("device")}
        beside = _served(python, root / str(number), size, clients, rows, seconds, alone)
        yield {
            "way": way,
            "clients": clients,
            "rows": rows,
            "directPerSecond": alone["calls"] * rows / alone["seconds"],
            "directBusy": alone["busySeconds"] / alone["seconds"],
            "directP50Us": alone["p50Us"],
            **beside,
        }


def _direct(python: Path, size: str, rows: int, seconds: float) -> dict[str, Any]:
    command = [str(python), str(HERE / "direct.py"), size, str(rows), str(seconds)]
    done = subprocess.run(command, stdout=subprocess.PIPE, check=True, text=True)
    return json.loads(done.stdout)  # type: ignore[no-any-return]


def _served(
    python: Path, root: Path, size: str, clients: int, rows: int, seconds: float, alone: dict[str, Any]
) -> dict[str, Any]:
    predict_fn = "Batches()" if rows > 1 else "predict"
    source = (HERE / "classifier.py").read_text() + SERVED.format(batch=rows, size=size, predict_fn=predict_fn)
    code_bundle(root, source)
    answer = alone["answer"]
    case = Case("torch", "predict", {"tokens": alone["tokens"]}, answer, str(answer), clients)
    ask = fields_as_json(case, "/predict")
    with stopping(Pair(root, SCHEMA, python=str(python))) as pair:
        pair.start()
        length = closed_loop.verify(pair.port, ask, case)
        core = {max(os.sched_getaffinity(0))}

        def loaded(seconds: float) -> closed_loop.Load:
            return closed_loop.run(programs.wrk(), pair.port, ask, case, clients, seconds, core, root / "body", length)

        def so_far() -> tuple[float, float, float, float]:
            """Busy seconds, requests and batches when all that was asked has been answered, and what time it is."""
            busy = pair.predict(tokens=[]).json
            now = time.perf_counter()
            sizes = [pair.metric(f"modelbundle_batch_size_{of}") for of in ("sum", "count")]
            return busy, *sizes, now

        loaded(1)
        before = so_far()
        found = loaded(seconds)
        busy, requests, batches, elapsed = (now - then for now, then in zip(so_far(), before, strict=True))
    return {
        "servedPerSecond": found.requests / found.seconds,
        "servedBusy": busy / elapsed,
        "servedP50Us": found.p50_us,
        "meanBatch": (requests - 1) / (batches - 1) if batches else 1.0,  # without the question itself
    }


if __name__ == "__main__":
    main()
