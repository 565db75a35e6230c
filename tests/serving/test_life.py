"""Processes die, clients leave, pods go away: what every request then gets, and who comes back."""

from __future__ import annotations

import os
import signal
import threading
from pathlib import Path

from tests.serving.conftest import Served
from tools.testkit.pair import PATIENCE, Background, Pair, until

# predict(wait=...) says that it runs, and runs until the file `go` is there
GATED = """
import os, time

calls = 0
loads = 0

def predict(root, wait=False, tag=""):
    global calls
    calls += 1
    if tag:
        open(os.path.join(root, "ran-" + tag), "w").close()
    if wait:
        while not os.path.exists(os.path.join(root, "go")):
            time.sleep(0.005)
    return calls
"""


def started(pair: Pair, tag: str, wait: bool = True) -> Background:
    request = Background(pair, root=str(pair.root), wait=wait, tag=tag)
    until((pair.root / f"ran-{tag}").exists, f"{tag} runs")
    return request


def go(pair: Pair) -> None:
    (pair.root / "go").touch()


def test_a_worker_that_dies_takes_its_request_and_comes_back(served: Served) -> None:
    pair = served(GATED)
    running = started(pair, "a")
    waiting = Background(pair, root=str(pair.root))
    until(lambda: pair.metric("modelbundle_queue_depth") == 1, "one waits")
    pair.kill(pair.worker)
    assert (running.answer().status, running.answer().code) == (503, "WorkerDied")
    assert not pair.ready()
    assert pair.call("GET", "/healthz").status == 200
    assert pair.call("GET", "/internal/worker/started").status == 503
    new = Background(pair, root="")

    pair.start_worker()
    pair.wait_ready()
    assert waiting.answer().json + new.answer().json == 1 + 2, "they waited for it"
    assert pair.metric("modelbundle_worker_restarts_total") == 1


def test_a_server_that_dies_finds_the_model_still_loaded(served: Served) -> None:
    pair = served(GATED)
    assert pair.predict(root="").json == 1
    pair.kill(pair.server)
    pair.server.wait()
    pair.start_server()
    pair.wait_ready()
    assert pair.predict(root="").json == 2, "the same process, the same module: nothing was loaded again"


def test_an_answer_for_a_dead_server_is_not_given_to_the_next_ones_clients(served: Served) -> None:
    pair = served(GATED)
    started(pair, "old")
    pair.kill(pair.server)
    pair.server.wait()
    pair.start_server()
    pair.wait_ready()
    new = Background(pair, root="")
    until(lambda: pair.metric("modelbundle_requests_in_flight") == 1, "sent")
    go(pair)
    assert new.answer().json == 2, "1 is the answer to the old request"


def test_a_late_request_is_answered_and_its_slot_stays_busy(served: Served) -> None:
    pair = served(GATED, request_timeout_seconds=2)
    late = started(pair, "late")
    queued = Background(pair, root=str(pair.root), tag="never")
    assert (late.answer().status, late.answer().code) == (504, "DeadlineExceeded")
    assert pair.metric("modelbundle_requests_in_flight") == 1, "it cannot be stopped"
    assert queued.answer().code == "DeadlineExceeded"
    go(pair)
    until(lambda: pair.metric("modelbundle_requests_in_flight") == 0, "the slot is free again")
    assert pair.predict(root="").json == 2, "the queued one was never run"
    assert not (pair.root / "ran-never").exists()


def test_a_worker_whose_places_are_all_held_past_the_deadline_is_not_ready(served: Served) -> None:
    pair = served(GATED, request_timeout_seconds=2)
    held = started(pair, "a")
    assert held.answer().code == "DeadlineExceeded"
    until(lambda: not pair.ready(), "not ready")
    refused = pair.predict(root="")
    assert (refused.status, refused.code) == (503, "WorkerStalled")
    go(pair)
    until(pair.ready, "ready again")
    assert pair.predict(root="").status == 200
    assert pair.call("GET", "/internal/worker/alive").status == 200


def test_a_full_queue_says_so(served: Served) -> None:
    pair = served(GATED)
    running = started(pair, "a")
    waiting = [Background(pair, root="") for _ in range(10)]
    until(lambda: pair.metric("modelbundle_queue_depth") == 10, "all wait")
    refused = pair.predict(root="")
    assert (refused.status, refused.code, refused.headers["retry-after"]) == (429, "QueueFull", "1")
    go(pair)
    assert sorted(request.answer().json for request in [running, *waiting]) == list(range(1, 12))


def test_a_quick_function_has_a_longer_queue(served: Served) -> None:
    pair = served("import time\ndef predict():\n    time.sleep(0.001)\n    return 1\n")
    assert pair.predict().status == 200
    many = [Background(pair) for _ in range(40)]
    assert {request.answer().status for request in many} == {200}


def test_a_client_that_leaves_frees_its_place(served: Served) -> None:
    pair = served(GATED)
    running = started(pair, "a")
    body = b'{"root": "%s", "tag": "gone"}' % str(pair.root).encode()
    with pair.open() as connection:
        connection.sendall(b"POST /predict HTTP/1.1\r\nhost: x\r\ncontent-length: %d\r\n\r\n%b" % (len(body), body))
        until(lambda: pair.metric("modelbundle_queue_depth") == 1, "it waits")
    until(lambda: pair.metric("modelbundle_queue_depth") == 0, "it is dropped")
    go(pair)
    assert running.answer().json == 1
    assert pair.predict(root="").json == 2
    assert not (pair.root / "ran-gone").exists()
    assert pair.metric('modelbundle_requests_total{code="ClientGone",status="499"}') == 1


MEETING = """
import threading

meeting = threading.Barrier(4)

def predict():
    return meeting.wait(60) >= 0
"""


def test_max_concurrency_requests_run_at_once(served: Served) -> None:
    pair = served(MEETING, max_concurrency=4)
    assert [request.answer().json for request in [Background(pair) for _ in range(4)]] == [True] * 4


MAIN_THREAD = """
import threading

def predict():
    return threading.current_thread() is threading.main_thread()
"""


def test_with_one_at_a_time_user_code_has_the_main_thread(served: Served) -> None:
    assert served(MAIN_THREAD).predict().json is True


# until there is a byte to read, through PyDLL, as an extension would call that does not give the interpreter lock back
HOLDS_THE_LOCK = """
import ctypes, os

def predict(pipe):
    descriptor = os.open(pipe, os.O_RDWR)
    return ctypes.PyDLL(None).read(descriptor, ctypes.create_string_buffer(1), 1)
"""


def test_health_is_answered_while_user_code_holds_the_interpreter_lock(served: Served, tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    pair = served(HOLDS_THE_LOCK)
    request = Background(pair, pipe=str(pipe))
    until(lambda: pair.metric("modelbundle_requests_in_flight") == 1, "it runs")
    assert pair.call("GET", "/healthz").status == 200
    assert pair.call("GET", "/readyz").status == 200
    assert not request.done, "health was answered during the prediction"
    with open(pipe, "r+b", buffering=0) as writes:
        writes.write(b"x")
        assert request.answer().json == 1


def test_a_drain_loses_no_request(served: Served) -> None:
    pair = served("import time\ndef predict(x):\n    time.sleep(0.002)\n    return x\n", drain_seconds=2)
    lost: list[object] = []
    served_after_drain = 0
    draining = threading.Event()
    over = threading.Event()

    def client(number: int) -> None:
        nonlocal served_after_drain
        count = 0
        while not over.is_set():
            count += 1
            late = draining.is_set()
            try:
                answer = pair.predict(x=[number, count])
            except OSError as error:
                lost.append(error)
                continue
            if answer.status == 503 and answer.code == "Draining":
                return  # as a load balancer would: this pod is gone
            if answer.json != [number, count]:
                lost.append(answer)
            if late:
                served_after_drain += 1
                if answer.headers.get("connection") != "close":
                    lost.append(f"{answer} keeps its connection")

    clients = [threading.Thread(target=client, args=(number,)) for number in range(4)]
    for thread in clients:
        thread.start()
    until(lambda: pair.metric('modelbundle_requests_total{code="OK",status="200"}') > 20, "traffic")
    drain = pair.drain()
    until(lambda: not pair.ready(), "not ready")
    draining.set()
    pair.kill(pair.worker, signal.SIGTERM)  # the kubelet sends it at the same time; it is the server's to decide
    assert drain.wait(PATIENCE) == 0
    assert pair.worker.wait(PATIENCE) == 0, "close made it exit properly"
    for thread in clients:
        thread.join(PATIENCE)
    over.set()
    assert lost == []
    assert served_after_drain > 0
    pair.kill(pair.server, signal.SIGTERM)
    assert pair.server.wait(PATIENCE) == 0


def test_a_drain_waits_for_the_running_request(served: Served) -> None:
    pair = served(GATED)
    running = started(pair, "a")
    drain = pair.drain()
    until(lambda: not pair.ready(), "not ready")
    refused = pair.predict(root="")
    assert (refused.status, refused.code) == (503, "Draining")
    assert drain.poll() is None
    go(pair)
    assert running.answer().json == 1
    assert drain.wait(PATIENCE) == 0


def test_sigterm_alone_ends_the_server_in_the_same_order(served: Served) -> None:
    pair = served(GATED, drain_seconds=60)
    running = started(pair, "a")
    pair.kill(pair.server, signal.SIGTERM)
    until(lambda: not pair.ready(), "not ready, and no wait for load balancers")
    go(pair)
    assert running.answer().json == 1
    assert pair.server.wait(PATIENCE) == 0
    assert pair.worker.wait(PATIENCE) == 0


def test_a_worker_without_a_server_ends_on_sigterm(served: Served) -> None:
    pair = served("import signal\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\ndef predict():\n    return 1\n")
    pair.kill(pair.worker, signal.SIGTERM)
    assert pair.predict().json == 1, "ignored while connected"
    pair.kill(pair.server)
    assert pair.worker.wait(PATIENCE) == 0


def test_scratch_is_cleared_only_when_the_pod_says_so(bundle: Served, tmp_path: Path) -> None:
    scratch = tmp_path / "scratch"
    (scratch / "directory").mkdir(parents=True)
    (scratch / "directory/poison").touch()
    (scratch / "poison").touch()
    (scratch / "link").symlink_to(tmp_path)
    pair = bundle("import os\ndef predict():\n    return sorted(os.listdir(os.environ['TMPDIR']))\n")
    pair.environment = {"TMPDIR": str(scratch)}
    assert pair.start().predict().json == ["directory", "link", "poison"]
    pair.environment["MODELBUNDLE_CLEAR_TMP"] = "1"
    pair.kill(pair.worker)
    until(lambda: not pair.ready(), "gone")
    pair.start_worker()
    pair.wait_ready()
    assert pair.predict().json == []
    assert tmp_path.is_dir()
