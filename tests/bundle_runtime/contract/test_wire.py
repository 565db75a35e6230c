"""Frames survive any cutting of the stream, and a liar cannot make the decoder reserve memory."""

from __future__ import annotations

import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bundle_runtime.contract import wire

frames = st.builds(
    wire.Frame,
    kind=st.sampled_from([wire.REQUEST, wire.RESPONSE, wire.ERROR, wire.HELLO]),
    id=st.integers(0, wire.MAX_ID),
    payload=st.binary(max_size=300),
    phases=st.tuples(*[st.integers(0, wire.MAX_ID)] * 3),
)


@given(st.lists(frames, max_size=8), st.lists(st.integers(1, 200), max_size=60))
def test_any_cutting_of_the_stream_gives_the_same_frames(sent: list[wire.Frame], cuts: list[int]) -> None:
    stream = b"".join(wire.pack(frame.kind, frame.id, frame.payload, frame.phases) for frame in sent)
    decoder = wire.Decoder()
    got: list[wire.Frame] = []
    at = 0
    for cut in [*cuts, len(stream)]:
        piece = stream[at : at + cut]
        at += len(piece)
        got += decoder.feed(piece)
        assert decoder.held <= at
    got += decoder.feed(stream[at:])
    assert got == sent
    assert decoder.held == 0


@given(st.binary(max_size=400))
def test_noise_gives_frames_or_a_wire_error_and_nothing_else(noise: bytes) -> None:
    decoder = wire.Decoder()
    try:
        decoder.feed(noise)
    except wire.WireError:
        return
    assert decoder.held <= len(noise)


def test_a_promise_of_much_costs_nothing() -> None:
    decoder = wire.Decoder()
    tracemalloc.start()
    try:
        assert decoder.feed(wire.pack_header(wire.REQUEST, 1, wire.MAX_BODY)) == []
        assert tracemalloc.get_traced_memory()[1] < 100_000
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(
    ("header", "said"),
    [
        (wire.HEADER.pack(wire.MAX_BODY + 1, wire.REQUEST, wire.VERSION, 0, 1, 0, 0, 0), "payload"),
        (wire.HEADER.pack(1, wire.HEARTBEAT, wire.VERSION, 0, 0, 0, 0, 0), "payload of 1 bytes"),
        (wire.HEADER.pack(0, 99, wire.VERSION, 0, 0, 0, 0, 0), "kind 99"),
        (wire.HEADER.pack(0, wire.HELLO, 1, 0, 0, 0, 0, 0), "version 1"),
    ],
)
def test_what_the_contract_does_not_allow_is_refused_at_the_header(header: bytes, said: str) -> None:
    with pytest.raises(wire.WireError, match=said):
        wire.Decoder().feed(header)


def test_too_much_is_refused_by_the_sender() -> None:
    with pytest.raises(wire.WireError):
        wire.pack(wire.HELLO, 0, b"x" * (wire.MAX_CONTROL + 1))


@pytest.mark.parametrize("payload", [b"", b"[]", b"{", b"\xff"])
def test_a_control_payload_must_be_an_object(payload: bytes) -> None:
    with pytest.raises(wire.WireError):
        wire.unpack_json(wire.Frame(wire.HELLO, 0, payload, wire.NO_TIME))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(JSON)
def test_fields_arrive_as_they_were_to_the_type(value: object) -> None:
    assert repr(wire.unpack_fields(wire.pack_fields(value))) == repr(value)
    assert repr(wire.unpack_fields(memoryview(wire.pack_fields(value)))) == repr(value)


def test_long_times_are_clamped() -> None:
    (frame,) = wire.Decoder().feed(wire.pack(wire.RESPONSE, 1, b"{}", (1, 10**12, 3)))
    assert frame.phases == (1, wire.MAX_ID, 3)


@given(st.lists(st.binary(min_size=1).map(lambda text: text.replace(b"\n", b" ")), min_size=1))
def test_items_cost_the_same_together_as_alone(items: list[bytes]) -> None:
    assert wire.item_cost(b"\n".join(items)) == sum(len(item) + wire.HEADER_SIZE for item in items)
