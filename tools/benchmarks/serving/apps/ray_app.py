"""A Ray Serve deployment that takes the HTTP request, as its documentation has it."""

import sys

import functions
import numpy
from ray import serve
from starlette.requests import Request
from starlette.responses import StreamingResponse


@serve.deployment
class Seed:
    async def __call__(self, request: Request):
        name = request.url.path.strip("/")
        if name == "brightest":
            image = numpy.frombuffer(await request.body(), numpy.uint8).reshape(224, 224, 3)
            return functions.brightest(image)
        fields = await request.json()
        if name == "tokens":
            events = map(functions.sse, functions.tokens(fields["n"]))
            return StreamingResponse(events, media_type="text/event-stream")
        if name == "ask":
            import asking  # for this row alone

            return await asking.ask(**fields)
        return getattr(functions, name)(**fields)


if __name__ == "__main__":
    serve.start(http_options={"host": "127.0.0.1", "port": int(sys.argv[1])})
    # 5 at once unless it is set, which its documentation wants for a deployment that waits
    at_once = {"max_ongoing_requests": 1000} if "ask" in sys.argv else {}
    serve.run(Seed.options(**at_once).bind(), blocking=True)  # type: ignore[attr-defined]
