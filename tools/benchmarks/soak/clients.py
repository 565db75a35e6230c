"""Clients that mean well: every protocol, small and large, kept connections, pipelining, streams, slow ones."""

from __future__ import annotations

import json
import random
import struct
import time
from collections.abc import Callable
from itertools import count
from typing import Any

from tools.benchmarks.soak import bundles
from tools.benchmarks.soak.connection import Answer, Connection, Gone, fields, request
from tools.benchmarks.soak.site import Site

MODEL = "soak"
_SIGNS = "".join(map(chr, range(32, 122))).replace('"', "'").replace("\\", "/")
TEXT = (_SIGNS * (1 + (1 << 20) // len(_SIGNS)))[: 1 << 20]
ROUNDS = 20  # requests on a kept connection
PIPELINED = 8
_numbers = count(1)

Right = Callable[[Answer], bool]


def is_json(expected: Any) -> Right:
    return lambda answer: answer.json == expected


async def ask(site: Site, kind: str, sent: bytes, right: Right, pause: float = 0.0, receives: int = 0) -> None:
    """One request on a connection of its own."""
    started = time.monotonic()
    connection = await Connection.open(site.port, receives)
    try:
        await connection.send(sent)
        answer = await connection.answer(pause)
        site.ledger.prediction(kind, started, time.monotonic(), answer, right)
    finally:
        await connection.close()


async def small(site: Site) -> None:
    """Many on one connection, which the server may ask to end."""
    connection = await Connection.open(site.port)
    try:
        for _ in range(ROUNDS):
            x = next(_numbers)
            started = time.monotonic()
            await connection.send(request("/predict", fields(x=x, text="a")))
            answer = await connection.answer()
            right = is_json(bundles.mixed(x, "a"))
            site.ledger.prediction("small", started, time.monotonic(), answer, right)
            if answer.headers.get("connection") == "close":
                break
    finally:
        await connection.close()


async def pipelined(site: Site) -> None:
    """Several in one write: answers in their order."""
    numbers = [next(_numbers) for _ in range(PIPELINED)]
    started = time.monotonic()
    connection = await Connection.open(site.port)
    try:
        await connection.send(b"".join(request("/predict", fields(x=x)) for x in numbers))
        for x in numbers:
            answer = await connection.answer()
            right = is_json(bundles.mixed(x))
            site.ledger.prediction("pipelined", started, time.monotonic(), answer, right)
            if answer.headers.get("connection") == "close":
                break  # what was sent behind it is not looked at
    finally:
        await connection.close()


async def large(site: Site) -> None:
    """Megabytes in, or out."""
    x = next(_numbers)
    if x % 2:
        text = TEXT * random.randint(1, 4)
        await ask(site, "large", request("/predict", fields(x=x, text=text)), is_json(bundles.mixed(x, text)))
    else:
        size = random.choice((1000, 100_000))
        await ask(site, "large", request("/predict", fields(x=x, size=size)), is_json(bundles.mixed(x, size=size)))


async def tensors(site: Site) -> None:
    """Binary in, binary out."""
    x, number = next(_numbers), random.choice((4, 1000, 200_000))
    values = [float((x + index) % 1000) for index in range(number)]
    data = struct.pack(f"<{number}f", *values)
    inputs = [
        {"name": "x", "datatype": "INT64", "shape": [1], "data": [x]},
        {"name": "values", "datatype": "FP32", "shape": [number], "parameters": {"binary_data_size": len(data)}},
    ]
    wanted = [{"name": "x"}, {"name": "doubled", "parameters": {"binary_data": True}}]
    head = fields(inputs=inputs, outputs=wanted, id=str(x))
    sent = request(f"/v2/models/{MODEL}/infer", head + data, f"inference-header-content-length: {len(head)}")
    doubled = struct.pack(f"<{number}f", *(2 * value for value in values))

    def right(answer: Answer) -> bool:
        length = int(answer.headers["inference-header-content-length"])
        said = json.loads(answer.body[:length])
        found = {output["name"]: output.get("data") for output in said["outputs"]}
        return (said["id"], found) == (str(x), {"x": [x], "doubled": None}) and answer.body[length:] == doubled

    await ask(site, "tensors", sent, right)


async def v1(site: Site) -> None:
    numbers = [next(_numbers) for _ in range(3)]
    sent = request(f"/v1/models/{MODEL}:predict", fields(instances=[{"x": x} for x in numbers]))
    await ask(site, "v1", sent, is_json({"predictions": [bundles.mixed(x) for x in numbers]}))


async def envelope(site: Site) -> None:
    x = next(_numbers)
    sent = request("/launch/predict", fields(args={"x": x}))
    await ask(site, "envelope", sent, lambda answer: json.loads(answer.json["result"]) == bundles.mixed(x))


async def batched(site: Site) -> None:
    """One row, of many clients at once."""
    x = next(_numbers)
    await ask(site, "batched", request("/predict", fields(x=x)), is_json({"x": x, "y": 3 * x}))


async def batched_v1(site: Site) -> None:
    numbers = [next(_numbers) for _ in range(40)]
    sent = request(f"/v1/models/{MODEL}:predict", fields(instances=[{"x": x} for x in numbers]))
    await ask(site, "batched v1", sent, is_json({"predictions": [{"x": x, "y": 3 * x} for x in numbers]}))


async def slow_up(site: Site) -> None:
    """A request that comes byte by byte."""
    x = next(_numbers)
    started = time.monotonic()
    connection = await Connection.open(site.port)
    try:
        await connection.send_slowly(request("/predict", fields(x=x)), 1, 0.01)
        sent = time.monotonic()
        answer = await connection.answer()
        now = time.monotonic()
        site.ledger.prediction(
            "slow up", sent if answer.status != 503 else started, now, answer, is_json(bundles.mixed(x))
        )
    finally:
        await connection.close()


async def slow_down(site: Site) -> None:
    """A large answer that is read in small pieces."""
    x, size = next(_numbers), 200_000
    sent = request("/predict", fields(x=x, size=size))
    await ask(site, "slow down", sent, is_json(bundles.mixed(x, size=size)), pause=0.05, receives=8192)


async def streamed(site: Site) -> None:
    """To the end, in each form."""
    x, items, size = next(_numbers), random.randint(0, 30), random.choice((0, 0, 50_000))
    accept = ("text/event-stream", "application/x-ndjson", "application/json")[x % 3]
    sent = request("/predict", fields(x=x, items=items, size=size, wait=0.005), f"accept: {accept}")
    started = time.monotonic()
    connection = await Connection.open(site.port)
    site.streams += 1
    try:
        await connection.send(sent)
        answer = await connection.answer()
    finally:
        site.streams -= 1
        await connection.close()
    now = time.monotonic()
    if answer.status != 200:
        site.ledger.prediction("streamed", started, now, answer, lambda _: False)
        return
    found, error = parsed(answer, accept)
    if error is None and answer.whole:
        right = found == [bundles.item(x, number, size) for number in range(items)]
        site.ledger.prediction("streamed", started, now, answer, lambda _: right)
        return
    if found != [bundles.item(x, number, size) for number in range(len(found))]:
        site.ledger.violation("streamed", f"wrong items before the end: {answer.body[:200]!r}")
    if error is not None:
        site.ledger.ended("streamed", started, now, 503, str(error["error"]["code"]))
    elif site.ledger.outages.touch(started, now):  # an array can only be broken off
        site.ledger.ended("streamed", started, now, 503, "WorkerDied")
    else:
        site.ledger.violation("streamed", f"broken off for no reason: {answer.body[-200:]!r}")


def parsed(answer: Answer, accept: str) -> tuple[list[Any], Any]:
    """The items, and the error that ended them."""
    text = answer.body.decode()
    if accept == "application/json":
        if not answer.whole:
            text = text.rstrip(",\n") + "]" if text else "[]"
        return json.loads(text), None
    if accept == "text/event-stream":
        events = [event for event in text.split("\n\n") if event]
        lines = [event.removeprefix("event: error\n").removeprefix("data: ") for event in events]
        failed = bool(events) and events[-1].startswith("event: error")
    else:
        lines = text.splitlines()
        failed = bool(lines) and "error" in json.loads(lines[-1])
    found = [json.loads(line) for line in lines]
    return (found[:-1], found[-1]) if failed else (found, None)


async def abandoned(site: Site) -> None:
    """A stream whose client leaves after some items, in order or not."""
    x = next(_numbers)
    sent = request("/predict", fields(x=x, items=10_000, size=100, wait=0.01), "accept: application/x-ndjson")
    started = time.monotonic()
    connection = await Connection.open(site.port)
    site.streams += 1
    try:
        await connection.send(sent)
        status, headers = await connection.head()
        if status != 200:
            answer = await connection.rest(status, headers)
            site.ledger.prediction("abandoned", started, time.monotonic(), answer, lambda _: False)
            return
        number = 0
        async for line in connection.chunks():
            found = json.loads(line)
            if "error" in found:
                site.ledger.ended("abandoned", started, time.monotonic(), 503, found["error"]["code"])
                return
            if found != bundles.item(x, number, 100):
                site.ledger.violation("abandoned", f"a wrong item {found}")
            number += 1
            if number == 5:
                break
        site.ledger.left("abandoned")
        if x % 2:
            connection.reset()
    except Gone as error:
        site.ledger.violation("abandoned", f"{error}")
    finally:
        site.streams -= 1
        await connection.close()
