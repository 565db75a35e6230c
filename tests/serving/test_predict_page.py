"""The Python of docs/reference/predict.md, each block as a bundle's predict.py."""

from __future__ import annotations

from tests.serving.conftest import Served
from tools.testkit.page_blocks import ROOT, blocks

BATCHES, NOT_FINITE = (
    block for block in blocks() if block.page == ROOT / "docs/reference/predict.md" and block.language == "python"
)
MODEL = """

class Model:
    def scores(self, rows):
        return [float("nan") if row == "nan" else len(row) for row in rows]


def load_model_fn():
    return Model()
"""


def test_the_object_with_predict_batch(served: Served) -> None:
    pair = served(BATCHES.text + MODEL, {"loadModelFn": "predict.load_model_fn"})
    assert "max_batch_size = 64" in BATCHES.text
    assert pair.predict(text="four").json == 4


def test_the_function_that_wants_null(served: Served) -> None:
    pair = served(NOT_FINITE.text + MODEL, {"loadModelFn": "predict.load_model_fn"})
    assert pair.predict(rows=["four", "nan"]).json == [4, None]
