from __future__ import annotations

from typing import Any

from tools.benchmarks.torch import where_page
from tools.benchmarks.torch.page import TITLES, page


def run(number: int, served: float) -> dict[str, Any]:
    direct = {"directPerSecond": 100.0, "directBusy": 0.99, "directP50Us": 10_000.0}
    beside = {"servedPerSecond": served, "servedBusy": 0.9, "servedP50Us": 11_000.0, "meanBatch": 1.0}
    return {"round": number, "size": "small", "way": "one by one", "clients": 1, "rows": 1, **direct, **beside}


def test_a_row_has_the_medians_of_its_rounds_and_the_page_says_the_device() -> None:
    facts = {"seconds": 1, "device": "no GPU", "torch": "2", "processors": 2, "python": "3", "loadBefore": 0.0}
    text = page({**facts, "batch": 16, "runs": [run(0, 90.0), run(1, 95.0), run(2, 40.0)]})
    assert "**Device: no GPU.**" in text
    (row,) = [line for line in text.splitlines() if line.startswith("| small")]
    cells = dict(zip(TITLES, row.strip("| ").split(" | "), strict=True))
    assert (cells["served /s"], cells["of the loop"], cells["p50 served"]) == ("90", "0.900", "11.00 ms")


def test_the_page_of_where_the_time_goes_has_the_medians_of_each_way() -> None:
    runs = [
        {"round": number, "way": "served: nothing", "busy": True, **dict.fromkeys(where_page.PARTS, 10.0 * number)}
        for number in range(3)
    ]
    runs.append({"round": 0, "way": "loop", "busy": False, "callUs": 1700.4})
    facts = {"processors": 2, "python": "3", "kernel": "6", "loadBefore": 0.0, "rounds": 3}
    text = where_page.page({**facts, "runs": runs})
    assert "| served: nothing | never idle | 10 | 10 | 10 | 10 |" in text
    assert "| the model in a loop | as they are |  | 1700 |  |  |" in text
