"""The small model called in a loop without and with a pause between the calls, in torch's Python. Argument: seconds for
each. Writes one line of JSON: microseconds of a call, medians."""

from __future__ import annotations

import json
import statistics
import sys
import time

from classifier import TOKENS, Classifier

PAUSE = 0.0003  # about as long as the way of one request to the next


def main(seconds: float) -> None:
    model = Classifier("small")
    row = list(range(TOKENS))
    print(json.dumps({name: calls(model, row, pause, seconds) for name, pause in (("loop", 0.0), ("paused", PAUSE))}))


def calls(model: Classifier, row: list[int], pause: float, seconds: float) -> float:
    taken = []
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        before = time.perf_counter()
        model.classes([row])
        taken.append(time.perf_counter() - before)
        if pause:
            time.sleep(pause)
    return statistics.median(taken) * 1e6


if __name__ == "__main__":
    main(float(sys.argv[1]))
