"""The page of the asynchronous function. Pure."""

from __future__ import annotations

from typing import Any

from tools.benchmarks.harness.tables import one_line, table
from tools.benchmarks.serving.page import figure, provisional
from tools.benchmarks.serving.results import AGAIN, OURS, Cell, cells, ratio, unpacked

QUIET_LOAD = 2.0
TITLES = ("", "version", "answers", "wrong", "CPU us (best)", "ratio to ours", "req/s", "p50 ms", "p99 ms")


def page(result: dict[str, Any]) -> str:
    """Of what is kept of a run."""
    found = cells(unpacked(result["rows"]))
    answers = {row["server"]: round(sum(row.get("answers", []))) for row in result["rows"]}
    rows = [
        [name, result["versions"][name], *_row(each, answers[name], ratio(found, name, key))]
        for name, by_key in found.items()
        for key, each in by_key.items()
    ]
    return f"""# An asynchronous function, {result["clients"]:,} requests at once

`make bench-serving`: the same file behind each server, [asking.py](../serving/apps/asking.py). Each request asks a
stand-in for another service, which takes 20 ms, by one client and within one Semaphore of {result["limit"]} that all
requests share. The stand-in answers an error when more requests or connections than that come at once.
{_provisional(result)}
{table(TITLES, rows)}

- Rounds: {result["rounds"]}. In each every server is started, asked for {result["secondsEach"]} s by
  {result["clients"]:,} clients of wrk that ask again once they have their answer, and stopped. Figures are medians of
  the rounds, in parentheses the best; answers are all that were counted, each looked at. A server with one wrong
  answer, or one connection that failed, stands with that.
- Servers at their defaults, but for what they have at once: `serving.maxConcurrency: 1000` of ours, Ray Serve's
  `max_ongoing_requests=1000`, LitServe's `enable_async=True`. Ours with both schemas.
- The server has core 0; client and stand-in have core 1. CPU is that of the server's process tree per answer, the
  function's own client included. Rates beyond {result["limit"] * 50:,}/s are not possible.
- {result["processors"]} cores, Linux {result["kernel"]}, Python {result["python"]}; the load was
  {result["loadBefore"]} before. {OURS} and {AGAIN} are equal copies: by as much as they differ, all is noise.
"""


def _provisional(result: dict[str, Any]) -> str:
    busy = f"other programs ran meanwhile, at a load of {result['loadBefore']}"
    return provisional(result["rounds"], busy if result["loadBefore"] > QUIET_LOAD else "")


def _row(cell: Cell, answers: int, times: float | None) -> list[object]:
    if not cell.median:
        return ["", one_line(cell.error or cell.missing)[:200], "", "", "", "", ""]
    middle = cell.median
    cpu = f"{figure(middle['cpuUs'])} ({figure(cell.best['cpuUs'])})"
    latencies = [figure(middle[name] * 1e-3) for name in ("p50Us", "p99Us")]
    return [f"{answers:,}", 0, cpu, f"{figure(times or 0.0)}x", figure(middle["perSecond"]), *latencies]
