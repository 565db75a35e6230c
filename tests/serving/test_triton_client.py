"""Triton's own client against a served bundle: what it takes and gives is what its users rely on."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy
import pytest
import tritonclient.http as triton
from tritonclient.utils import InferenceServerException

from tools.testkit.pair import Pair


class TestTritonClient:
    @pytest.fixture
    def client(self, mirror: Pair) -> Iterator[Any]:
        with triton.InferenceServerClient(f"127.0.0.1:{mirror.port}") as client:
            yield client

    def test_health_and_metadata(self, client: Any, mirror: Pair) -> None:
        assert client.is_server_live()
        assert client.is_server_ready()
        assert client.is_model_ready("mirror")
        assert client.is_model_ready("mirror", mirror.digest)
        assert client.is_model_ready("mirror", "1"), "what clients ask for where there is one version"
        assert not client.is_model_ready("mirror", "2")
        assert client.get_server_metadata()["extensions"] == ["binary_tensor_data"]
        assert client.get_model_metadata("mirror", mirror.digest)["versions"] == [mirror.digest]

    @pytest.mark.parametrize("binary", [True, False])
    @pytest.mark.parametrize("compression", [None, "gzip", "deflate"])
    def test_infer(self, client: Any, mirror: Pair, binary: bool, compression: str | None) -> None:
        arrays: dict[str, Any] = {
            "f": numpy.arange(600, dtype=numpy.float32).reshape(2, 300),
            "i": numpy.array([[1, -2]], dtype=numpy.int64),
            "b": numpy.array([True, False]),
            "s": numpy.array(["a", "é"], dtype=object),
        }
        datatypes = {"f": "FP32", "i": "INT64", "b": "BOOL", "s": "BYTES"}
        inputs = []
        for name, array in arrays.items():
            inputs.append(triton.InferInput(name, list(array.shape), datatypes[name]))
            inputs[-1].set_data_from_numpy(array, binary_data=binary)
        wanted = [triton.InferRequestedOutput(name, binary_data=binary) for name in arrays]
        result = client.infer(
            "mirror",
            inputs,
            model_version=mirror.digest,
            outputs=wanted,
            request_id="r",
            request_compression_algorithm=compression,
            response_compression_algorithm=compression,
        )
        assert result.get_response()["id"] == "r"
        for name, array in arrays.items():
            got = result.as_numpy(name)
            expected = [text.encode() if isinstance(text, str) else text for text in array.ravel().tolist()]
            assert [text.encode() if isinstance(text, str) else text for text in got.ravel().tolist()] == expected
            assert got.shape == array.shape

    def test_an_error_is_the_clients_own(self, client: Any) -> None:
        with pytest.raises(InferenceServerException, match="NotFound: no model 'other'"):
            client.get_model_metadata("other")

    def test_an_image_sized_tensor(self, client: Any) -> None:
        array = numpy.random.default_rng(0).random((3, 224, 224), dtype=numpy.float32)
        image = triton.InferInput("image", list(array.shape), "FP32")
        image.set_data_from_numpy(array)
        assert (client.infer("mirror", [image]).as_numpy("image") == array).all()
