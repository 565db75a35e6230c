"""What a run leaves: JSON that is small and from which its page can be made again."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from tools.benchmarks import oip_conformance, upload
from tools.benchmarks.batching.page import page as batching_page
from tools.benchmarks.harness import results
from tools.benchmarks.serving import results as serving
from tools.benchmarks.serving.page import page_of
from tools.benchmarks.soak.page import page as soak_page
from tools.benchmarks.torch.page import page as torch_page

PAGES: dict[str, Callable[[dict[str, Any]], str]] = {
    "batching": batching_page,
    "oip-conformance": oip_conformance.page,
    "serving": page_of,
    "soak": soak_page,
    "torch": torch_page,
    "upload": upload.page,
}


@pytest.mark.parametrize("name", PAGES)
def test_a_published_page_is_what_its_figures_say(name: str) -> None:
    assert PAGES[name](results.read(name)) == (results.RESULTS / f"{name}.md").read_text()


@pytest.mark.parametrize("name", PAGES)
def test_published_figures_are_a_few_hundred_lines(name: str) -> None:
    text = (results.RESULTS / f"{name}.json").read_text()
    assert text == results.as_text(json.loads(text)) + "\n"
    assert len(text.splitlines()) <= 300


def test_a_row_has_one_line_and_a_figure_no_noise() -> None:
    runs = [{"server": "a" * 200, "micros": 1 / 3, "rounds": [1.0, 2.0]}] * 2
    lines = results.as_text({"runs": runs, "load": 0.1 + 0.2}).splitlines()
    assert [line.strip()[:9] for line in lines] == ["{", '"runs": [', '{"server"', '{"server"', "],", '"load": 0', "}"]
    assert '"micros": 0.3333333, ' in lines[2]
    assert lines[5] == ' "load": 0.3'


def test_what_is_read_back_is_what_was_measured() -> None:
    value = {"runs": [{"a": 1, "b": [1.5, None], "c": {"d": "é"}}], "none": [], "text": "x" * 300}
    assert json.loads(results.as_text(value)) == value


def test_a_benchmarks_page_is_made_from_what_is_kept(tmp_path: Any, capsys: pytest.CaptureFixture[str]) -> None:
    results.publish("x", {"micros": 1 / 3}, lambda kept: f"{kept['micros']!r}\n", tmp_path)
    assert (tmp_path / "x.md").read_text() == "0.3333333\n"
    assert json.loads((tmp_path / "x.json").read_text()) == {"micros": 0.3333333}
    assert capsys.readouterr().out == "0.3333333\n\n"


def test_the_rows_of_the_serving_benchmark_hold_all_that_its_cells_are_made_of() -> None:
    one = {"server": "a", "row": "small", "cores": 1, "clients": 32}
    records = [{**one, "round": number, "cpuUs": 20.0 + number, "clientUs": 8.0, "requests": 9} for number in (1, 2, 3)]
    records += [{"server": "a", "row": "start", "cores": 1, "wallSeconds": 1.0}]
    records += [{"server": "b", "row": "start", "cores": 1, "error": "no loop"}]
    rows = serving.packed(records)
    assert rows[0] == {**one, "cpuUs": [21.0, 22.0, 23.0]}
    kept, measured = serving.cells(serving.unpacked(rows)), serving.cells(records)
    assert kept["b"] == measured["b"]
    assert kept["a"]["small", 1, 32].median == {"cpuUs": 22.0}
    assert kept["a"]["start", 1, 0] == measured["a"]["start", 1, 0]
