"""The end of a soak: what must hold, and everything that does not."""

from __future__ import annotations

from collections import Counter
from typing import Any

from tools.benchmarks.soak.site import Site, counts, value
from tools.benchmarks.soak.watch import Holds, Memory, slope

MIB = 1 << 20
# Memory may rise by either: a leak of a hundred bytes with each request is more than the first; the second is what one
# coincidence of the largest bodies leaves behind in an allocator, and hides a leak in short runs only.
MOST_SLOPE = 2 * MIB  # a minute
MOST_RISE = 8 * MIB  # in the time that is looked at
WARM_UP = 0.5  # of a process's life: an allocator takes its time to have seen every coincidence of large bodies
# each of these has to have happened, where it says so by that kind of client, or the load was not the one that it says
MUST_HAPPEN = {
    "requests": (
        *(
            "OK",
            "NotJSON",
            "BadRequest",
            "RequestSchemaViolation",
            "BodyTooLarge",
            "PredictFailed",
            "404",
        ),
        *(("malformed", "BadRequest"), ("oversized", "BodyTooLarge")),
        *("QueueFull", "DeadlineExceeded", "NotReady", "WorkerDied", "left", "reset"),
    ),
    "batches": ("OK", "NotReady", "PredictFailed", "left", "reset"),
}


async def judged(
    sites: list[Site],
    before: dict[str, dict[str, Holds]],
    after: dict[str, dict[str, Holds]],
    memory: dict[str, Memory],
) -> dict[str, Any]:
    violations: list[str] = []
    found: dict[str, Any] = {"sites": {}, "processes": {}}
    for site in sites:
        metrics = await site.metrics()
        server = counts(metrics)
        violations += [f"{site.name}: {text}" for text in (*site.ledger.violations, *site.ledger.differences(server))]
        violations += [f"{site.name}: {text}" for text in _never_happened(site)]
        restarts = int(value(metrics, "modelbundle_worker_restarts_total"))
        if restarts != site.kills:
            violations.append(f"{site.name}: {site.kills} workers were killed, the server lost {restarts}")
        if not site.kills_in_streams and site.name == "requests":
            violations.append("requests: no worker was killed in the middle of a stream")
        for name in ("requests_in_flight", "queue_depth"):
            if value(metrics, f"modelbundle_{name}"):
                violations.append(f"{site.name}: {name} is {value(metrics, f'modelbundle_{name}'):g} at the end")
        found["sites"][site.name] = {
            "kills": site.kills,
            "killsInStreams": site.kills_in_streams,
            "server": {f"{status} {code}": number for (status, code), number in sorted(server.items())},
            "clients": {f"{status} {code}": number for (status, code), number in sorted(site.ledger.counted.items())},
            "unseen": site.ledger.unseen,
            "kinds": _by_kind(site.ledger.ends),
            "wrong": site.ledger.wrong,
        }
        for role in ("server", "worker"):
            name = f"{site.name} {role}"
            process, wrong = _process(before[site.name][role], after[site.name][role], memory[name])
            found["processes"][name] = process
            violations += [f"{name}: {text}" for text in wrong]
    bounds = {"mibPerMinute": MOST_SLOPE / MIB, "mib": MOST_RISE / MIB}
    return {**found, "memoryBounds": bounds, "violations": violations}


def _never_happened(site: Site) -> list[str]:
    happened = {*site.ledger.ends, *(end for _, end in site.ledger.ends)}
    return [f"{end} never happened" for end in MUST_HAPPEN[site.name] if end not in happened]


def _process(before: Holds, after: Holds, memory: Memory) -> tuple[dict[str, Any], list[str]]:
    rises, minutes = slope(memory.last, WARM_UP)
    wrong = [
        f"{after_it} {name} at the end, {before_it} at the start"
        for name, before_it, after_it in zip(Holds._fields, before, after, strict=True)
        if name != "memory" and after_it != before_it
    ]
    if after.children:
        wrong.append(f"{after.children} children at the end")
    if rises > MOST_SLOPE and rises * minutes > MOST_RISE:
        wrong.append(f"memory rises by {rises / MIB:.2f} MiB a minute for {minutes:.1f} minutes")
    return {
        "lives": len(memory.series),
        "startMiB": round(before.memory / MIB, 1),
        "peakMiB": round(memory.peak / MIB, 1),
        "endMiB": round(after.memory / MIB, 1),
        "slopeMiBPerMinute": round(rises / MIB, 2),
        "slopeOverMinutes": round(minutes, 1),
        "descriptors": [before.descriptors, after.descriptors],
        "threads": [before.threads, after.threads],
        "children": after.children,
    }, wrong


def _by_kind(ends: Counter[tuple[str, str]]) -> dict[str, dict[str, int]]:
    found: dict[str, dict[str, int]] = {}
    for (kind, end), number in sorted(ends.items()):
        found.setdefault(kind, {})[end] = number
    return found
