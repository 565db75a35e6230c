"""The bundle that is attacked: it answers quickly, or as slowly and as much as it is asked for."""

from __future__ import annotations

MODEL = "def load(): return lambda x: x * 2\n"
PREDICT = """
import time


def predict(x=None, y="", size=0, wait=0.0, items=0):
    if items:
        return ("i" * 1000 for _ in range(items))
    time.sleep(min(wait, 1.0))
    if size:
        return "a" * min(size, 100_000_000)
    return 2 * x + len(y) if type(x) is int else len(y)


def load(model):
    return predict


def load_predict_fn(model):
    return predict
"""
