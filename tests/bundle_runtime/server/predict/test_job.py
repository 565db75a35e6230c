"""What a process that reads is told: all of the request but its body, and by name what it has itself."""

from __future__ import annotations

from bundle_runtime.server.http.exchange import Exchange
from bundle_runtime.server.memory import Memory
from bundle_runtime.server.predict import job
from bundle_runtime.server.predict.codec import FieldsCodec


def test_the_request_is_the_same_and_what_stays_is_the_other_sides() -> None:
    exchange = Exchange(None, 0.0)  # type: ignore[arg-type]
    exchange.method, exchange.target = b"POST", b"/predict"
    exchange.headers = [(b"Content-Type", b"text/plain")]
    exchange.body = b"a" * 1000
    here, there = Memory(0), Memory(0)
    told = job.Job(job.request_of(exchange), FieldsCodec(here, 3), 1000, (True, False), 7)
    content = job.packed(told, {"memory": here})
    assert len(content) < 500
    found = job.unpacked(content, {"memory": there})
    assert (found.size, found.worker, found.held) == (1000, (True, False), 7)
    assert isinstance(found.codec, FieldsCodec)
    assert found.codec._memory is there
    read = found.exchange(b"b")
    assert (read.method, read.target, read.body) == (b"POST", b"/predict", b"b")
    assert read.header(b"content-type") == b"text/plain"
