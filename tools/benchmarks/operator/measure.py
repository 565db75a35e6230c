"""One case: the operator on a new cluster, then started again and left alone with all of it; the floor on another."""

from __future__ import annotations

import asyncio
import json
import statistics
import time
from pathlib import Path
from typing import Any

from tools.benchmarks.operator import load
from tools.benchmarks.operator.audit import Audit, counts, last_child, writes
from tools.benchmarks.operator.cases import Case
from tools.benchmarks.operator.load import Seen
from tools.benchmarks.operator.plan import plan_of
from tools.benchmarks.operator.process import Measured, floor, operator
from tools.testkit.control_plane import Site, site, tool
from tools.testkit.place import ROOT
from tools.testkit.rest import Api

Body = dict[str, Any]

CLUSTER = "bench"
LOGS = ROOT / "build" / "bench-operator"


def measure(case: Case, limit: float, idle: float) -> Body:
    """What came of both, and their ratios."""
    logs = LOGS / case.name.replace(" ", "-").replace("/", "-")
    logs.mkdir(parents=True, exist_ok=True)
    with site(CLUSTER) as cluster:
        tool(CLUSTER, "start", "kwok")
        ours, plan = asyncio.run(_operator(cluster, case, limit, idle, logs))
    beside: Body = {}
    if plan:
        with site(CLUSTER) as cluster:
            tool(CLUSTER, "start", "kwok")
            beside = asyncio.run(_floor(cluster, case, limit, plan, logs))
    return {"case": case.name, "size": case.size, "operator": ours, "floor": beside, "ratios": ratios(ours, beside)}


async def _operator(cluster: Site, case: Case, limit: float, idle: float, logs: Path) -> tuple[Body, Body]:
    audit = Audit(cluster.audit_log)
    user = cluster.kubeconfig("bench-operator")
    async with await Api.connect(cluster.kubeconfig("bench-user")) as api:
        await load.namespaces(api, case)
        with operator(user, logs / "operator") as process:
            await asyncio.to_thread(process.until_idle, 30)
            audit.mark()
            rss_before, cpu_before = process.rss(), process.cpu()
            seen = await load.run(api, case, limit, process.check)
            found = _found(case, seen, audit, "bench-operator", process, cpu_before)
            await asyncio.to_thread(process.until_idle, 120)
            found |= {"rssBefore": rss_before, "rssAfter": process.rss(), "rssPeak": process.peak()}
            mixed = case.kind == "mixed"  # its bundles have no usual calls, which a floor would make
            plan = {} if mixed else await plan_of(api, case, audit.calls("bench-operator"), seen)
        found["restart"] = await _restart(audit, user, limit, idle, logs)
    return found, plan


async def _restart(audit: Audit, user: Path, limit: float, idle: float, logs: Path) -> Body:
    """With all of them there: what it takes until it is caught up, and what it does when nothing happens."""
    audit.mark()
    with operator(user, logs / "restart") as process:
        caught_up = await asyncio.to_thread(process.until_idle, limit)
        calls = audit.calls("bench-operator")
        found = {
            "readySeconds": process.ready,
            "caughtUpSeconds": caught_up,
            "cpuSeconds": process.cpu(),
            "writes": writes(calls),
            "calls": len(calls),
            "rssPeak": process.peak(),
            "rss": process.rss(),
        }
        audit.mark()
        cpu = process.cpu()
        await asyncio.sleep(idle)
        calls = audit.calls("bench-operator")
        resting = {"seconds": idle, "writes": writes(calls), "calls": counts(calls), "cpuSeconds": process.cpu() - cpu}
        return {**found, "idle": {**resting, "rss": process.rss()}}


async def _floor(cluster: Site, case: Case, limit: float, plan: Body, logs: Path) -> Body:
    audit = Audit(cluster.audit_log)
    file = logs / "floor.json"
    file.write_text(json.dumps(plan))
    async with await Api.connect(cluster.kubeconfig("bench-user")) as api:
        await load.namespaces(api, case)
        with floor(file, cluster.kubeconfig("bench-floor"), logs / "floor") as process:
            await asyncio.to_thread(process.until_idle, 30)
            audit.mark()
            cpu_before = process.cpu()
            seen = await load.run(api, case, limit, process.check)
            return {
                **_found(case, seen, audit, "bench-floor", process, cpu_before),
                "rssPeak": process.peak(),
                "sequence": [call for call, _ in (*plan["before"], *plan["after"])],
            }


def _found(case: Case, seen: Seen, audit: Audit, user: str, process: Measured, cpu_before: float) -> Body:
    time.sleep(0.5)  # the log's last lines
    calls = audit.calls(user)
    made = last_child(calls)
    creations = {(c.namespace, c.name): c.at for c in audit.calls("bench-user") if c.what == "create modelbundles"}
    to_children = sorted(made[place] - at for place, at in creations.items() if place in made)
    return {
        "ready": len(seen.ready),
        "createdPerSecond": case.size / (seen.all_created - seen.began) if seen.all_created else None,
        "readyPerSecond": seen.rate(),
        "toChildren": _spread(to_children),
        "toReady": _spread(seen.to_ready()),
        "cpuSeconds": process.cpu() - cpu_before,
        "calls": counts(calls),
        "callsOfABundle": sum(call.resource != "leases" for call in calls) / case.size,
    }


def _spread(seconds: list[float]) -> Body:
    if not seconds:
        return {}
    ranks = {"p50": 0.5, "p99": 0.99}
    spread = {name: seconds[min(int(len(seconds) * share), len(seconds) - 1)] for name, share in ranks.items()}
    return {**spread, "max": seconds[-1], "mean": statistics.fmean(seconds)}


def ratios(ours: Body, floor: Body) -> Body:
    """Of the operator to the floor; more than 1 is more of it."""
    if not floor or not floor["ready"]:
        return {}
    found = {name: ours[name] / floor[name] for name in ("readyPerSecond", "cpuSeconds", "callsOfABundle")}
    for name in ("toChildren", "toReady"):
        for of, value in ours[name].items():
            if floor[name].get(of):
                found[f"{name}.{of}"] = value / floor[name][of]
    return found
