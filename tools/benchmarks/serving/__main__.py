"""Runs the rounds and writes tools/benchmarks/results/serving.md and serving.json."""

from __future__ import annotations

import argparse
import os
import platform
import signal
import statistics
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from tools.benchmarks.harness import programs
from tools.benchmarks.harness.results import RESULTS, publish
from tools.benchmarks.serving import results, servers
from tools.benchmarks.serving.measure import Bench, Plan, Record
from tools.benchmarks.serving.page import FULL_ROUNDS, page_of
from tools.benchmarks.serving.results import AGAIN, OURS
from tools.benchmarks.serving.servers import SERVERS, Server


def arguments(argv: Sequence[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tools.benchmarks.serving", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="one short round, to see that everything works")
    parser.add_argument("--rounds", type=int, help=f"{FULL_ROUNDS} when not given, 1 with --quick")
    parser.add_argument("--only", action="append", metavar="NAME", help="these servers, beside ours; may be repeated")
    parser.add_argument("--to", type=Path, default=RESULTS, help="the directory for serving.md and serving.json")
    return parser.parse_args(argv)


def main(argv: Sequence[str] | None = None) -> None:
    options = arguments(argv)
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # servers of all kinds start faster with their bytecode
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that the servers end too
    plan = _plan(options)
    chosen = _chosen(options.only)
    versions = {server.name: {"version": server.version(), "says": server.says} for server in chosen}
    before = os.getloadavg()[0]
    os.sched_setaffinity(0, plan.client_of_one)
    records: list[Record] = []
    benches = [Bench(server, plan) for server in chosen]
    began = time.monotonic()
    for number in range(plan.rounds):
        for bench in benches[number:] + benches[:number]:
            print(f"{time.strftime('%X')} round {number + 1}/{plan.rounds}: {bench.server.name}", file=sys.stderr)
            for record in bench.round():
                records.append({"server": bench.server.name, "round": number + 1, **record})
                print("  " + _said(record), file=sys.stderr, flush=True)
    print(f"{(time.monotonic() - began) / 60:.1f} minutes", file=sys.stderr)
    order = {server.name: [each for each in records if each["server"] == server.name] for server in chosen}
    facts = _facts(plan, versions, records, before)
    groups = {server.name: server.group for server in chosen}
    rows = results.packed([record for each in order.values() for record in each])
    publish("serving", {**facts, "groups": groups, "rows": rows}, page_of, options.to)


def _plan(options: argparse.Namespace) -> Plan:
    cores = sorted(os.sched_getaffinity(0))
    if len(cores) < 2:
        raise SystemExit("needs two cores: one for the servers, one for the client")
    rounds = options.rounds or (1 if options.quick else FULL_ROUNDS)
    one, two = set(cores[:1]), set(cores[:2])
    small, probe = (1, 1.5) if options.quick else (2, 3.0)
    return Plan(rounds, small, 1, probe, programs.wrk(), one, two, set(cores[1:2]), set(cores[2:3]) or two)


def _chosen(only: list[str] | None) -> list[Server]:
    """Ours twice: two equal copies say how much is noise."""
    known = {server.name: server for server in SERVERS}
    unknown = set(only or ()) - set(known)
    if unknown:
        raise SystemExit(f"no such server: {', '.join(sorted(unknown))}; there are: {', '.join(known)}")
    chosen = [server for server in SERVERS if not only or server.name in only or server.name == OURS]
    again = replace(known[OURS], name=AGAIN, says="a second equal copy, to see the noise")
    return [chosen[0], again, *chosen[1:]]


def _facts(plan: Plan, versions: dict[str, dict[str, str]], records: list[Record], before: float) -> dict[str, Any]:
    client = [record["clientUs"] for record in records if record["row"] == "small" and record.get("clients") == 32
              and "clientUs" in record and record["server"] == OURS]  # fmt: skip
    others = [record["othersCores"] for record in records if "othersCores" in record]
    shared = " too" if plan.client_of_two == plan.two else ""
    return {
        "servers": versions,
        "machine": f"{_processor()}, {os.cpu_count()} cores, Linux {platform.release()}, Python {servers.PYTHON}",
        "rounds": plan.rounds,
        "smallSeconds": plan.small_seconds,
        "seconds": plan.seconds,
        "one": _names(plan.one),
        "two": _names(plan.two),
        "clientOfOne": _names(plan.client_of_one),
        "clientOfTwo": _names(plan.client_of_two),
        "shared": shared,
        "client": programs.version(plan.wrk, "-v").split("]")[0].split("[")[0].replace("debian/", "").strip(),
        "clientUs": f"{statistics.median(client):.0f}" if client else "?",
        "othersCores": round(statistics.median(others), 2) if others else 0.0,
        "loadBefore": round(before, 2),
        "loadAfter": round(os.getloadavg()[0], 2),
    }


def _names(cores: set[int]) -> str:
    return " and ".join(str(core) for core in sorted(cores))


def _processor() -> str:
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    return next(
        (line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "unknown processor"
    )


def _said(record: Record) -> str:
    shown = [f"{name} {value:.5g}" if isinstance(value, float) else f"{name} {value}" for name, value in record.items()]
    return ", ".join(shown)


if __name__ == "__main__":
    main()
