"""Models of pydantic 1 and 2 become JSON by the table of docs/reference/predict.md.

Except for what a model itself says.
"""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from tools.testkit.environments import python_with

REPOSITORY = Path(__file__).resolve().parents[4]
STARS = "**********"
INNER = {"raw": "YWJj", "span": 90.0}
FOUND = {
    "values": {
        "inner": INNER,
        "inners": [INNER],
        "named": {"1": "YWJj"},
        "spans": [-3600.0, 0.0],
        "raws": ["YQ==", "Yg=="],
        "kind": "cmF3",
        "any": "YWJj",
        "text": "PT1M",
        "texts": ["abc"],
        "when": "2020-01-02T00:00:00",
        "amount": "1.10",
        "secret": STARS,
        "theAlias": "YWJj",
    },
    "binary": {"raw": "/w==", "secret": STARS},
    "held": {"a": [INNER]},
}
OF_TWO = {
    "own": {"raw": "_w==", "span": 90.0, "hexed": "616263", "spelt": "a minute and a half", "url": "http://a/b"},
    "root": ["YWJj"],
}


@pytest.mark.parametrize(
    ("series", "package", "more"),
    [("3.8", "pydantic==1.10.26", {}), ("3.8", "pydantic==2.5.3", OF_TWO), ("3.12", "pydantic==2.12.5", OF_TWO)],
)
def test_values_in_models(series: str, package: str, more: dict[str, object]) -> None:
    script = REPOSITORY / "tests/bundle_runtime/worker/encode/pydantic_values.py"
    python = python_with(series, package)
    done = subprocess.run(
        [python, script], capture_output=True, text=True, check=False, env={"PYTHONPATH": str(REPOSITORY)}
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {**FOUND, **more}
