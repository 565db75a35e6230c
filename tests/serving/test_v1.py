"""V1 as the clients of TensorFlow Serving and KServe send it, without a request schema and with one."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.serving.conftest import Served, serving
from tools.testkit.pair import Pair

IRIS = [[6.8, 2.8, 4.8, 1.4], [6.0, 3.4, 4.5, 1.6]]
ONE = "def predict(x):\n    return x\n"


@pytest.fixture(scope="module")
def one(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    with serving(tmp_path_factory.mktemp("one") / "root", ONE, name="model") as pair:
        yield pair


class TestV1:
    path = "/v1/models/model:predict"

    @pytest.mark.parametrize(
        ("sent", "answered"),
        [
            ({"instances": IRIS}, {"predictions": IRIS}),
            ({"signature_name": "serving_default", "instances": IRIS}, {"predictions": IRIS}),
            ({"instances": [{"x": 1}, 2, None]}, {"predictions": [1, 2, None]}),
            ({"instances": [{"b64": "aGk="}]}, {"predictions": [{"b64": "aGk="}]}),
            ({"instances": [{"length": 1, "width": 2}]}, {"predictions": [{"length": 1, "width": 2}]}),
            ({"inputs": IRIS}, {"outputs": IRIS}),
            ({"inputs": {"x": IRIS}}, {"outputs": IRIS}),
            ({"signature_name": "serving_default", "inputs": "a"}, {"outputs": "a"}),
        ],
    )
    def test_a_row_is_the_only_argument(self, one: Pair, sent: Any, answered: Any) -> None:
        answer = one.call("POST", self.path, json.dumps(sent).encode())
        assert (answer.status, answer.json) == (200, answered)

    def test_a_row_is_the_argument_that_has_no_default(self, served: Served) -> None:
        echo = served("def predict(x, scale=1):\n    return x\n", name="echo")
        sent = {"instances": [[1], {"x": [2], "scale": 3}]}
        answer = echo.call("POST", "/v1/models/echo:predict", json.dumps(sent).encode())
        assert answer.json == {"predictions": [[1], [2]]}

    @pytest.mark.parametrize(
        ("source", "sent", "status", "says"),
        [
            ("def predict(x, y):\n    return x\n", {"instances": [1]}, 400, "predict_fn has one argument"),
            ("def predict(x, y):\n    return x\n", {"inputs": [1]}, 400, "inputs must be a JSON object"),
            ("def predict(x, y):\n    return x\n", {"inputs": {"x": 1}}, 422, "predict_fn needs y"),
            (ONE, {"instances": [1], "inputs": [1]}, 400, '{"instances": [...]}'),
            (ONE, [1], 400, "must be a JSON object"),
            (ONE, {"rows": [1]}, 400, '{"inputs": {...}}'),
        ],
    )
    def test_what_it_does_not_take(self, served: Served, source: str, sent: Any, status: int, says: str) -> None:
        answer = served(source, name="model").call("POST", self.path, json.dumps(sent).encode())
        assert answer.status == status
        assert says in answer.json["error"]

    def test_columns_meet_the_schemas(self, served: Served) -> None:
        rows = {"type": "array", "items": {"type": "integer"}}
        document = {
            "requestSchema": {"type": "object", "properties": {"x": rows}, "required": ["x"]},
            "responseSchema": {"type": "array", "maxItems": 2},
        }
        pair = served(ONE, document, name="model")
        for sent, status, says in (
            ({"inputs": [1, 2]}, 200, '{"outputs":[1,2]}'),
            ({"inputs": {"x": [1, "a"]}}, 422, "$.inputs.x[1]"),
            ({"inputs": {"y": 1}}, 422, "$.inputs.x"),
            ({"inputs": [1, 2, 3]}, 500, "ResponseSchemaViolation"),
        ):
            answer = pair.call("POST", self.path, json.dumps(sent).encode())
            assert answer.status == status, sent
            assert says in answer.body.decode(), sent
