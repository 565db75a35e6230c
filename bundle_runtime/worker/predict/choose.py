"""Which predictor a loaded bundle gets: one for functions, or one for objects with predict_batch."""

from __future__ import annotations

from typing import Any

from bundle_runtime.contract.report import LOAD_FAILED, fail
from bundle_runtime.worker.predict.batch import BatchPredictor
from bundle_runtime.worker.predict.function import FunctionPredictor
from bundle_runtime.worker.predict.predictor import Predictor

DEFAULT_BATCH_SIZE = 64
MAX_BATCH_SIZE = 4096


def predictor_for(predict_fn: Any, schema_fields: frozenset[str]) -> Predictor:
    """What can be called is called, whatever other methods it has. LoadFailed for attributes that cannot be."""
    if callable(predict_fn) or not callable(getattr(predict_fn, "predict_batch", None)):
        return FunctionPredictor(predict_fn, schema_fields)
    return BatchPredictor(predict_fn, _batch_size(predict_fn))


def _batch_size(predict_fn: Any) -> int:
    """How many requests predict_batch takes at most: its object's ``max_batch_size``."""
    size = getattr(predict_fn, "max_batch_size", DEFAULT_BATCH_SIZE)
    if type(size) is not int or not 0 < size <= MAX_BATCH_SIZE:
        raise fail(LOAD_FAILED, f"max_batch_size is {size!r}: it must be a whole number from 1 to {MAX_BATCH_SIZE}")
    return size
