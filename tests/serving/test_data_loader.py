"""Processes that load batches beside predict_fn, with queues and a handler of SIGCHLD."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.serving.conftest import serving
from tests.serving.data_loader import BATCHES, PREDICT, SOURCE
from tests.serving.test_processes import METHODS, states
from tools.testkit.pair import Pair, until
from tools.testkit.pythons import python_of


@pytest.fixture(scope="module", params=["3.8", "3.13"])
def pair(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    python = python_of(request.param)
    with serving(
        tmp_path_factory.mktemp("loader") / "root",
        f"{PREDICT}\npredict = load\n",
        files={"data_loader.py": SOURCE},
        python=python,
    ) as pair:
        yield pair


@pytest.mark.parametrize("method", METHODS)
class TestEachStartMethod:
    def test_all_batches_come_in_their_order_and_the_processes_end(self, pair: Pair, method: str) -> None:
        assert [pair.predict(method=method).json for _ in range(3)] == [[BATCHES, [0, 0]]] * 3

    def test_one_that_is_killed_is_an_error(self, pair: Pair, method: str) -> None:
        assert "was killed by signal 9" in pair.predict(method=method, kill=True).message
        assert pair.predict(method=method).json == [BATCHES, [0, 0]]


def test_nothing_of_them_stays(pair: Pair) -> None:
    assert pair.predict(method="fork").json == [BATCHES, [0, 0]]
    until(lambda: "Z" not in states(pair.worker.pid), "no zombies")
    assert pair.metric("modelbundle_worker_restarts_total") == 0
