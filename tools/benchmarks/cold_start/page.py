"""The page of a result. Pure."""

from __future__ import annotations

import statistics
from typing import Any

from tools.benchmarks.cold_start.contents import FILE_MIB, SECTIONS
from tools.benchmarks.cold_start.rounds import BARE, ROWS
from tools.benchmarks.harness.tables import each, median, one_line, spread, table, versions, where

Body = dict[str, Any]
Run = dict[str, Any]

HEADS = (
    "start", "to the first answer, s", "over the bare pod, s", "scheduled to Ready, s", "MiB received",
    "peak memory, MiB", "its Job: MiB received and sent", "its peak memory, MiB",
)  # fmt: skip
MIB = 1 << 20


def page(result: Body) -> str:
    runs = [run for run in result["runs"] if "error" not in run]
    bare = [run["seconds"] for run in runs if run["row"] == BARE]
    floor = statistics.median(bare) if bare else None
    found = [section for section in SECTIONS if where(runs, section=section)]
    sections = "\n".join(_section(result["lists"][each], where(runs, section=each), floor) for each in found)
    return f"""# Cold starts

`make bench-cold-start`, {result["seconds"]:.0f} s. {versions(result)}.
A real control plane, kubelet and containerd share the processors with what they start and with what measures; the load
average before was {result["loadBefore"]:.1f}. The images are on the node. GPUs are **fake**: a device plugin without
devices. Artifact store and package index are on this machine, and what they hand out is in its page cache: one
connection of the node gets {result["bandwidth"]["index"] / MIB:.0f} MiB/s of the index, one client of boto3
{result["bandwidth"]["store"] / MIB:.0f} MiB/s of the store. The index answers neither for
ranges nor for metadata alone (PEP 658), as PyPI does: so uv, which installs for bundles, gets a wheel once to resolve
and once to install, and pip once.

Medians (least to most) of rounds in which the shapes take turns, and all contents too. "To the first answer" is from
`kubectl apply` until a POST gets 200 through the Service, for a second replica from `kubectl scale` until two are
ready. "Scheduled to Ready" is how long a pod holds its GPU before it serves, which Kubernetes says in whole seconds.
The bytes are those of the pod's network: artifact, layer, wheels, probes and requests. Memory is the most that the
processes of a pod held together, init containers too, without the page cache, in brackets the container that held
most; looked at ten times a second. A Job's figures are those of the Job that the start waited for.

A bundle with a GPU is first tried by a Job without one. With requirements that Job installs them, and puts them as one
layer into the artifact store; the pods of the bundle, of its replicas and of its clones fetch it and install nothing. A
bundle without a GPU and with one replica makes no layer, so it and the second replica that comes later install for
themselves; its first clone waits for the Job that makes one. No start finds a layer of a shape before.

- **{BARE}**: the same image, a function in a ConfigMap and Python's own HTTP server.
- **KServe's shape, by hand**: an init container that fetches with boto3, and a container that runs pip and then serves
  with Python's own HTTP server. KServe itself is not measured.
{_before(result)}- the others are bundles.

{sections}{_failures(result)}"""


def _before(result: Body) -> str:
    of = result.get("before")
    if not of:
        return ""
    return f"""- **the commit before**: {of["commit"]} of {of["date"]} ("{one_line(of["subject"])}"):
  its operator and its runtime, in the same cluster at the same time as those of this commit, each for a namespace of
  its own. Both commits' images are built on one base.
"""


def _section(of: Body, runs: list[Run], floor: float | None) -> str:
    rows = [_row(row, where(runs, row=row), floor) for row in ROWS if where(runs, row=row)]
    count = len(each(runs, "round"))
    return f"""## With {of["name"]}
{_what(of)}{count} {"round" if count == 1 else "rounds"}.

{table(HEADS, rows)}
"""


def _what(of: Body) -> str:
    if "weights" in of["name"]:
        return "One file in the artifact, a zip that does not compress it; the function reads it once, in blocks. "
    if "wheels" in of["name"]:
        return (
            f"`{', '.join(of['lines'])}`: made for this, {of['bytes'] / MIB:.0f} MiB together, of files of {FILE_MIB}\n"
            "MiB that compress to three quarters; each is imported, and its files are not read. "
        )
    if of["lines"]:
        named = f"`{', '.join(of['lines'])}`, {of['bytes'] / MIB:.0f} MiB of wheels"
        return f"{named}, and what these need; both are imported. "
    return ""


def _row(row: str, runs: list[Run], floor: float | None) -> tuple[object, ...]:
    with_job = [run for run in runs if "jobMemory" in run]
    job = f"{_mib(with_job, 'jobBytes')}, {_mib(with_job, 'jobSent')}" if with_job else ""
    return (
        row,
        spread(runs, "seconds", lambda value: f"{value:.1f}"),
        "" if row == BARE or floor is None else f"{median(runs, 'seconds') - floor:+.1f}",
        spread(runs, "held", lambda value: f"{value:.0f}"),
        _mib(runs, "bytes"),
        _memory(runs, "memory"),
        job,
        _memory(with_job, "jobMemory") if with_job else "",
    )


def _mib(runs: list[Run], key: str) -> str:
    return f"{median(runs, key) / MIB:.1f}"


def _memory(runs: list[Run], key: str) -> str:
    of = statistics.multimode(max(run[f"{key}Of"], key=run[f"{key}Of"].get) for run in runs if run[f"{key}Of"])
    return f"{median(runs, key) / MIB:.0f}" + (f" ({of[0]})" if of else "")


def _failures(result: Body) -> str:
    failed = [run for run in result["runs"] if "error" in run]
    if not failed:
        return ""
    lines = [f"- {run['section']}, round {run['round']}: {one_line(run['error'])}" for run in failed]
    return "\n".join(["", "## Starts that failed", *lines, ""])
