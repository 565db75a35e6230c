"""The page of a result. Pure."""

from __future__ import annotations

import statistics
from typing import Any

from tools.benchmarks.harness.tables import table

TITLES = (
    "model",
    "way",
    "clients",
    "in a loop /s",
    "served /s",
    "of the loop",
    "p50 in a loop",
    "p50 served",
    "mean batch",
    "busy in a loop",
    "busy served",
)


def page(result: dict[str, Any]) -> str:
    cells: dict[tuple[str, str, int], list[dict[str, Any]]] = {}
    for run in result["runs"]:
        cells.setdefault((run["size"], run["way"], run["clients"]), []).append(run)
    rows = [_row(*key, runs) for key, runs in cells.items()]
    return f"""# A torch model behind a served bundle

`make bench-torch`, {result["seconds"]} s: a transformer of random weights puts a class to 64 tokens (small: width 128,
2 layers; large: width 512, 6 layers). Served by a server and a worker as local processes, both schemas on; beside it
the same model in a loop in a process of its own. **Device: {result["device"]}.** torch {result["torch"]},
{result["processors"]} cores, Python {result["python"]}; the load before was {result["loadBefore"]:.1f}.

Rates are rows a second, medians of the rounds; in batches the loop calls the model with full batches of
{result["batch"]}. Busy is the share of the time in which the device computed: by CUDA events on a GPU, else the time in
the model.

{table(TITLES, rows)}
"""


def _row(size: str, way: str, clients: int, runs: list[dict[str, Any]]) -> list[object]:
    middle = {key: statistics.median(run[key] for run in runs) for key in runs[0] if type(runs[0][key]) is float}
    share = statistics.median(run["servedPerSecond"] / run["directPerSecond"] for run in runs)
    return [
        size,
        way,
        clients,
        f"{middle['directPerSecond']:.0f}",
        f"{middle['servedPerSecond']:.0f}",
        f"{share:.3f}",
        f"{middle['directP50Us'] / 1000:.2f} ms",
        f"{middle['servedP50Us'] / 1000:.2f} ms",
        f"{middle['meanBatch']:.1f}",
        f"{middle['directBusy']:.1%}",
        f"{middle['servedBusy']:.1%}",
    ]
