"""The page of a result. Pure."""

from __future__ import annotations

import statistics
from typing import Any

from tools.benchmarks.cold_start.rounds import BARE, LISTS, ROWS
from tools.benchmarks.harness.tables import each, median, spread, table, versions, where

Body = dict[str, Any]
Run = dict[str, Any]

HEADS = ("start", "to the first answer, s", "over the bare pod, s", "scheduled to Ready, s", "MiB received")
MIB = 1 << 20


def page(result: Body) -> str:
    runs = result["runs"]
    rounds = len(each(runs, "round"))
    floor = statistics.median(run["seconds"] for run in runs if run["row"] == BARE)
    sections = "\n".join(_section(wanted.name, runs, floor) for wanted in LISTS)
    return f"""# Cold starts

`make bench-cold-start`, {result["seconds"]:.0f} s. {versions(result)}.
A real control plane, kubelet and containerd share the processors with what they start and with what measures; the load
average before was {result["loadBefore"]:.1f}. The images are on the node. GPUs are **fake**: a device plugin without
devices.

Medians of {rounds} rounds (least to most), alternating. "To the first answer" is from `kubectl apply` until a POST gets
200 through the Service, for a second replica from `kubectl scale` until two are ready. "Scheduled to Ready" is how long
a pod holds its GPU before it serves, which Kubernetes says in whole seconds. The bytes are those that the pod got from
the network: artifact, layer, wheels, probes and requests; what a Job before it got is not among them.

A bundle with a GPU is first tried by a Job without one. With requirements that Job installs them, and puts them as one
layer into the artifact store; the pods of the bundle, of its replicas and of its clones fetch it and install nothing. A
bundle without a GPU and with one replica makes no layer, so it and the second replica that comes later install for
themselves; its first clone waits for the Job that makes one. No round finds a layer of the round before.

- **{BARE}**: the same image, a function in a ConfigMap and Python's own HTTP server.
- **KServe's shape, by hand**: an init container that fetches with boto3, and a container that runs pip and then serves
  with Python's own HTTP server. KServe itself is not measured.
- the others are bundles. Artifact store and package index are on this machine.

{sections}"""


def _section(requirements: str, runs: list[Run], floor: float) -> str:
    of_list = where(runs, requirements=requirements)
    rows = [_row(row, where(of_list, row=row), floor) for row in ROWS if where(of_list, row=row)]
    return f"## With {requirements}\n{table(HEADS, rows)}\n"


def _row(row: str, runs: list[Run], floor: float) -> tuple[object, ...]:
    over = median(runs, "seconds") - floor
    return (
        row,
        spread(runs, "seconds", lambda value: f"{value:.1f}"),
        "" if row == BARE else f"{over:+.1f}",
        spread(runs, "held", lambda value: f"{value:.0f}"),
        f"{median(runs, 'bytes') / MIB:.1f}",
    )
