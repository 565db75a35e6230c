"""``served`` makes bundles from source or from objects and serves them; one root for each test."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.serving.open_inference import MIRROR, SEED, SEED_DOCUMENT
from tools.testkit.pair import Pair, code_bundle, pickle_bundle, stopping

__all__ = ["Served", "code_bundle"]

Served = Callable[..., Pair]


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


@pytest.fixture(scope="module")
def seed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    with serving(tmp_path_factory.mktemp("seed") / "root", SEED, SEED_DOCUMENT, name="seed") as pair:
        yield pair


@pytest.fixture(scope="module")
def mirror(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    with serving(tmp_path_factory.mktemp("mirror") / "root", MIRROR, name="mirror") as pair:
        yield pair


@contextlib.contextmanager
def serving(
    root: Path,
    source: str,
    document: Mapping[str, Any] | None = None,
    files: Mapping[str, str] | None = None,
    **options: Any,
) -> Iterator[Pair]:
    """The pair of a bundle whose predict.py is ``source``, with ``files`` beside it, ready; stopped in the end."""
    code_bundle(root, source)
    for name, text in (files or {}).items():
        (root / "bundle/artifact" / name).write_text(text)
    with stopping(Pair(root, dict(document or {}), **options)) as pair:
        yield pair.start()
