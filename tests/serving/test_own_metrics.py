"""A bundle's own metrics are scraped with the server's, from code that only imports prometheus_client."""

from __future__ import annotations

from prometheus_client.parser import text_string_to_metric_families

from tests.serving.conftest import Served
from tools.testkit.page_blocks import ROOT, blocks
from tools.testkit.pair import Pair, until

COUNTS = """
from prometheus_client import Counter, Gauge

tokens = Counter("tokens", "Tokens that were made.", ["model"])
Gauge("modelbundle_worker_up", "Not ours.").set(42)

def predict(n: int):
    tokens.labels("small").inc(n)
    return n
"""
HANGS = """
import os, time
from prometheus_client import Counter, REGISTRY

class Hangs:
    def describe(self):
        return []

    def collect(self):
        while os.path.exists(HANGING):
            time.sleep(0.01)
        return []

REGISTRY.register(Hangs())
Counter("mine", "Mine.").inc()

def predict():
    return 7
"""
LATE = """
def predict():
    from prometheus_client import Counter
    Counter("mine", "Mine.").inc()
"""


MODEL = """

class Model:
    def generate(self, text):
        return text.split()


def load_model_fn():
    return Model()
"""


def value(pair: Pair, name: str, **labels: str) -> float | None:
    """Of a sample, in a text of which every line can be read."""
    text = pair.call("GET", "/metrics").body.decode()
    samples = [sample for family in text_string_to_metric_families(text) for sample in family.samples]
    found = [sample.value for sample in samples if sample.name == name and sample.labels == labels]
    assert len(found) <= 1, f"{name} comes more than once"
    return found[0] if found else None


def test_what_predict_counts_is_scraped(served: Served) -> None:
    pair = served(COUNTS, max_concurrency=2)
    for n in (1, 2):
        pair.predict(n=n)
    assert value(pair, "tokens_total", model="small") == 3
    assert value(pair, "modelbundle_worker_up") == 1, "a name that the server has is the server's"
    assert value(pair, "modelbundle_user_metrics_missed_total") == 0
    pair.kill(pair.worker)
    pair.worker.wait()
    until(lambda: value(pair, "modelbundle_worker_up") == 0, "the worker is gone")
    assert value(pair, "tokens_total", model="small") is None
    pair.start_worker()
    pair.wait_ready()
    pair.predict(n=5)
    assert value(pair, "tokens_total", model="small") == 5


def test_the_example_of_the_page_counts(served: Served) -> None:
    (example,) = (
        block.text for block in blocks() if block.page == ROOT / "docs/reference/metrics.md" and block.is_python
    )
    pair = served(example + MODEL, {"loadModelFn": "predict.load_model_fn"})
    assert pair.predict(text="two words").json == ["two", "words"]
    assert value(pair, "tokens_total", model="small") == 2


def test_a_worker_without_any_answers_as_ever(served: Served) -> None:
    pair = served("def predict():\n    return 7\n")
    assert value(pair, "modelbundle_worker_up") == 1
    assert value(pair, "modelbundle_user_metrics_missed_total") == 0


def test_an_import_after_the_load_is_noticed(served: Served) -> None:
    pair = served(LATE)
    pair.predict()
    until(lambda: value(pair, "mine_total") == 1, "a heartbeat, once a second, has said so")


def test_a_collector_that_hangs_hangs_nothing_else(bundle: Served, tmp_path) -> None:
    hanging = tmp_path / "hanging"
    hanging.touch()
    pair = bundle(f"HANGING = {str(hanging)!r}\n{HANGS}").start()
    missed = value(pair, "modelbundle_user_metrics_missed_total") or 0.0
    assert value(pair, "mine_total") is None
    assert pair.predict().json == 7
    assert (value(pair, "modelbundle_user_metrics_missed_total") or 0.0) > missed
    assert pair.call("GET", "/readyz").status == 200
    hanging.unlink()
    until(lambda: value(pair, "mine_total") == 1, "it goes on, and so do the metrics")
