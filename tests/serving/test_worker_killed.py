"""The worker is killed again and again under traffic, and started again as the kubelet does: what it was running is
answered with 503, everything else is answered, and the server is the same process throughout."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from tests.serving.conftest import Served, serving
from tests.serving.test_server_killed import CALLS, Traffic
from tools.testkit.pair import PATIENCE, Background, Pair, until

pytestmark = pytest.mark.undisturbed

KILLS = 20
CONCURRENCY, CLIENTS = 4, 4


def test_twenty_kills_cost_what_was_running_and_nothing_else(
    served: Served, capsys: pytest.CaptureFixture[str]
) -> None:
    pair = served(CALLS, max_concurrency=CONCURRENCY)
    server, gaps = pair.server_pid, []
    with Traffic(pair).running() as traffic:
        for number in range(1, KILLS + 1):
            before = len(traffic.answered)
            until(lambda: len(traffic.answered) > before + 20, "it answers again")  # noqa: B023
            killed = time.monotonic()
            pair.kill(pair.worker)
            assert pair.worker.wait(PATIENCE) == 137
            pair.start_worker()
            gaps.append(traffic.gap_after(killed) - killed)
            assert pair.metric("modelbundle_worker_restarts_total") == number
    gaps.sort()
    ends = traffic.ends
    with capsys.disabled():
        print(
            f"\n{KILLS} kills of the worker: {dict(ends)}; until the next answer {gaps[len(gaps) // 2]:.2f} s in the"
            f" middle, {gaps[-1]:.2f} s at most"
        )
    assert {end: count for end, count in ends.items() if count and end not in ("200", "503")} == {}
    assert ends["503"] <= KILLS * CLIENTS, "each client has one request at a time"
    assert pair.server_pid == server
    assert pair.predict().json[0] == pair.worker_pid
    assert pair.worker_log.count("worker: loaded in") == KILLS + 1
    assert pair.metric("modelbundle_server_restarts_total") == 0


ENDS = """
import os, signal, threading, time

def on_thread(function, *args):
    threading.Thread(target=function, args=args).start()
    time.sleep(60)

def predict(code="os.getpid()"):
    return eval(code)
"""


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    with serving(tmp_path_factory.mktemp("ends") / "root", ENDS) as pair:
        yield pair


@pytest.mark.parametrize(
    ("code", "exit_code"),
    [
        ("os._exit(0)", 0),
        ("os._exit(3)", 3),
        ("os.abort()", 134),
        ("os.kill(os.getpid(), signal.SIGKILL)", 137),
        ("os.execv('/bin/true', ['true'])", 0),
        ("[signal.setitimer(signal.ITIMER_REAL, 0.05), time.sleep(60)]", 142),
        ("on_thread(os._exit, 4)", 4),
    ],
)
def test_a_function_that_ends_its_process_costs_its_own_request(pair: Pair, code: str, exit_code: int) -> None:
    before = pair.server_pid
    answer = pair.predict(code=code)
    assert (answer.status, answer.code, answer.headers["retry-after"]) == (503, "WorkerDied", "1")
    assert pair.worker.wait(PATIENCE) == exit_code, "of the container, whose restart is the kubelet's"
    waiting = Background(pair)
    pair.start_worker()
    assert waiting.answer().json == pair.worker_pid
    assert pair.server_pid == before
