"""The process that serves is killed: clients wait for the next one, the model stays loaded, and what goes on being
killed ends its container."""

from __future__ import annotations

import contextlib
import http.client
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from bundle_runtime.server.parent import KILLS_MAX, KILLS_SECONDS
from tests.serving.conftest import Served
from tests.serving.test_life import GATED, go, started
from tools.testkit.pair import PATIENCE, Background, Pair, until

pytestmark = pytest.mark.undisturbed

CALLS = """
import os, time

calls = 0

def predict(seconds=0.0):
    global calls
    calls += 1
    time.sleep(seconds)
    return [os.getpid(), calls]
"""
KILLS, PODS = 10, 2  # of each, side by side
PAUSE = KILLS_SECONDS / (KILLS_MAX - 1) + 0.1  # as often as it may be killed without an end of its container


def serving(pair: Pair) -> int:
    """The process that serves, once there is one."""
    return int(until(lambda: pair.server_pid != pair.server.pid and pair.server_pid, "a process that serves"))


def kill_serving(pair: Pair, number: int = signal.SIGKILL) -> None:
    """Returns when it is gone: whoever connects now is not its client."""
    pid = serving(pair)
    os.kill(pid, number)
    until(lambda: not Path(f"/proc/{pid}").exists(), "it is gone")


class Traffic:
    """Clients that ask one request after the other, on new connections and on kept ones."""

    def __init__(self, pair: Pair) -> None:
        self._pair = pair
        self.ends: Counter[str] = Counter()
        self.answered: list[tuple[float, float]] = []  # with 200: sent, and over
        self._over = threading.Event()

    @contextlib.contextmanager
    def running(self) -> Iterator[Traffic]:
        threads = [threading.Thread(target=self._ask, args=(kept,), daemon=True) for kept in (False, False, True, True)]
        for thread in threads:
            thread.start()
        until(lambda: self.answered, "traffic")
        yield self
        self._over.set()
        for thread in threads:
            thread.join(PATIENCE)
        self.ends["no end"] += sum(thread.is_alive() for thread in threads)

    def _ask(self, kept: bool) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", self._pair.port, timeout=PATIENCE)
        while not self._over.is_set():
            sent = time.monotonic()
            try:
                connection.request("POST", "/predict", b'{"seconds": 0.002}')
                response = connection.getresponse()
                response.read()
                end = str(response.status)
            except ConnectionRefusedError:
                end = "refused"
            except TimeoutError:
                end = "no end"
            except (OSError, http.client.HTTPException):
                end = "cut"
            self.ends[end] += 1
            if end == "200":
                self.answered.append((sent, time.monotonic()))
            if end != "200" or not kept:
                connection.close()
        connection.close()

    def gap_after(self, moment: float) -> float:
        """Until a request is answered that was sent later."""
        return float(
            until(lambda: min((over for sent, over in self.answered if sent > moment), default=0), "an answer")
        )


def killed_under_traffic(pair: Pair) -> tuple[Counter[str], list[float]]:
    """How requests ended, and the seconds from each kill to the next answer."""
    gaps = []
    with Traffic(pair).running() as traffic:
        for number in range(1, KILLS + 1):
            began = time.monotonic()
            kill_serving(pair)
            killed = time.monotonic()
            gaps.append(traffic.gap_after(killed) - killed)
            assert pair.metric("modelbundle_server_restarts_total") == number
            time.sleep(max(0.0, began + PAUSE - time.monotonic()))
    return traffic.ends, sorted(gaps)


def test_twenty_kills_under_traffic_cost_what_was_in_flight_and_no_model(
    served: Served, capsys: pytest.CaptureFixture[str]
) -> None:
    pairs = [served(CALLS, max_concurrency=4) for _ in range(PODS)]
    before = [pair.predict().json for pair in pairs]
    with ThreadPoolExecutor(PODS) as pool:
        found = list(pool.map(killed_under_traffic, pairs))
    for pair, (worker, first), (ends, gaps) in zip(pairs, before, found, strict=True):
        with capsys.disabled():
            print(
                f"\n{KILLS} kills of the process that serves: {dict(ends)}; until the next answer"
                f" {gaps[len(gaps) // 2]:.2f} s in the middle, {gaps[-1]:.2f} s at most"
            )
        assert ends["refused"] == 0
        assert ends["no end"] == 0
        assert ends["cut"] <= KILLS * 4, "each client has one request at a time"
        assert set(ends) <= {"200", "503", "cut", "refused", "no end"}
        assert ends["503"] < ends["200"]
        now, last = pair.predict().json
        assert now == worker == pair.worker_pid
        assert last > first + ends["200"]
        assert pair.worker_log.count("worker: loaded in") == 1
        assert pair.server.poll() is None


def test_who_connects_meanwhile_waits_and_is_answered(served: Served) -> None:
    pair = served(CALLS, max_concurrency=4)
    worker = pair.predict().json[0]
    kill_serving(pair)
    meanwhile = [Background(pair) for _ in range(30)]
    assert [request.answer().json[0] for request in meanwhile] == [worker] * 30


def test_what_was_in_flight_is_cut(served: Served) -> None:
    pair = served(GATED)
    running = started(pair, "a")
    kill_serving(pair)
    with pytest.raises(AssertionError, match=r"Remote|reset"):
        running.answer()
    go(pair)
    pair.wait_ready()
    assert pair.predict(root="").json == 2


@pytest.mark.parametrize("number", [signal.SIGSEGV, signal.SIGBUS, signal.SIGABRT])
def test_a_crash_is_said_in_words(served: Served, number: signal.Signals) -> None:
    pair = served(CALLS)
    pid = serving(pair)
    kill_serving(pair, number)
    pair.wait_ready()
    assert f"the process that serves ({pid}) was killed by {number.name}: another one" in pair.server_log
    assert pair.predict().json == [pair.worker_pid, 1]


def test_what_goes_on_being_killed_ends_its_container(served: Served) -> None:
    pair = served(CALLS)
    before = pair.predict().json
    for _ in range(KILLS_MAX):
        assert pair.server.poll() is None
        kill_serving(pair)
    assert pair.server.wait(PATIENCE) == 128 + signal.SIGKILL, "as a container's exit code"
    assert "the container ends" in pair.server_log
    with pytest.raises(ConnectionRefusedError):
        pair.open()
    pair.start_server()  # the kubelet does
    pair.wait_ready()
    assert pair.predict().json == [before[0], before[1] + 1]
    assert pair.metric("modelbundle_server_restarts_total") == 0


def test_a_process_that_ends_by_itself_ends_its_container(bundle: Served) -> None:
    pair = bundle(CALLS)
    report = pair.root / "report"
    environment = {**pair._environment(), "MODELBUNDLE_DIGEST": "other", "MODELBUNDLE_TERMINATION_LOG": str(report)}
    command = [sys.executable, "-m", "bundle_runtime.server", "--port", "0"]
    ended = subprocess.run(command, cwd=pair.checkout, env=environment, capture_output=True, timeout=PATIENCE)
    assert ended.returncode == 1
    assert b"BundleDocumentMismatch" in report.read_bytes()
    assert b"killed" not in ended.stderr


def test_a_port_that_is_taken_is_said(bundle: Served) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        command = [sys.executable, "-m", "bundle_runtime.server", "--host", "127.0.0.1", "--port", str(port)]
        pair = bundle(CALLS)
        ended = subprocess.run(command, cwd=pair.checkout, capture_output=True, text=True, timeout=PATIENCE)
    assert (ended.returncode, f"cannot listen on 127.0.0.1 port {port}" in ended.stderr) == (1, True)


def test_one_that_was_asked_to_end_has_no_successor(served: Served) -> None:
    pair = served(GATED)
    started(pair, "a")
    pair.kill(pair.server, signal.SIGTERM)
    until(lambda: not pair.ready(), "it drains")
    kill_serving(pair)
    assert pair.server.wait(PATIENCE) == 128 + signal.SIGKILL


def test_a_second_signal_waits_for_nothing(served: Served) -> None:
    pair = served(GATED)
    started(pair, "a")
    pair.kill(pair.server, signal.SIGTERM)
    until(lambda: not pair.ready(), "it drains")
    assert pair.server.poll() is None
    pair.kill(pair.server, signal.SIGTERM)
    assert pair.server.wait(PATIENCE) == 0


def test_it_does_not_outlive_its_parent(served: Served) -> None:
    pair = served(CALLS)
    pid = serving(pair)
    pair.server.kill()
    until(lambda: not Path(f"/proc/{pid}/fd/0").exists(), "gone")


def test_the_parent_is_small_and_a_signal_to_its_group_comes_once(served: Served) -> None:
    pair = served(CALLS)
    smaps = Path(f"/proc/{pair.server.pid}/smaps_rollup").read_text().splitlines()
    private = sum(int(line.split()[1]) for line in smaps if line.startswith("Private_"))
    assert private < 8192, f"{private} KiB of its own"
    assert os.getpgid(serving(pair)) == serving(pair)
