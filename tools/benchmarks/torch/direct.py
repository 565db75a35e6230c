"""The model called in a loop, in a process of its own with torch's Python: what serving is compared with.

Arguments: size, rows in a call, seconds. Writes one line of JSON: calls, seconds, busySeconds, p50Us, tokens, answer,
torch, device.
"""

from __future__ import annotations

import json
import statistics
import sys
import time

import torch
from classifier import TOKENS, Classifier, device


def main(size: str, rows: int, seconds: float) -> None:
    model = Classifier(size)
    row = list(range(TOKENS))
    for _ in range(5):
        (answer, *_) = model.classes([row] * rows)
    model.busy_seconds, times = 0.0, []
    started = time.perf_counter()
    while time.perf_counter() - started < seconds:
        before = time.perf_counter()
        model.classes([row] * rows)
        times.append(time.perf_counter() - before)
    result = {
        "calls": len(times),
        "seconds": time.perf_counter() - started,
        "busySeconds": model.busy_seconds,
        "p50Us": statistics.median(times) * 1e6,
        "tokens": row,
        "answer": answer,
        "torch": torch.__version__,
        "device": device(),
    }
    print(json.dumps(result))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), float(sys.argv[3]))
