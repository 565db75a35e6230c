"""Every hostile client of the table against a real server with its worker, alone and beside all others: what comes back
is right, another client is answered meanwhile, and server and worker are there afterwards."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.serving.other_clients import OtherClients
from tools.testkit.hostile.mix import Outcomes, once
from tools.testkit.hostile.row import Row, Target
from tools.testkit.hostile.served import PREDICT
from tools.testkit.hostile.table import CROWDS, ROWS
from tools.testkit.pair import REPOSITORY, Pair, code_bundle, stopping, until

pytestmark = pytest.mark.undisturbed

SLOW = [row for row in ROWS if row.slow]
UNREAD = [row for row in ROWS if row.right == {"held", "ended"} and row not in CROWDS]  # they take memory for seconds
QUICK = [row for row in ROWS if not row.slow and row not in (*UNREAD, *CROWDS)]
MIX_SECONDS = 25
MOST = 0.8  # of the memory that a pod's server has


class Attacked:
    """A pair, and the rows that mostly wait: they run beside the other tests."""

    def __init__(self, pair: Pair, pool: ThreadPoolExecutor) -> None:
        self.pair = pair
        self.target = Target("127.0.0.1", pair.port, "model")
        self.slow: Future[Outcomes] = pool.submit(lambda: asyncio.run(once(SLOW, self.target)))
        self.others = OtherClients(pair)

    def is_as_before(self) -> None:
        """Others have been answered since, and nothing has ended."""
        before = self.others.count
        until(lambda: self.others.count > before + 2, "the other clients are answered")
        assert self.others.failed == []
        assert self.pair.server.poll() is None
        assert self.pair.worker.poll() is None

    def attackers(self, *options: str) -> dict[str, dict[str, dict[str, int]]]:
        """What came back to a process of their own."""
        where = [self.target.host, str(self.target.port), "--json"]
        command = [sys.executable, "-m", "tools.testkit.hostile", *where, *options]
        done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=False)
        assert done.stdout, done.stderr
        found = json.loads(done.stdout)
        assert found["wrong"] == []
        return dict(found)


@pytest.fixture(scope="module")
def attacked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Attacked]:
    root = tmp_path_factory.mktemp("mixed") / "root"
    code_bundle(root, PREDICT)
    with stopping(Pair(root, {})) as pair, ThreadPoolExecutor(1) as pool:
        found = Attacked(pair.start(), pool)
        yield found
        found.others.stop()


def peak_memory(pair: Pair) -> int:
    """Of the server, since its start."""
    status = Path(f"/proc/{pair.server.pid}/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) * 1024


def test_the_table_is_long_and_no_name_is_there_twice() -> None:
    assert len({row.name for row in ROWS}) == len(ROWS) >= 60


@pytest.mark.parametrize("row", QUICK, ids=lambda row: row.name)
def test_alone(attacked: Attacked, row: Row) -> None:
    assert asyncio.run(row.act(attacked.target)) in row.right
    attacked.is_as_before()


def test_those_that_wait(attacked: Attacked) -> None:
    found = attacked.slow.result()
    assert {row.name: list(found[row.name]) for row in SLOW if not row.right.issuperset(found[row.name])} == {}
    attacked.is_as_before()


def test_answers_that_are_not_read(attacked: Attacked) -> None:
    found = asyncio.run(once(UNREAD, attacked.target))
    assert {row.name: list(found[row.name]) for row in UNREAD if not row.right.issuperset(found[row.name])} == {}
    attacked.is_as_before()


def test_crowds(attacked: Attacked) -> None:
    attacked.attackers("--once", *(f"--row={row.name}" for row in CROWDS))
    attacked.is_as_before()


def test_all_of_them_side_by_side(attacked: Attacked) -> None:
    attacked.attackers(f"--seconds={MIX_SECONDS}")
    attacked.is_as_before()
    limit = attacked.pair.call("GET", "/").json["limits"]["memoryBytes"]
    assert peak_memory(attacked.pair) <= MOST * limit
