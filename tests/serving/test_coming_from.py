"""The Python of the pages for those who come from elsewhere, each block as a bundle's predict.py."""

from __future__ import annotations

import pytest

from tests.serving.conftest import Served
from tools.testkit.page_blocks import ROOT, blocks

LOADED = {"loadModelFn": "predict.load_model_fn", "loadPredictFn": "predict.load_predict_fn"}


@pytest.mark.parametrize(
    ("page", "fields", "answer"),
    [("from-kserve.md", {"x": [1.2, 3.9]}, 5), ("from-bentoml.md", {"text": "First. Second."}, "First")],
)
def test_what_the_page_shows_answers(served: Served, page: str, fields: dict[str, object], answer: object) -> None:
    (code,) = (block.text for block in blocks() if block.page == ROOT / "docs/how-to" / page and block.is_python)
    assert served(code, LOADED).predict(**fields).json == answer
