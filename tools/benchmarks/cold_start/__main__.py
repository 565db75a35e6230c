"""`make bench-cold-start`: bundles, a bare pod and KServe's shape made by hand, started in turns on a real cluster.

Writes tools/benchmarks/results/cold-start.md and cold-start.json.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from tools.benchmarks.cold_start.page import page
from tools.benchmarks.cold_start.rounds import Site, one_round
from tools.benchmarks.harness.results import RESULTS, machine, publish
from tools.local_cluster import versions
from tools.testkit.install import install
from tools.testkit.kubectl import apply, kubectl, wait_for
from tools.testkit.place import ROOT, Place, local_environment
from tools.testkit.store import Store

ROUNDS = 10
NAMESPACE = "bench-cold-start"


def main() -> int:
    options = _parser().parse_args()
    if subprocess.run([sys.executable, "-m", "tools.local_cluster", "up"], cwd=ROOT, check=False).returncode:
        return 1
    os.environ.update(local_environment())
    place = Place.from_environment()
    install(place)
    result: dict[str, Any] = {
        "loadBefore": os.getloadavg()[0],
        "versions": {**machine(), "kubernetes": versions.KUBERNETES},
        "runs": [],
    }
    began = time.monotonic()
    _make_namespace(place)
    try:
        for number in range(1, options.rounds + 1):
            for run in one_round(Site(Store(place), NAMESPACE, place.index_in_cluster), number):
                print(json.dumps(run), file=sys.stderr, flush=True)
                result["runs"].append(run)
    finally:
        kubectl("delete", "namespace", NAMESPACE, "--wait=false")
    result["seconds"] = time.monotonic() - began
    publish("cold-start", result, page, options.to)
    return 0


def _make_namespace(place: Place) -> None:
    labels = {"pod-security.kubernetes.io/enforce": "restricted"}
    apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE, "labels": labels}})
    wait_for("the service account", lambda: kubectl("get", "serviceaccount", "default", namespace=NAMESPACE), 180)
    apply(place.secret(), namespace=NAMESPACE)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tools.benchmarks.cold_start", description=__doc__)
    parser.add_argument("--rounds", type=int, default=ROUNDS, help=f"how often each is started, by default {ROUNDS}")
    parser.add_argument("--to", type=Path, default=RESULTS, help="where the result goes")
    return parser


if __name__ == "__main__":
    sys.exit(main())
