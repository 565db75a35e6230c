"""An asynchronous function behind each server, 1,000 requests at once: all share one client and one Semaphore.

The same file behind each (apps/asking.py). Writes tools/benchmarks/results/serving-async.md and serving-async.json.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from tools.benchmarks.harness import programs
from tools.benchmarks.harness.asks import Case
from tools.benchmarks.harness.peers import free_port
from tools.benchmarks.harness.processes import on_cores
from tools.benchmarks.harness.results import RESULTS, machine, publish
from tools.benchmarks.serving import results
from tools.benchmarks.serving.apps import asking
from tools.benchmarks.serving.asynchronous_page import page
from tools.benchmarks.serving.cases import SMALL
from tools.benchmarks.serving.measure import Bench, Plan, Record
from tools.benchmarks.serving.ours import SCHEMAS, Served
from tools.benchmarks.serving.results import AGAIN, OURS
from tools.benchmarks.serving.servers import APPS, SERVERS, Server
from tools.testkit.pair import Pair, code_bundle, stopping, until

CLIENTS = 1000
CASE = Case("asynchronous", "ask", SMALL.fields, SMALL.expected, SMALL.needle, CLIENTS)
NAMES = (OURS, "BentoML", "LitServe", "Ray Serve", "FastAPI on uvicorn")
SOURCE = (APPS / "asking.py").read_text() + "\n\ndef load_predict_fn(model):\n    return ask\n"
VARIABLE = "BACKEND"


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m tools.benchmarks.serving.asynchronous", description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=int, default=5, help="of each measurement")
    parser.add_argument("--only", action="append", metavar="NAME", help="these servers, beside ours; may be repeated")
    parser.add_argument("--to", type=Path, default=RESULTS, help="the directory for the page and the JSON")
    options = parser.parse_args(argv)
    cores = sorted(os.sched_getaffinity(0))
    one, client = set(cores[:1]), set(cores[1:2])
    plan = Plan(options.rounds, 0, options.seconds, 0.0, programs.wrk(), one, set(cores[:2]), client, client)
    servers = _servers(options.only)
    versions = {server.name: server.version() for server in servers}
    facts = {"rounds": options.rounds, "secondsEach": options.seconds, "clients": CLIENTS, "limit": asking.LIMIT}
    facts |= {"versions": versions, **machine(), "loadBefore": round(os.getloadavg()[0], 2)}
    os.sched_setaffinity(0, client)
    records: list[Record] = []
    with backend() as port:
        os.environ[VARIABLE] = f"http://127.0.0.1:{port}/"
        for number in range(plan.rounds):
            turn = number % len(servers)
            for server in servers[turn:] + servers[:turn]:
                record = {"server": server.name, "round": number + 1, **_measured(Bench(server, plan))}
                records.append(record)
                print(f"{time.strftime('%X')} {record}", file=sys.stderr, flush=True)
    ordered = [record for name in versions for record in records if record["server"] == name]
    publish("serving-async", {**facts, "rows": results.packed(ordered)}, page, options.to)


def _servers(only: list[str] | None) -> list[Server]:
    """Ours twice: two equal copies say how much is noise."""
    known = {server.name: server for server in SERVERS}
    ours = replace(known[OURS], start=start_ours)
    others = [known[name] for name in NAMES[1:] if not only or name in only]
    return [ours, replace(ours, name=AGAIN), *others]


def _measured(bench: Bench) -> Record:
    with tempfile.TemporaryDirectory(prefix="bench-serving-") as scratch:
        try:
            both = (SMALL.function, CASE.function)
            with bench.server.start(Path(scratch) / "server", both, bench.plan.one) as served:
                record = bench.load(served, CASE, 1, CLIENTS, bench.plan.seconds)
                return record | ({"answers": float(record["requests"])} if "requests" in record else {})
        except Exception as error:
            last = (str(error).strip().splitlines() or [repr(error)])[-1]
            return {"row": CASE.row, "cores": 1, "clients": CLIENTS, "error": last[:300]}


@contextlib.contextmanager
def backend() -> Iterator[int]:
    """The service that the function asks, on this process's cores: its port."""
    port = free_port()
    with subprocess.Popen([sys.executable, str(APPS / "backend.py"), str(port), str(asking.LIMIT)]) as process:
        try:
            yield port
        finally:
            process.kill()


@contextlib.contextmanager
def start_ours(root: Path, names: tuple[str, ...], cores: set[int]) -> Iterator[Served]:
    """Server and worker as in a pod; `serving.maxConcurrency` is what the clients want at once."""
    code_bundle(root, SOURCE)
    request, response = SCHEMAS[SMALL.function]
    document: dict[str, Any] = {"requestSchema": request, "responseSchema": response}
    pair = Pair(root, document, max_concurrency=CLIENTS)
    pair.environment = {VARIABLE: os.environ[VARIABLE]}
    with stopping(pair):
        with on_cores(cores):
            pair.start(wait=False)
        until(pair.ready, "ready")
        yield Served(pair.port, [pair.server.pid, pair.worker.pid])


if __name__ == "__main__":
    main()
