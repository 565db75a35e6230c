"""The page of where the time of one request goes. Pure."""

from __future__ import annotations

import statistics
from typing import Any

from tools.benchmarks.harness.tables import table

TITLES = ("", "cores", "way there us", "the call us", "way back us", "all us")
PARTS = ("thereUs", "callUs", "backUs", "wholeUs")


def page(result: dict[str, Any]) -> str:
    cells: dict[tuple[str, bool], list[dict[str, Any]]] = {}
    for run in result["runs"]:
        cells.setdefault((run["way"], run["busy"]), []).append(run)
    rows = [
        [_NAMES.get(way, way), "never idle" if busy else "as they are", *(_middle(runs, part) for part in PARTS)]
        for (way, busy), runs in cells.items()
    ]
    return f"""# Where the time of one torch request goes

`python -m tools.benchmarks.torch.where`: the small model of [torch.md](torch.md), one client that asks one request
after the other. The function says when it was entered and left. Medians of {result["rounds"]} rounds;
{result["processors"]} cores, Linux {result["kernel"]}, Python {result["python"]}; the load before was
{result["loadBefore"]}.

{table(TITLES, rows)}

"Never idle": a program of the lowest priority (SCHED_IDLE) on each core, which gives way at once, keeps the core from
being halted, so that whatever wakes there runs at once.
"""


_NAMES = {"loop": "the model in a loop", "paused": "the model in a loop, with a pause of 0.3 ms before each call"}


def _middle(runs: list[dict[str, Any]], part: str) -> str:
    found = [run[part] for run in runs if part in run]
    return f"{statistics.median(found):.0f}" if found else ""
