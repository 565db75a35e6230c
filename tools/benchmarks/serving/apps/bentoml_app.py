"""A BentoML service, as its documentation has typed APIs, root inputs, arrays and generators.

Plain `def` where the function is long, as the documentation says; `async def` otherwise, the cheaper one.
"""

from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Annotated

import bentoml
import functions
import numpy
from bentoml.validators import ContentType


@bentoml.service
class Seed:
    @bentoml.api
    async def predict(self, x: int, y: str) -> int:
        return functions.predict(x, y)

    @bentoml.api
    async def largest(self, v: list[float]) -> float:
        return functions.largest(v)

    @bentoml.api
    async def series(self, n: int) -> numpy.ndarray:
        return functions.series_array(n)

    @bentoml.api
    async def brightest(self, image: Annotated[Path, ContentType("application/octet-stream")], /) -> int:
        return functions.brightest(numpy.frombuffer(image.read_bytes(), numpy.uint8).reshape(224, 224, 3))

    @bentoml.api
    async def tokens(self, n: int) -> AsyncGenerator[str, None]:
        for token in functions.tokens(n):
            yield functions.sse(token)

    @bentoml.api
    async def ask(self, x: int, y: str) -> int:
        import asking  # for this row alone

        return await asking.ask(x, y)

    @bentoml.api
    def hold_python(self, seconds: float) -> int:
        return functions.hold_python(seconds)

    @bentoml.api
    def hold_c(self, count: int) -> int:
        return functions.hold_c(count)
