"""The floor in Python: the least that parses HTTP and JSON and calls the function, in one process and one thread.

httptools, uvloop and orjson; no schemas, limits, deadlines, metrics, errors, back-pressure or drain, so nothing to
serve with.
"""

import asyncio
import sys

import functions
import httptools
import numpy
import orjson
import uvloop

HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: %s\r\ncontent-length: %d\r\n\r\n%s"


class Connection(asyncio.Protocol):
    def connection_made(self, transport):
        self.transport = transport
        self.parser = httptools.HttpRequestParser(self)

    def data_received(self, data):
        self.parser.feed_data(data)

    def on_message_begin(self):
        self.parts = []

    def on_url(self, url):
        self.name = url[1:].decode()

    def on_body(self, part):
        self.parts.append(part)

    def on_message_complete(self):
        kind, body = answer(self.name, b"".join(self.parts))
        self.transport.write(HEAD % (kind, len(body), body))


def answer(name, body):
    if name == "healthz":
        return b"application/json", b"{}"
    if name == "brightest":
        image = numpy.frombuffer(body, numpy.uint8).reshape(224, 224, 3)
        return b"application/json", orjson.dumps(functions.brightest(image))
    fields = orjson.loads(body)
    if name == "tokens":
        events = [functions.sse(token) for token in functions.tokens(fields["n"])]
        return b"text/event-stream", "".join(events).encode()
    return b"application/json", orjson.dumps(getattr(functions, name)(**fields))


async def main(port):
    server = await asyncio.get_running_loop().create_server(Connection, "127.0.0.1", port)
    await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(main(int(sys.argv[1])))
