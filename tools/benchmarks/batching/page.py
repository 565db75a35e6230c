"""The page of a result: goals and whether they were met first, then the tables. Pure."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from typing import Any

from tools.benchmarks.batching.models import MAX_BATCH, SLO_MS
from tools.benchmarks.batching.servers import SETTINGS
from tools.benchmarks.harness.tables import Run, each, line, median, spread, table, versions, where

OURS = "Model Bundles"
GOAL, FLOOR = 0.97, 0.93
IDLE_GOAL = 1.05
QUIET_MS = 2.0  # what sleeps are too long by at most on a machine that does nothing else
SAME = 0.02  # of the ideal: two servers that are at most this far apart are equal


def page(result: dict[str, Any]) -> str:
    over = result["oversleepP99Ms"]
    runs = result["alone"] + result["beside"]
    lag = max(run["clientLagP99Ms"] for run in runs)
    disturbed = max(over) > QUIET_MS or lag > 10 * QUIET_MS
    quiet = (
        "**Other processes took the processors: what is missed at 100 ms may be their doing.** " if disturbed else ""
    )
    client = max(run["clientProcessor"] for run in runs)
    wrong, asked, lost = (sum(run[key] for run in runs) for key in ("wrong", "requests", "lost"))
    stretched = {run["model"]: run["sloMs"] for run in result["beside"]}
    slos = ", ".join(f"{model} {ms / SLO_MS:g} times (SLO {ms:g} ms)" for model, ms in stretched.items())
    settings = "\n".join(f"- {name}: {text}." for name, text in SETTINGS.items())
    return f"""# Batching: what is answered in time

`make bench-batching`, {result["seconds"]} s. {versions(result)}.
A model whose batch of n takes a + b n ms, at most {MAX_BATCH}: GPU-like 8 + 0.25 n, CPU-like 1 + n. The time is slept,
so it takes no processor from servers and client. Goodput: answers with status 200, the right value and within the SLO,
over the arrivals, which are Poisson and do not wait for answers. Ideal: min(1, capacity / load), where capacity is
that of full batches. Overloads begin with a full queue.

How quiet the machine was: before each part 99 of 100 sleeps of 5 ms were at most {min(over):.1f} to {max(over):.1f} ms
too long, and the client sent 99 of 100 requests at most {lag:.1f} ms late in its worst run (its timers have
milliseconds). It used at most {client:.0%} of a processor. The load average before was {result["loadBefore"]:.1f}.
{quiet}Wrong answers: {wrong} of {asked}. Connections lost: {lost}.

## Goals

{_goals(result)}

## The served bundle alone, SLO {SLO_MS:g} ms

The server's `--request-timeout-seconds` is 0.1; a bundle's `requestTimeoutSeconds` has whole seconds.

{_table(result["alone"])}

## Side by side, model and SLO stretched

BentoML and MLServer take 1 to 2 ms of a processor for a request, so the capacity of the models as they are (2667 and
985 requests/s) would only measure their HTTP path: here the models are slower,
{slos}.
Few batches fit into a run, so goodput is known to a few percent only. `-`: so many had no answer when twice the SLO had
passed after the last one was sent.

{settings}

{_table(result["beside"])}

## Idle: p50 at 2 % of the capacity, with batching and without

SLO {SLO_MS:g} ms, models as they are, both ways in turns. 2 % of the GPU-like model's capacity are 53 requests/s of
8.25 ms each: without batching they wait for each other.

| model | server | requests | failed without | failed with | without, ms | with, ms | ratio |
|---|---|---|---|---|---|---|---|
{_idle_rows(result["idle"])}
"""


def _goals(result: dict[str, Any]) -> str:
    rows: list[list[str]] = []
    for model in each(result["alone"], "model"):
        for load in each(result["alone"], "load"):
            if load > 1:
                found = median(where(result["alone"], model=model, load=load), "ofIdeal")
                verdict = _verdict(found)
                what = f"{model}, {load:g} x capacity: at least {GOAL} of the ideal goodput (floor {FLOOR})"
                rows.append([what, f"{found:.3f}", verdict])
    for model in each(result["idle"], "model"):
        ratio = median(where(result["idle"], server=OURS, model=model), "ratio")
        verdict = "met" if ratio <= IDLE_GOAL else "missed"
        rows.append([f"{model}, idle: p50 within 5 % of no batching", f"{ratio:.3f}", verdict])
    behind = list(_behind(result["beside"]))
    what = "side by side: behind neither BentoML nor MLServer at any load"
    rows.append([what, "; ".join(behind) or "behind at none", "missed" if behind else "met"])
    return table(["goal", "found", ""], rows)


def _verdict(found: float) -> str:
    if found >= GOAL:
        return "met"
    return "missed, above the floor" if found >= FLOOR else "missed, below the floor"


def _behind(runs: Sequence[Run]) -> list[str]:
    found = []
    for model in each(runs, "model"):
        for load in each(runs, "load"):
            ours = median(where(runs, server=OURS, model=model, load=load), "ofIdeal")
            for server in each(runs, "server"):
                other = median(where(runs, server=server, model=model, load=load), "ofIdeal")
                if other > ours + SAME:
                    found.append(f"{model} at {load:g}: {ours:.3f}, {server} {other:.3f}")
    return found


def _table(runs: Sequence[Run]) -> str:
    columns = "model, load, server, of ideal goodput, goodput, late, refused, p50 ms, p99 ms"
    columns += ", server's CPU us/request, busiest process"
    rows: list[list[str]] = []
    for model in each(runs, "model"):
        for load in each(runs, "load"):
            for server in each(runs, "server"):
                these = where(runs, server=server, model=model, load=load)
                cells = [
                    spread(these, "ofIdeal", "{:.3f}".format),
                    *(f"{median(these, key):.1%}" for key in ("goodput", "late", "refused")),
                    *(_time(these, key) for key in ("p50Ms", "p99Ms")),
                    f"{median(these, 'processorMicros'):.0f}",
                    f"{median(these, 'busiestProcess'):.0%}",
                ]
                rows.append([model, f"{load:g}", server, *cells])
    return table(columns.split(", "), rows)


def _idle_rows(runs: Sequence[Run]) -> str:
    rows = []
    for model in each(runs, "model"):
        for server in each(runs, "server"):
            these = where(runs, server=server, model=model)
            plain, batched = (statistics.median(run["p50Ms"][way] for run in these) for way in ("plain", "batched"))
            requests = sum(run["requests"] for run in these)
            ratio = spread(these, "ratio", "{:.3f}".format)
            failed = [sum(run["failed"][way] for run in these) for way in ("plain", "batched")]
            rows.append(line(model, server, requests, *failed, f"{plain:.2f}", f"{batched:.2f}", ratio))
    return "\n".join(rows)


def _time(runs: Sequence[Run], key: str) -> str:
    values = [run[key] for run in runs]
    return "-" if None in values else f"{statistics.median(values):.1f}"
