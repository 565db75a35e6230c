"""A stand-in for the service that the asynchronous function asks: it answers after a while, on port argv[1].

It lets in argv[2] requests at once on as many connections: with more, the function's Semaphore or its client is not
shared, and the answer is 503.
"""

import asyncio
import sys

import httptools
import orjson
import uvloop

SECONDS = 0.02
HEAD = b"HTTP/1.1 %s\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n%s"
connections = set()
running = set()


class Connection(asyncio.Protocol):
    def __init__(self, limit):
        self.limit = limit
        self.timer = None

    def connection_made(self, transport):
        self.transport = transport
        self.parser = httptools.HttpRequestParser(self)
        connections.add(self)

    def connection_lost(self, error):
        connections.discard(self)
        running.discard(self)
        if self.timer:
            self.timer.cancel()

    def data_received(self, data):
        self.parser.feed_data(data)

    def on_message_begin(self):
        self.parts = []

    def on_body(self, part):
        self.parts.append(part)

    def on_message_complete(self):
        running.add(self)
        fits = max(len(running), len(connections)) <= self.limit
        self.timer = asyncio.get_running_loop().call_later(SECONDS, self.answer, fits)

    def answer(self, fits):
        running.discard(self)
        fields = orjson.loads(b"".join(self.parts))
        body = orjson.dumps(fields["x"] * 2 + len(fields["y"]))
        self.transport.write(HEAD % (b"200 OK" if fits else b"503 Service Unavailable", len(body), body))


async def main(port, limit):
    server = await asyncio.get_running_loop().create_server(lambda: Connection(limit), "127.0.0.1", port)
    await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(main(*map(int, sys.argv[1:])))
