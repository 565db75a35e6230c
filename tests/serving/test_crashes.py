"""A compiled package that ends the worker's process: the container's exit code, of which the operator makes its row."""

from __future__ import annotations

import pytest

from bundle_runtime.advice.row import ENDED
from bundle_runtime.advice.table import advice_for
from tests.serving.conftest import Served
from tests.serving.test_caches import LOADING, as_in_a_pod
from tools.testkit.pair import PATIENCE

SHORTER_THAN_IT_WAS = """
    with tempfile.TemporaryFile() as file:
        file.truncate(8192)
        seen = mmap.mmap(file.fileno(), 8192)
        file.truncate(0)
        seen[0]
"""


@pytest.mark.parametrize(
    ("body", "code", "row"),
    [
        ("    ctypes.string_at(0)\n", 139, "segmentation-fault"),
        ("    os.abort()\n", 134, "abort"),
        (SHORTER_THAN_IT_WAS, 135, "bus-error"),
        ("    signal.raise_signal(signal.SIGILL)  # as the processor does\n", 132, "illegal-instruction"),
    ],
)
def test_the_exit_code_of_a_crash_has_a_row(bundle: Served, body: str, code: int, row: str) -> None:
    head = "import ctypes, mmap, os, signal, tempfile\n\ndef load():\n"
    pair = bundle(f"{head}{body}\ndef load_predict_fn(model):\n    return lambda: model\n", LOADING)
    as_in_a_pod(pair)
    pair.start(wait=False)
    assert pair.worker.wait(PATIENCE) == code
    said = advice_for(ENDED, f"container worker ended with exit code {code}")
    assert said is not None
    assert said.code == row
