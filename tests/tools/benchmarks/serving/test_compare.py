"""The comparison of two checkouts: which of them runs, and when one is slower."""

from __future__ import annotations

import http.client
import json
import os
import shutil
from pathlib import Path

import pytest

from tools.benchmarks.serving import ours
from tools.benchmarks.serving.compare import Row
from tools.testkit.pair import REPOSITORY


@pytest.mark.parametrize(
    ("here", "again", "other", "equal"),
    [
        (20.0, 20.0, 20.0, True),
        (21.0, 21.0, 20.0, True),
        (21.2, 21.2, 20.0, False),
        (21.0, 23.0, 20.0, False),
        (20.0, 23.0, 20.0, True),
        (10.0, 10.0, 20.0, True),
    ],
)
def test_slower_is_more_than_a_twentieth_and_than_equal_copies_differ(
    here: float, again: float, other: float, equal: bool
) -> None:
    row = Row("small", here, again, other)
    assert row.is_equal == equal, (row.ratio, row.spread)


def test_the_other_checkout_is_the_one_that_runs(tmp_path: Path) -> None:
    checkout = tmp_path / "checkout"
    for package in ("bundle_runtime", "bundle_spec"):
        shutil.copytree(REPOSITORY / package, checkout / package, ignore=shutil.ignore_patterns("__pycache__"))
    routes = checkout / "bundle_runtime/server/routes.py"
    routes.write_text(routes.read_text().replace('PRODUCT = "Model Bundles"', 'PRODUCT = "another"'))
    started = ours.start(schemas=True, checkout=checkout)(tmp_path / "root", ("largest",), os.sched_getaffinity(0))
    with started as served:
        connection = http.client.HTTPConnection("127.0.0.1", served.port, timeout=30)
        connection.request("GET", "/")
        assert json.loads(connection.getresponse().read())["product"] == "another"
        connection.close()
