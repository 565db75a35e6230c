"""FastAPI, as its tutorial has request bodies, response types, server-sent events and the request's raw body.

`async def` where the function is short, which is the cheaper one; plain `def` where it is long.
"""

from collections.abc import AsyncIterable

import functions
import numpy
from fastapi import FastAPI, Request
from fastapi.sse import EventSourceResponse
from pydantic import BaseModel

app = FastAPI()


class Seed(BaseModel):
    x: int
    y: str


class Vector(BaseModel):
    v: list[float]


class Count(BaseModel):
    n: int


class Seconds(BaseModel):
    seconds: float


class Long(BaseModel):
    count: int


@app.post("/predict")
async def predict(item: Seed) -> int:
    return functions.predict(item.x, item.y)


@app.post("/largest")
async def largest(item: Vector) -> float:
    return functions.largest(item.v)


@app.post("/series")
async def series(item: Count) -> list[float]:
    return functions.series(item.n)


@app.post("/brightest")
async def brightest(request: Request) -> int:
    return functions.brightest(numpy.frombuffer(await request.body(), numpy.uint8).reshape(224, 224, 3))


@app.post("/tokens", response_class=EventSourceResponse)
async def tokens(item: Count) -> AsyncIterable[str]:
    for token in functions.tokens(item.n):
        yield token


@app.post("/ask")
async def ask(item: Seed) -> int:
    import asking  # for this row alone

    return await asking.ask(item.x, item.y)


@app.post("/hold_python")
def hold_python(item: Seconds) -> int:
    return functions.hold_python(item.seconds)


@app.post("/hold_c")
def hold_c(item: Long) -> int:
    return functions.hold_c(item.count)


@app.get("/healthz")
async def healthz() -> dict[str, str]:
    return {"status": "ok"}
