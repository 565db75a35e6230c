"""The fuzzers by name: a check that takes any bytes, and what to begin from."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from tests.fuzz import bodies, requests, seeds, server_frames, worker_frames


class Target(NamedTuple):
    check: Callable[[bytes], None]
    seeds: tuple[bytes, ...]
    largest: int  # bytes of an input


TARGETS = {
    "requests": Target(requests.check, seeds.REQUESTS, 20_000),
    "bodies": Target(bodies.check, seeds.BODIES, 3_000),
    "worker-frames": Target(worker_frames.check, seeds.WORKER_FRAMES, 4_000),
    "server-frames": Target(server_frames.check, seeds.SERVER_FRAMES, 4_000),
}
