"""The client of every server: wrk, one thread, on a core of its own where there is one; it looks at every answer."""

from __future__ import annotations

import http.client
import os
import resource
import subprocess
from dataclasses import dataclass
from pathlib import Path

from tools.benchmarks.harness.asks import TRACE, Ask, Case

SCRIPT = Path(__file__).with_name("wrk.lua")


class WrongAnswer(Exception):
    """A server that answers wrong is not fast."""


@dataclass(frozen=True)
class Load:
    requests: int
    seconds: float
    p50_us: float
    p99_us: float
    client_seconds: float


def once(port: int, ask: Ask, timeout: float = 30.0) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=timeout)
    try:
        connection.request("POST", ask.path, ask.body, {**TRACE, **ask.headers})
        response = connection.getresponse()
        return response.status, response.read()
    finally:
        connection.close()


def verify(port: int, ask: Ask, case: Case) -> int:
    """One answer looked at as a whole; its length, which all others must have."""
    status, body = once(port, ask)
    if status != 200:
        raise WrongAnswer(f"{status} {body[:300]!r}")
    value = ask.value(body)
    if value != case.expected:
        raise WrongAnswer(f"{value!r} is not {case.expected!r}"[:300])
    return len(body)


def run(wrk: list[str], port: int, ask: Ask, case: Case, clients: int, seconds: float, cores: set[int],
        body: Path, length: int) -> Load:  # fmt: skip
    body.write_bytes(ask.body)
    arguments = ["POST", ask.path, str(body), case.needle, str(length)]
    arguments += [f"{name}={value}" for name, value in {**TRACE, **ask.headers}.items()]
    command = [*wrk, "-t1", f"-c{clients}", f"-d{max(1, round(seconds))}s", "--timeout", "60s", "-s", str(SCRIPT)]
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(
        [*command, f"http://127.0.0.1:{port}", "--", *arguments],
        capture_output=True,
        text=True,
        check=False,
        preexec_fn=lambda: os.sched_setaffinity(0, cores),
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    client = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return read(done.stdout, client, done.stderr)


def read(output: str, client_seconds: float, said: str = "") -> Load:
    """The line that the script writes at its end."""
    line = next((line for line in output.splitlines() if line.startswith("result ")), None)
    if line is None:
        raise WrongAnswer(f"wrk: {said or output}"[:300])
    _, requests, duration, p50, p99, wrong, errors, example = line.split(" ", 7)
    if int(wrong) or int(errors):
        raise WrongAnswer(f"of {requests} answers {wrong} wrong, {errors} connections failed: {example}"[:300])
    if not int(requests):
        raise WrongAnswer("no answer in time")
    return Load(int(requests), int(duration) / 1e6, float(p50), float(p99), client_seconds)
