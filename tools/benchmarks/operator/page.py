"""The page of a result. Pure."""

from __future__ import annotations

from typing import Any

from tools.benchmarks.harness.tables import table, versions

Body = dict[str, Any]

_RATES = (
    "case",
    "Ready",
    "Ready/s",
    "of the floor",
    "calls of a bundle",
    "of the floor",
    "CPU ms of a bundle",
    "of the floor",
)
_DELAYS = (
    "case",
    "to children p50",
    "p99",
    "max",
    "to Ready p50",
    "p99",
    "max",
    "p50 of the floor",
    "p99 of the floor",
)
_RESTS = (
    "case",
    "RSS MiB after",
    "peak",
    "restart: ready s",
    "caught up s",
    "CPU s",
    "writes",
    "RSS MiB at rest",
    "peak",
    "idle writes",
    "idle calls",
    "idle CPU",
)


def page(result: Body) -> str:
    runs = result["runs"]
    return f"""# The operator with many bundles

`make bench-operator`, {result["seconds"]:.0f} s. {versions(result)}.
The whole control plane shares the processors with the operator and with what measures; the load average before was
{result["loadBefore"]:.1f}. Nodes and pods are **fake**, made by KWOK: a pod is Ready as soon as it is bound, and
nothing runs.

Each row has a new control plane, and so has its floor: a plain client in a process of its own that makes the calls that
the operator made for a bundle (as the audit log has them), {result["workers"]} at a time as the operator does. "of the
floor" is the operator's number over the floor's. Bundles are created {result["together"]} at a time, or at the pace
that the case names; delays are counted from the moment in which a creation was answered. In the mixed case five are
stored for each that serves; it has no floor, as its bundles have no calls in common.

## Rate and cost
{table(_RATES, (_rates(run) for run in runs))}

## Delays, in seconds
{table(_DELAYS, (_delays(run) for run in runs))}

## Memory, and a restart with all of them there
{table(_RESTS, (_rests(run) for run in runs))}

## Calls
{"".join(_calls(run) for run in runs)}"""


def _rates(run: Body) -> tuple[object, ...]:
    ours, ratios = run["operator"], run["ratios"]
    return (
        run["case"],
        f"{ours['ready']:,}" if ours["ready"] == run["size"] else f"**{ours['ready']:,} of {run['size']:,}**",
        _number(ours["readyPerSecond"]),
        _number(ratios.get("readyPerSecond")),
        _number(ours["callsOfABundle"]),
        _number(ratios.get("callsOfABundle")),
        _number(1000 * ours["cpuSeconds"] / run["size"]),
        _number(ratios.get("cpuSeconds")),
    )


def _delays(run: Body) -> tuple[object, ...]:
    ours, ratios = run["operator"], run["ratios"]
    cells = [_number(ours[what].get(of)) for what in ("toChildren", "toReady") for of in ("p50", "p99", "max")]
    return (run["case"], *cells, _number(ratios.get("toReady.p50")), _number(ratios.get("toReady.p99")))


def _rests(run: Body) -> tuple[object, ...]:
    ours, again = run["operator"], run["operator"]["restart"]
    idle = again["idle"]
    calls = sum(idle["calls"].values())
    return (
        run["case"],
        f"{ours['rssAfter']:.0f}",
        f"{ours['rssPeak']:.0f}",
        _number(again["readySeconds"]),
        "never" if again["caughtUpSeconds"] is None else _number(again["caughtUpSeconds"]),
        _number(again["cpuSeconds"]),
        again["writes"],
        f"{idle['rss']:.0f}",
        f"{again['rssPeak']:.0f}",
        f"{idle['writes']} in {idle['seconds']:.0f} s",
        calls,
        f"{idle['cpuSeconds'] / idle['seconds']:.1%}",
    )


def _calls(run: Body) -> str:
    counted = ", ".join(f"{count:,} {what}" for what, count in run["operator"]["calls"].items())
    usual = run["floor"].get("sequence")
    of_one = f" Of a bundle, in most cases: {', '.join(usual)}." if usual else " There was no floor to measure."
    return f"- {run['case']}: {counted}.{of_one}\n"


def _number(value: float | None) -> str:
    if value is None:
        return ""
    return f"{value:.0f}" if value >= 100 else f"{value:.1f}" if value >= 10 else f"{value:.2f}"
