"""The second part of `make soak`: every hostile client of tools/testkit/hostile, side by side and for minutes, against
one server with its worker; exit code 1 when it ended, took too much memory, kept others waiting or answered wrongly.

The attackers are one process with a quarter of a core, the clients that are asked about are in this one. Before the
attack, for as long, the same attackers are at another server on the same machine: what others wait for then is the
machine's. First and last they run alone. Writes tools/benchmarks/results/hostile.md and hostile.json.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from tools.benchmarks.harness.processes import tree
from tools.benchmarks.harness.results import machine, publish
from tools.benchmarks.soak.attacked_page import page
from tools.benchmarks.soak.connection import Connection, Gone, fields, request
from tools.testkit.hostile.means import PERIOD_SECONDS, SHARE
from tools.testkit.hostile.mix import idle
from tools.testkit.hostile.served import PREDICT
from tools.testkit.hostile.table import KINDS, ROWS
from tools.testkit.pair import REPOSITORY, Pair, code_bundle, stopping

CLIENTS = 8  # half of them on kept connections
RATE = 240.0  # requests a second, of all of them
PATIENCE = 30.0
FULL = "the queue is full"
QUIET_DIVISOR = 10  # of the time of the attack, before it and after it
QUIET_MIN_SECONDS = 10.0
MOST_MEMORY = 0.8  # of the server's limit
MOST_FULL = 0.01  # of the others' requests that find the queue full, and are to come again
MOST_RATIO = 2.0  # of the longest wait but one of a hundred, with attackers here and with the same elsewhere


class Wait(NamedTuple):
    """One request of a client that means well."""

    sent: float
    seconds: float
    wrong: str


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tools.benchmarks.soak.attacked", description=__doc__)
    parser.add_argument("--seconds", type=int, default=600, help="of attack, here and elsewhere each")
    parser.add_argument("--no-results", action="store_true", help="print only: for a run that is not to be recorded")
    options = parser.parse_args()
    with (
        tempfile.TemporaryDirectory(prefix="soak-") as scratch,
        stopping(_pair(Path(scratch, "root"))) as pair,
        stopping(_pair(Path(scratch, "another"))) as another,
    ):
        result = asyncio.run(_attacked(pair.start(), another.start(), options.seconds))
    if options.no_results:
        print(page(result))
    else:
        publish("hostile", result, page)
    return 1 if result["violations"] else 0


def _pair(root: Path) -> Pair:
    code_bundle(root, PREDICT)
    return Pair(root, {})


async def _attacked(pair: Pair, another: Pair, seconds: int) -> dict[str, Any]:
    quiet = max(QUIET_MIN_SECONDS, seconds / QUIET_DIVISOR)
    waits: list[Wait] = []
    clients = [asyncio.create_task(_client(pair.port, number % 2 == 0, waits)) for number in range(CLIENTS)]
    await asyncio.sleep(quiet)
    comes = time.monotonic()
    elsewhere = await _attackers(another.port, seconds)
    _peak(pair)
    serving = pair.server_pid
    began = time.monotonic()
    came = await _attackers(pair.port, seconds)
    ended = time.monotonic()
    memory = _peak(pair)
    await asyncio.sleep(quiet)
    for client in clients:
        client.cancel()
    await asyncio.gather(*clients, return_exceptions=True)
    limit = pair.call("GET", "/").json["limits"]["memoryBytes"]
    alone = [wait for wait in waits if wait.sent + wait.seconds < comes or wait.sent > ended]
    control = [wait for wait in waits if comes <= wait.sent < began]
    beside = [wait for wait in waits if began <= wait.sent <= ended]
    result = {
        "seconds": seconds,
        "share": SHARE,
        "periodSeconds": PERIOD_SECONDS,
        "cores": {"beside": came["cores"], "elsewhere": elsewhere["cores"]},
        "versions": machine(),
        "memory": {"peakMiB": round(memory / 2**20, 1), "limitMiB": round(limit / 2**20, 1), "most": MOST_MEMORY},
        "others": {
            "alone": _waits(alone),
            "elsewhere": _waits(control),
            "beside": _waits(beside),
            "most": MOST_RATIO,
            "full": sum(wait.wrong == FULL for wait in waits),
        },
        "ended": [
            *(name for name in ("server", "worker") if getattr(pair, name).poll() is not None),
            *(["the process that served"] if pair.server_pid != serving else []),
        ],
        "rows": {
            kind: {row.name: _ends(came["rows"].get(row.name, {})) for row in rows} for kind, rows in KINDS.items()
        },
    }
    return {
        **result,
        "violations": violations(result, came, [wait.wrong for wait in waits if wait.wrong not in ("", FULL)]),
    }


def violations(result: dict[str, Any], came: dict[str, Any], lost: Sequence[str]) -> list[str]:
    """What must hold and does not."""
    memory, others = result["memory"], result["others"]
    found: list[str] = [f"the {name} ended" for name in result["ended"]] + came["wrong"] + idle(ROWS, came["rows"])
    if others["full"] > MOST_FULL * others["beside"]["count"]:
        found.append(f"{others['full']} requests of others found the queue full")
    if lost:
        found.append(f"{len(lost)} requests of others were not answered, first: {lost[0]}")
    if memory["peakMiB"] > memory["most"] * memory["limitMiB"]:
        found.append(f"the server's memory was {memory['peakMiB']} MiB of {memory['limitMiB']}")
    if others["beside"]["p99Ms"] > others["most"] * others["elsewhere"]["p99Ms"]:
        without = f"{others['elsewhere']['p99Ms']} ms with the attackers elsewhere"
        found.append(f"99 of 100 others waited {others['beside']['p99Ms']} ms, {without}")
    return found


async def _attackers(port: int, seconds: int) -> dict[str, Any]:
    where = ["127.0.0.1", str(port), "--json", "--seconds", str(seconds)]
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tools.testkit.hostile", *where), cwd=REPOSITORY, stdout=asyncio.subprocess.PIPE
    )
    said, _ = await process.communicate()
    return dict(json.loads(said))


async def _client(port: int, kept: bool, waits: list[Wait]) -> None:
    connection = None
    due = time.monotonic()
    while True:
        due += CLIENTS / RATE
        await asyncio.sleep(max(0.0, due - time.monotonic()))
        sent, wrong = time.monotonic(), ""
        try:
            async with asyncio.timeout(PATIENCE):
                connection = connection or await Connection.open(port)
                await connection.send(request("/predict", fields(x=2, y="abc")))
                answer = await connection.answer()
            if (answer.status, answer.body) != (200, b"7"):
                is_full = answer.status == 429 and "retry-after" in answer.headers
                wrong = FULL if is_full else f"{answer.status} {answer.body[:200]!r}"
        except (Gone, OSError, TimeoutError) as error:
            wrong = f"{type(error).__name__} {error}"
            answer = None
        waits.append(Wait(sent, time.monotonic() - sent, wrong))
        if connection and (not kept or answer is None or answer.headers.get("connection") == "close"):
            await connection.close()
            connection = None


def _waits(waits: list[Wait]) -> dict[str, float]:
    found = sorted(1000 * wait.seconds for wait in waits)
    at = {
        f"p{share:g}Ms": round(found[min(len(found) - 1, int(len(found) * share / 100))], 2) for share in (50, 99, 99.9)
    }
    return {"count": len(found), **at, "mostMs": round(found[-1], 2)}


def _ends(ends: dict[str, int]) -> str:
    return ", ".join(f"{end} ({count})" for end, count in sorted(ends.items(), key=lambda each: -each[1]))


def _peak(pair: Pair) -> int:
    """The most memory of the server's processes, each by itself, since they were asked for last."""
    most = 0
    for pid in tree([pair.server.pid]):
        process = Path(f"/proc/{pid}")
        most += int(process.joinpath("status").read_text().split("VmHWM:")[1].split()[0]) * 1024
        process.joinpath("clear_refs").write_text("5")
    return most


if __name__ == "__main__":
    sys.exit(main())
