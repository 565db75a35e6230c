"""A bundle that asks for larger requests gets them: videos as base64 text, volumes as binary tensors."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from tests.serving.conftest import serving
from tools.testkit.pair import Pair

MIB = 1 << 20
MOST = 128 * MIB


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    source = "def predict(x):\n    return len(x)\n"
    with serving(tmp_path_factory.mktemp("larger") / "root", source, max_request_bytes=MOST) as pair:
        yield pair


def volume(size: int) -> tuple[bytes, int]:
    """A request with so many bytes of elements, and the length of its JSON."""
    tensor = {"name": "x", "datatype": "UINT8", "shape": [size], "parameters": {"binary_data_size": size}}
    head = json.dumps({"inputs": [tensor]}).encode()
    return head + bytes(size), len(head)


def test_a_video_as_text(pair: Pair) -> None:
    assert pair.call("POST", "/predict", b'{"x":"%b"}' % (b"QUJD" * (70 * MIB // 4))).json == 70 * MIB


def test_a_volume_as_a_tensor(pair: Pair) -> None:
    body, length = volume(100 * MIB)
    answer = pair.call("POST", "/v2/models/model/infer", body, Inference_Header_Content_Length=str(length))
    assert answer.json["outputs"][0]["data"] == [100 * MIB]


def test_what_is_larger_still_is_refused_with_the_setting(pair: Pair) -> None:
    with pair.open() as connection:
        connection.sendall(
            b"POST /v2/models/model/infer HTTP/1.1\r\nhost: x\r\ncontent-length: %d\r\n\r\n" % (MOST + 1)
        )
        answer = connection.recv(65536)
    assert answer.startswith(b"HTTP/1.1 413 ")
    assert b"%d bytes (serving.maxRequestBytes)" % MOST in answer
    assert pair.call("GET", "/").json["limits"]["maxRequestBytes"] == MOST
