"""Progress on standard error, so that standard output stays clean for `eval "$(... env)"` and `status -o json`."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

_started = time.monotonic()


def say(text: str) -> None:
    print(f"[{time.monotonic() - _started:6.1f} s] {text}", file=sys.stderr, flush=True)


@contextmanager
def step(text: str, usually: str = "") -> Iterator[None]:
    """Announce something slow with the time it usually takes, and say how long it took."""
    say(f"{text} ..." + (f" (usually {usually})" if usually else ""))
    began = time.monotonic()
    yield
    say(f"{text}: done in {time.monotonic() - began:.1f} s")
