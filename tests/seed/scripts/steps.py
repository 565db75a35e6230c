"""Steps of a script that go on after one that failed; what each returned or raised becomes one JSON object."""

import json
import sys
import time
import traceback

from launch.errors import LaunchError

told = {}


def step(name):
    """Runs the function at once; what it raises is told in place of its result."""

    def run(function):
        started = time.monotonic()
        try:
            told[name] = {"result": function()}
        except LaunchError as error:
            told[name] = {"raised": type(error).__name__, "message": str(error)}
        except Exception:
            told[name] = {"raised": "not ours", "message": traceback.format_exc()}
        told[name]["seconds"] = round(time.monotonic() - started, 2)
        print(f"{name}: {json.dumps(told[name])}", file=sys.stderr, flush=True)

    return run


def settled(bundle, seconds):
    """Status, reason and message of Ready, once it is neither starting nor waiting for room."""
    deadline = time.monotonic() + seconds
    while True:
        ready = bundle.conditions().get("Ready", {})
        starting = ready.get("reason") in (None, "Progressing", "WaitingForCapacity", "Stored")
        if not starting or time.monotonic() > deadline:
            return [ready.get("status"), ready.get("reason"), ready.get("message")]
        time.sleep(0.5)
