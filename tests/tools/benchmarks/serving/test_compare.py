"""The comparison of two checkouts: which of them runs."""

from __future__ import annotations

import http.client
import json
import os
import shutil
from pathlib import Path

from tools.benchmarks.serving import ours
from tools.testkit.pair import REPOSITORY


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
