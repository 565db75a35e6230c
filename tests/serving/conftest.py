"""``served`` makes bundles from source or from objects and serves them; one root for each test."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import cloudpickle
import pytest

from tools.testkit.pair import Pair

Served = Callable[..., Pair]


def code_bundle(root: Path, source: str) -> None:
    """A zip bundle, unpacked: ``source`` is predict.py and gets a load_predict_fn if it has none."""
    artifact = root / "bundle/artifact"
    artifact.mkdir(parents=True)
    if "def load_predict_fn" not in source:
        source += "\n\ndef load_predict_fn(model):\n    return predict\n"
    (artifact / "predict.py").write_text(source)


def pickle_bundle(root: Path, content: Any) -> None:
    artifact = root / "bundle/artifact"
    artifact.mkdir(parents=True)
    (artifact / "bundle.pkl").write_bytes(cloudpickle.dumps(content))


@pytest.fixture
def bundle(tmp_path: Path) -> Iterator[Served]:
    """The pair, not started."""
    pairs: list[Pair] = []

    def make(content: Any, document: dict[str, Any] | None = None, **options: Any) -> Pair:
        root = tmp_path / str(len(pairs))
        if isinstance(content, str):
            code_bundle(root, content)
        elif "WORKER_PYTHON" in os.environ:
            pytest.skip("its objects are pickled by the tests' own Python, which the worker does not run under")
        else:
            pickle_bundle(root, content)
        pairs.append(Pair(root, document or {}, **options))
        return pairs[-1]

    yield make
    for pair in pairs:
        pair.stop()


@pytest.fixture
def served(bundle: Served) -> Served:
    """The pair, ready."""
    return lambda *args, **options: bundle(*args, **options).start()
