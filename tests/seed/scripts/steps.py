"""Steps of a script that go on after one that failed; each tells what it returned or raised as one line of JSON."""

import json
import time
import traceback

from launch.errors import LaunchError


def step(name):
    """Runs the function at once; what it raises is printed in place of its result."""

    def run(function):
        started = time.monotonic()
        try:
            outcome = {"result": function()}
        except LaunchError as error:
            outcome = {"raised": type(error).__name__, "message": str(error)}
        except Exception:
            outcome = {"raised": "not ours", "message": traceback.format_exc()}
        seconds = round(time.monotonic() - started, 2)
        print(json.dumps({"step": name, "seconds": seconds, **outcome}), flush=True)

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
