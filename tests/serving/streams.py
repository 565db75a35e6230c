"""A bundle that yields, how to ask it, and what it noted."""

from __future__ import annotations

import http.client
import json
from pathlib import Path
from typing import Any

from tools.testkit.pair import Pair

SOURCE = """
import asyncio, time
from pathlib import Path

marks = Path(__file__).parent / "marks"

def mark(name):
    with open(marks, "a") as file:
        file.write(name + " ")

def count(n, wait=0, size=0, fail=None):
    try:
        for number in range(n):
            mark(str(number))
            yield "x" * size if size else number
            time.sleep(wait)
            if number == fail:
                raise ValueError("no more")
    finally:
        mark("closed")

async def acount(n, wait=0):
    try:
        for number in range(n):
            yield number
            await asyncio.sleep(wait)
    finally:
        mark("aclosed")

async def later(n):
    await asyncio.sleep(0)
    return acount(n)

def gated():
    yield 0
    while not (marks.parent / "go").exists():
        time.sleep(0.01)
    yield 1

def predict(kind="sync", **fields):
    if kind == "gated":
        return gated()
    if kind == "sync":
        return count(**fields)
    if kind == "async":
        return acount(**fields)
    if kind == "later":
        return later(**fields)
    if kind == "iterator":
        return map(str, range(fields["n"]))
    if kind == "bad":
        return iter([1, object()])
    return kind
"""


SSE = {"accept": "text/event-stream"}


LINES = {"accept": "application/x-ndjson"}


def ask(pair: Pair, headers: dict[str, str] | None = None, **fields: Any) -> Any:
    return pair.call("POST", "/predict", json.dumps(fields).encode(), **(headers or {}))


def begin(pair: Pair, headers: dict[str, str] | None = None, **fields: Any) -> http.client.HTTPResponse:
    connection = http.client.HTTPConnection("127.0.0.1", pair.port, timeout=30)
    connection.request("POST", "/predict", json.dumps(fields), headers or {})
    return connection.getresponse()


def marks(pair: Pair) -> list[str]:
    file = Path(pair.root / "bundle/artifact/marks")
    return file.read_text().split() if file.exists() else []
