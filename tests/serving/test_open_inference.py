"""The Open Inference Protocol on a served bundle: over plain HTTP and through Triton's own client, unchanged."""

from __future__ import annotations

import base64
import gzip
import json
from typing import Any

import numpy
import pytest

from tests.serving.conftest import Served
from tests.serving.open_inference import MIRROR, SEED, SEED_DOCUMENT, infer, outputs, tensor
from tools.testkit.pair import Pair
from tools.testkit.pythons import interpreter

X = tensor("x", "INT64", [1], [1])
Y = tensor("y", "BYTES", [1], ["hello"])


class TestMetadata:
    def test_of_the_server(self, seed: Pair) -> None:
        found = seed.call("GET", "/v2").json
        assert found["name"] == "model-bundles"
        assert found["version"]
        assert "binary_tensor_data" in found["extensions"]

    def test_of_the_model_comes_from_the_schemas(self, seed: Pair) -> None:
        found = seed.call("GET", "/v2/models/seed").json
        assert found == {
            "name": "seed",
            "versions": [seed.digest],
            "platform": "python",
            "inputs": [
                {"name": "x", "datatype": "INT64", "shape": [1]},
                {"name": "y", "datatype": "BYTES", "shape": [1]},
            ],
            "outputs": [{"name": "output", "datatype": "INT64", "shape": [1]}],
        }
        for version in (seed.digest, seed.digest.replace(":", "%3A")):
            assert seed.call("GET", f"/v2/models/seed/versions/{version}").json == found

    @pytest.mark.parametrize("path", ["seed/versions/2", "other", "other/ready", "seed/versions/2/ready"])
    def test_of_what_is_not_served(self, seed: Pair, path: str) -> None:
        answer = seed.call("GET", f"/v2/models/{path}")
        assert answer.status == 404
        assert isinstance(answer.json["error"], str)

    def test_live_and_ready(self, bundle: Served) -> None:
        pair = bundle(SEED, SEED_DOCUMENT, name="seed")
        pair.start_server()
        assert pair.call("GET", "/v2/health/live").status == 200
        for path in ("/v2/health/ready", "/v2/models/seed/ready"):
            assert pair.call("GET", path).status == 503
        pair.start_worker()
        pair.wait_ready()
        assert pair.call("GET", "/v2/health/ready").status == 200
        assert pair.call("GET", "/v2/models/seed/ready").json == {"name": "seed", "ready": True}


class TestInfer:
    def test_the_seed(self, seed: Pair) -> None:
        answer = infer(seed, X, Y, id="42")
        assert answer.json == {
            "model_name": "seed",
            "model_version": seed.digest,
            "id": "42",
            "outputs": [{"name": "output", "datatype": "INT64", "shape": [1], "data": [7]}],
        }
        assert "id" not in infer(seed, X, Y).json

    @pytest.mark.parametrize(
        ("inputs", "status", "says"),
        [
            ([X], 422, "$"),
            ([X, tensor("y", "INT64", [1], [1])], 422, "$.y"),
            ([tensor("x", "INT64", [2], [50, 50]), Y], 422, "$.x"),
            ([tensor("x", "INT64", [1], [100]), Y], 500, "ResponseSchemaViolation"),
            ([X, X, Y], 400, "$.inputs[1]"),
            ([tensor("x", "INT65", [1], [1])], 400, "INT65"),
            ([tensor("x", "INT64", [2], [1])], 400, "has 2 elements, data has 1"),
            ([tensor("x", "INT64", [-1], [1])], 400, "shape"),
            ([tensor("x", "INT64", [1], ["1"])], 400, "INT64"),
            ([tensor("x", "INT64", [1])], 400, "data"),
            ([tensor("x", "INT64", [1], binary_data_size=8)], 400, "bytes left"),
            ([{"datatype": "INT64", "shape": [1], "data": [1]}], 400, "name"),
            ([7], 400, "$.inputs[0]"),
        ],
    )
    def test_what_is_wrong_is_said(self, seed: Pair, inputs: list[Any], status: int, says: str) -> None:
        answer = infer(seed, *inputs)
        assert answer.status == status, answer.body
        assert says in answer.json["error"]

    @pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"inputs": 3}', b'{"inputs": [], "outputs": [3]}'])
    def test_a_body_that_is_no_request(self, seed: Pair, body: bytes) -> None:
        answer = seed.call("POST", "/v2/models/seed/infer", body)
        assert (answer.status, type(answer.json["error"])) == (400, str)

    @pytest.mark.parametrize("length", ["-1", "x", "999999"])
    def test_a_length_of_the_json_that_cannot_be(self, seed: Pair, length: str) -> None:
        text = json.dumps({"inputs": [X, Y]}).encode()
        answer = seed.call("POST", "/v2/models/seed/infer", text, Inference_Header_Content_Length=length)
        assert answer.status == 400

    def test_a_shape_that_would_fill_the_memory(self, seed: Pair) -> None:
        answer = infer(seed, tensor("x", "INT64", [2**32, 0], []), Y)
        assert (answer.status, "too large" in answer.json["error"]) == (400, True)

    @pytest.mark.parametrize(
        ("given", "says"),
        [
            (tensor("a", "BYTES", [1], ["{"], content_type="application/json"), "must be JSON text"),
            (tensor("a", "BYTES", [1], ["[" * 100_000], content_type="application/json"), "must be JSON text"),
            (tensor("a", "INT64", [1] * 65, [1]), "more than 32"),
            (tensor("a", "INT64", [2**62, 0], []), "too large for no elements"),
        ],
        ids=["text", "deep", "dimensions", "places"],
    )
    def test_what_the_worker_cannot_read_is_the_callers_error(self, mirror: Pair, given: Any, says: str) -> None:
        answer = infer(mirror, given)
        assert (answer.status, says in answer.json["error"]) == (400, True)
        assert mirror.worker.poll() is None
        assert mirror.metric("modelbundle_worker_restarts_total") == 0

    def test_half_a_character_in_a_name_is_the_functions_error(self, mirror: Pair) -> None:
        answer = infer(mirror, tensor("want", "BYTES", [], ["half"]))
        assert (answer.status, answer.json["error"].partition(":")[0]) == (500, "ResponseNotJSON")
        assert mirror.metric("modelbundle_worker_restarts_total") == 0

    def test_arrays_of_bytes_say_that_they_are_base64(self, mirror: Pair) -> None:
        said = {"content_type": "base64"}
        assert outputs(infer(mirror, tensor("want", "BYTES", [], ["bytes"]))) == {
            "array": tensor("array", "BYTES", [1, 2], ["YQ==", "YmM="], **said),
            "list": tensor("list", "BYTES", [2], ["YQ==", "YmM="], **said),
            "one": tensor("one", "BYTES", [1], ["YQ=="], **said),
            "scalar": tensor("scalar", "BYTES", [1], ["YQ=="], **said),
        }

    def test_masked_elements_are_not_shown(self, mirror: Pair) -> None:
        answer = infer(mirror, tensor("want", "BYTES", [], ["masked"]))
        assert (answer.status, answer.json["error"].partition(":")[0]) == (500, "ResponseNotJSON")
        assert "the output a is an array with masked elements" in answer.json["error"]

    def test_bytes_that_no_input_names(self, seed: Pair) -> None:
        assert "left behind" in infer(seed, X, Y, binary=b"abc").json["error"]

    def test_what_each_tensor_is_in_python(self, mirror: Pair) -> None:
        found = outputs(
            infer(
                mirror,
                tensor("want", "BYTES", [], ["types"]),
                tensor("number", "FP64", [], [1.5]),
                tensor("one", "INT32", [1], [1]),
                tensor("half", "FP16", [2], [1, 2]),
                tensor("brain", "BF16", [2], [1, 2]),
                tensor("matrix", "UINT8", [2, 2], [[1, 2], [3, 4]]),
                tensor("words", "BYTES", [2], ["a", "b"]),
                tensor("image", "BYTES", [1], [base64.b64encode(b"\xff").decode()], content_type="base64"),
                tensor("object", "BYTES", [1], ['{"a": 1}'], content_type="application/json"),
            )
        )
        assert {name: output["data"][0] for name, output in found.items()} == {
            "number": "float",
            "one": "ndarray int32 (1,)",
            "half": "ndarray float16 (2,)",
            "brain": "ndarray float32 (2,)",
            "matrix": "ndarray uint8 (2, 2)",
            "words": "list",
            "image": "list",
            "object": "dict",
        }

    def test_what_each_result_is_as_a_tensor(self, mirror: Pair) -> None:
        found = outputs(infer(mirror, tensor("want", "BYTES", [], ["mixed"])))
        json_text = {"content_type": "application/json"}
        assert {
            name: tuple(output.get(key) for key in ("datatype", "shape", "data", "parameters"))
            for name, output in found.items()
        } == {
            "text": ("BYTES", [1], ["é"], None),
            "flag": ("BOOL", [1], [True], None),
            "none": ("BYTES", [1], ["null"], json_text),
            "ragged": ("BYTES", [1], ["[[1],[2,3]]"], json_text),
            "day": ("BYTES", [1], ["2020-01-02"], None),
            "rows": ("INT64", [2, 2], [1, 2, 3, 4], None),
            "words": ("BYTES", [2], ["a", "bc"], None),
            "raw": ("BYTES", [1], ["/wA="], {"content_type": "base64"}),
            "big": ("BYTES", [1], [str(2**70)], json_text),
            "empty": ("FP64", [0], [], None),
        }
        box = outputs(infer(mirror, tensor("want", "BYTES", [], ["box"])))
        assert {name: output["data"] for name, output in box.items()} == {"a": [1], "b": [1.5, 2.5]}

    def test_nan_is_for_bytes_only(self, mirror: Pair) -> None:
        want = tensor("want", "BYTES", [], ["nan"])
        answer = infer(mirror, want)
        assert (answer.status, "nan at 1" in answer.json["error"]) == (500, True)
        answer = infer(mirror, want, parameters={"binary_data_output": True})
        assert answer.headers["content-type"] == "application/octet-stream"
        data = answer.body[int(answer.headers["inference-header-content-length"]) :]
        assert numpy.isnan(numpy.frombuffer(data)).tolist() == [False, True]

    def test_outputs_are_chosen_by_name_and_in_order(self, mirror: Pair) -> None:
        both = [tensor("a", "INT8", [1], [1]), tensor("b", "INT8", [1], [2])]
        assert list(outputs(infer(mirror, *both, outputs=[{"name": "b"}]))) == ["b"]
        assert list(outputs(infer(mirror, *both, outputs=[{"name": "b"}, {"name": "a"}]))) == ["b", "a"]
        assert "no output c" in infer(mirror, *both, outputs=[{"name": "c"}]).json["error"]

    def test_compressed_both_ways(self, mirror: Pair) -> None:
        text = json.dumps({"inputs": [tensor("a", "INT64", [1000], list(range(1000)))]}).encode()
        answer = mirror.call(
            "POST", "/v2/models/mirror/infer", gzip.compress(text), content_encoding="gzip", accept_encoding="gzip"
        )
        assert answer.headers["content-encoding"] == "gzip"
        assert json.loads(gzip.decompress(answer.body))["outputs"][0]["data"] == list(range(1000))


def test_without_numpy_tensors_are_lists(bundle: Served) -> None:
    python = interpreter("3.8")
    if python is None:
        pytest.skip("needs a CPython 3.8 without NumPy")
    pair = bundle(MIRROR, python=python, name="mirror").start()
    types = tensor("want", "BYTES", [], ["types"])
    matrix = tensor("m", "FP32", [2, 2], [1, 2, 3, 4])
    assert outputs(infer(pair, types, matrix))["m"]["data"] == ["list"]
    found = outputs(infer(pair, matrix, tensor("b", "BOOL", [2], [True, False])))
    assert found["m"] == {"name": "m", "datatype": "FP64", "shape": [2, 2], "data": [1, 2, 3, 4]}
    assert found["b"] == {"name": "b", "datatype": "BOOL", "shape": [2], "data": [True, False]}
