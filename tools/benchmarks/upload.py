"""An upload of 1 GiB to an S3 server on this machine, beside `cp` of the same file in the same run.

Client and server share processors and disk, and the server hashes what it takes: the ratio holds the work of both.
Writes tools/benchmarks/results/upload.md and upload.json.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import boto3

from tools.benchmarks.harness.results import machine, publish
from tools.benchmarks.harness.tables import table, versions
from tools.local_cluster.versions import VERSITYGW
from tools.testkit.artifact_stores import running_s3

ROOT = Path(__file__).resolve().parent.parent.parent
PUT_FILE = ROOT / "tools/testkit/put_file.py"
SIZE = 1 << 30
ROUNDS = 3
MIB = 1 << 20


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="bench-upload-") as scratch, running_s3(Path(scratch)) as environment:
        rounds = [_round(Path(scratch), environment, number) for number in range(1, ROUNDS + 1)]
    upload, cp = (
        statistics.median(SIZE / MIB / each[key] for each in rounds) for key in ("uploadSeconds", "cpSeconds")
    )
    result = {
        "bytes": SIZE,
        "rounds": rounds,
        "uploadMiBPerSecond": round(upload, 1),
        "cpMiBPerSecond": round(cp, 1),
        "ratio": round(upload / cp, 3),
        "peakMiB": max(each["peakMiB"] for each in rounds),
        "loadBefore": rounds[0]["loadBefore"],
        "versions": {
            "boto3": boto3.__version__,
            "versitygw": VERSITYGW,
            **machine(),
        },
    }
    publish("upload", result, page)


def _round(scratch: Path, environment: dict[str, str], number: int) -> dict[str, Any]:
    """One file of its own content, else the store would have it already."""
    load = os.getloadavg()[0]
    file, copy = scratch / "bundle.pkl", scratch / "copy.pkl"
    with file.open("wb") as writer:
        for _ in range(SIZE // MIB):
            writer.write(os.urandom(MIB))
    os.sync()
    started = time.monotonic()
    subprocess.run(["cp", str(file), str(copy)], check=True)
    cp = time.monotonic() - started
    copy.unlink()
    os.sync()
    print(f"round {number}: cp {cp:.1f} s", file=sys.stderr, flush=True)
    put = subprocess.run(
        [sys.executable, str(PUT_FILE), f"s3://models/bench/{number}", str(file)],
        env={**os.environ, **environment, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        check=True,
    )
    done = json.loads(put.stdout)
    assert done["sent"] is True
    print(f"round {number}: upload {done['seconds']:.1f} s", file=sys.stderr, flush=True)
    return {
        "cpSeconds": round(cp, 3),
        "uploadSeconds": round(done["seconds"], 3),
        "peakMiB": round(done["peakKiB"] / 1024),
        "loadBefore": round(load, 1),
    }


def page(result: dict[str, Any]) -> str:
    rows = [
        [
            number,
            f"{SIZE / MIB / each['uploadSeconds']:.0f}",
            f"{SIZE / MIB / each['cpSeconds']:.0f}",
            f"{each['cpSeconds'] / each['uploadSeconds']:.2f}",
            each["peakMiB"],
            each["loadBefore"],
        ]
        for number, each in enumerate(result["rounds"], 1)
    ]
    heads = ("round", "upload MiB/s", "cp MiB/s", "upload / cp", "peak memory MiB", "load")
    return f"""# Upload of 1 GiB

`make bench-upload`: to an S3 server on the same machine, beside `cp` of the same file in the same run. Client and
server share the processors and the disk, so the ratio holds the work of both. `load` is the machine's
load before the round.

{table(heads, rows)}

Median: {result["uploadMiBPerSecond"]:.0f} MiB/s, {result["ratio"]:.2f} of cp. {versions(result)}.
"""


if __name__ == "__main__":
    main()
