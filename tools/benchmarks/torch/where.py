"""Where the time of one request goes that a torch model's own loop does not take: one client, the small model.

The function answers when it was entered and left, by the clock that all processes share: so the way there, the call and
the way back are known apart. Asked as it is, and with programs of the lowest priority that keep both cores from
idling. Writes tools/benchmarks/results/torch-where.md and torch-where.json.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tools.benchmarks.harness.peers import environment
from tools.benchmarks.harness.results import RESULTS, machine, publish
from tools.benchmarks.torch.where_page import page
from tools.testkit.pair import Pair, code_bundle, stopping

HERE = Path(__file__).parent
TOKENS = list(range(64))
PAUSE = 0.0017  # between two requests of a function that does nothing: as long as the model takes
SERVED = """

def predict(tokens):
    entered = time.perf_counter_ns()
    found = model.classes([tokens]) if len(tokens) > 1 else [0]
    return [entered, time.perf_counter_ns(), found[0]]


def load_predict_fn(_):
    global model
    model = Classifier("small")
    model.classes([list(range(TOKENS))] * 5)
    return predict
"""
SCHEMA = {
    "requestSchema": {
        "type": "object",
        "properties": {
            "tokens": {"type": "array", "items": {"type": "integer", "minimum": 0, "exclusiveMaximum": 1000}}
        },
        "required": ["tokens"],
    },
    "responseSchema": {"type": "array", "items": {"type": "integer"}},
}
# what is asked, the pause before each request, whether the cores are kept from idling
WAYS = (
    ("the model", TOKENS, 0.0, False),
    ("the model", TOKENS, 0.0, True),
    ("nothing", [0], 0.0, False),
    ("nothing", [0], PAUSE, False),
    ("nothing", [0], PAUSE, True),
)
SPIN = """
import os, sys
os.sched_setaffinity(0, {int(sys.argv[1])})
os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))
while True: pass
"""


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tools.benchmarks.torch.where", description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=3, help="of each measurement")
    parser.add_argument("--to", type=Path, default=RESULTS, help="the directory for the page and the JSON")
    options = parser.parse_args()
    python = environment("torch", "torch", "numpy")
    result: dict[str, Any] = {"loadBefore": round(os.getloadavg()[0], 2), "rounds": options.rounds, "runs": []}
    for number in range(options.rounds):
        for busy in (False, True):
            with spinning(busy):
                for way, us in json.loads(_paused(python, options.seconds)).items():
                    result["runs"].append({"round": number, "way": way, "busy": busy, "callUs": us})
        for what, tokens, pause, busy in WAYS:
            with tempfile.TemporaryDirectory(prefix="bench-torch-") as scratch, spinning(busy):
                found = served(python, Path(scratch) / "root", tokens, pause, options.seconds)
            way = f"served: {what}" + (", after a pause" if pause else "")
            result["runs"].append({"round": number, "way": way, "busy": busy, **found})
            print(result["runs"][-1], file=sys.stderr, flush=True)
    publish("torch-where", {**result, **machine()}, page, options.to)


def _paused(python: Path, seconds: float) -> str:
    command = [str(python), str(HERE / "paused.py"), str(seconds)]
    return subprocess.run(command, stdout=subprocess.PIPE, check=True, text=True).stdout


@contextlib.contextmanager
def spinning(busy: bool) -> Iterator[None]:
    """Programs that run only where nothing else would: a core that never idles is awake at once."""
    running = []
    for core in os.sched_getaffinity(0) if busy else ():
        running.append(subprocess.Popen([sys.executable, "-c", SPIN, str(core)]))
    try:
        yield
    finally:
        for process in running:
            process.kill()
            process.wait()


def served(python: Path, root: Path, tokens: list[int], pause: float, seconds: float) -> dict[str, float]:
    """Medians in microseconds: the way there, the call, the way back, and all of it."""
    code_bundle(root, (HERE / "classifier.py").read_text() + SERVED)
    body = json.dumps({"tokens": tokens}).encode()
    asked = b"POST /predict HTTP/1.1\r\nhost: x\r\ncontent-length: %d\r\n\r\n%b" % (len(body), body)
    taken: list[tuple[int, int, int]] = []
    with stopping(Pair(root, SCHEMA, python=str(python))) as pair:
        pair.start()
        with socket.create_connection(("127.0.0.1", pair.port)) as connection:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            end = time.monotonic() + seconds
            while time.monotonic() < end or len(taken) < 50:
                if pause:
                    time.sleep(pause)
                sent = time.perf_counter_ns()
                connection.sendall(asked)
                answer = connection.recv(65536)
                received = time.perf_counter_ns()
                entered, left, _ = json.loads(answer.partition(b"\r\n\r\n")[2])
                taken.append((entered - sent, left - entered, received - left))
    there, call, back = (statistics.median(each) / 1000 for each in zip(*taken[20:], strict=True))
    whole = statistics.median(map(sum, taken[20:])) / 1000
    return {"thereUs": there, "callUs": call, "backUs": back, "wholeUs": whole}


if __name__ == "__main__":
    main()
