"""A model folder whose code is its own (trust_remote_code of transformers) is loaded from where it was packed."""

from __future__ import annotations

import json

import pytest

from tests.serving.conftest import Served
from tests.serving.test_caches import as_in_a_pod
from tools.testkit.environments import python_with

SOURCE = """
import pathlib
from transformers import AutoConfig

WEIGHTS = pathlib.Path(__file__).with_name("weights")

def load_model():
    return AutoConfig.from_pretrained(str(WEIGHTS), trust_remote_code=True)

def load_predict_fn(config):
    return lambda x: [type(config).__name__, config.scaled(x)]
"""
CODE = """
from transformers import PretrainedConfig

class TinyConfig(PretrainedConfig):
    model_type = "tiny-of-ours"

    def __init__(self, factor=1, **more):
        self.factor = factor
        super().__init__(**more)

    def scaled(self, x):
        return x * self.factor
"""
CONFIG = {"model_type": "tiny-of-ours", "auto_map": {"AutoConfig": "configuration_tiny.TinyConfig"}, "factor": 3}


def test_code_of_the_folder_is_loaded_without_a_network_and_kept_below_home(bundle: Served) -> None:
    try:
        python = python_with("3.11", "transformers==4.46.3", "numpy==2.2.6")
    except RuntimeError as error:
        pytest.skip(f"needs transformers for CPython 3.11: {str(error)[-300:]}")
    pair = bundle(SOURCE, {"loadModelFn": "predict.load_model"}, python=str(python))
    weights = pair.root / "bundle/artifact/weights"
    weights.mkdir()
    (weights / "config.json").write_text(json.dumps(CONFIG))
    (weights / "configuration_tiny.py").write_text(CODE)
    temporary = as_in_a_pod(pair)
    pair.environment["HF_HUB_OFFLINE"] = "1"
    assert pair.start().predict(x=2).json == ["TinyConfig", 6]
    # transformers copies such code to import it: into the caches of HOME, as the bundle cannot be written
    assert list((temporary / "home/.cache").rglob("configuration_tiny.py"))
    assert sorted(path.name for path in weights.iterdir()) == ["config.json", "configuration_tiny.py"]
