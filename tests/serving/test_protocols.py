"""The protocols beside POST /predict, on a served bundle: Launch's envelope, V1, OpenAPI, compression, traces."""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Iterator
from typing import Any

import pytest

from bundle_spec.request_size import DEFAULT_REQUEST_BYTES
from tests.serving.conftest import Served, serving
from tools.testkit.pair import Answer, Pair, until

SEED = """
def predict(x, y):
    if y == "boom":
        raise ValueError("no boom, please")
    return x * 2 + len(y)
"""
DOCUMENT = {
    "requestSchema": {
        "type": "object",
        "properties": {"x": {"type": "integer"}, "y": {"type": "string"}},
        "required": ["x", "y"],
    },
    "responseSchema": {"type": "integer", "maximum": 100},
}
LIMIT = DEFAULT_REQUEST_BYTES


@pytest.fixture(scope="module")
def seed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    with serving(tmp_path_factory.mktemp("seed") / "root", SEED, DOCUMENT, name="seed") as pair:
        yield pair


def post(pair: Pair, path: str, value: Any, **headers: str) -> Answer:
    return pair.call("POST", path, json.dumps(value).encode(), **headers)


GOOD = {"x": 1, "y": "hello"}


class TestLaunchEnvelope:
    path = "/launch/predict"

    def test_args_in_and_the_result_as_json_text_out(self, seed: Pair) -> None:
        answer = post(seed, self.path, {"args": GOOD, "url": None, "return_pickled": False})
        assert (answer.status, answer.json) == (200, {"result": "7"})
        assert answer.headers["x-modelbundle-digest"] == seed.digest

    @pytest.mark.parametrize(
        ("envelope", "status", "says"),
        [
            ({"args": {"x": 1}}, 422, "request schema"),
            ({"args": [1]}, 400, "args must be"),
            ({}, 400, "args must be"),
            ({"url": "http://127.0.0.1/"}, 400, "url is not taken"),
            ({"args": GOOD, "cloudpickle": "s3://b/k"}, 400, "cloudpickle is not taken"),
            ({"args": GOOD, "return_pickled": True}, 400, "return_pickled is not taken"),
        ],
    )
    def test_what_it_does_not_take(self, seed: Pair, envelope: Any, status: int, says: str) -> None:
        answer = post(seed, self.path, envelope)
        assert answer.status == status
        assert says in answer.json["detail"]

    def test_an_error_of_user_code_is_a_traceback(self, seed: Pair) -> None:
        answer = post(seed, self.path, {"args": {"x": 1, "y": "boom"}})
        assert answer.status == 500
        assert "no boom, please" in answer.json["detail"]["traceback"]
        assert answer.code == "PredictFailed"

    def test_a_bundle_may_have_a_field_called_args(self, served: Served) -> None:
        pair = served("def predict(args):\n    return args\n")
        assert pair.predict(args={"a": 1}).json == {"a": 1}


class TestV1:
    path = "/v1/models/seed:predict"

    def test_each_instance_is_a_request(self, seed: Pair) -> None:
        answer = post(seed, self.path, {"instances": [GOOD, {"x": 2, "y": ""}]})
        assert (answer.status, answer.json) == (200, {"predictions": [7, 4]})
        assert post(seed, self.path, {"instances": []}).json == {"predictions": []}

    @pytest.mark.parametrize(
        ("path", "body", "status", "says"),
        [
            (path, {"instances": [GOOD, {"x": 1}]}, 422, "$.instances[1]"),
            (path, {"instances": [1]}, 400, "one field"),
            (path, {"inputs": {}}, 422, "$.inputs"),
            (path, {"instances": [0] * 100_001}, 413, "100001 instances"),
            (path, {"instances": [GOOD, {"x": 1, "y": "boom"}]}, 500, "instance 1: ValueError: no boom"),
            (path, {"instances": [{"x": 1000, "y": ""}]}, 500, "ResponseSchemaViolation"),
            ("/v1/models/other:predict", {"instances": []}, 404, "'seed'"),
        ],
    )
    def test_errors_are_a_string(self, seed: Pair, path: str, body: Any, status: int, says: str) -> None:
        answer = post(seed, path, body)
        assert answer.status == status
        assert says in answer.json["error"]

    def test_the_model_is_listed_and_ready(self, seed: Pair) -> None:
        assert seed.call("GET", "/v1/models").json == {"models": ["seed"]}
        assert seed.call("GET", "/v1/models/seed").json == {"name": "seed", "ready": True}
        assert seed.call("GET", "/").json["status"] == "alive"

    def test_bare_values_where_there_is_one_field(self, served: Served) -> None:
        schema = {"type": "object", "properties": {"x": {"type": "array"}}}
        pair = served("def predict(x):\n    return sum(x)\n", {"requestSchema": schema}, name="sum")
        answer = post(pair, "/v1/models/sum:predict", {"instances": [[1, 2], [3]]})
        assert answer.json == {"predictions": [3, 3]}


def test_the_name_of_the_service_that_was_called_is_a_name_of_the_model(seed: Pair) -> None:
    for host, model, status in (
        ("stable.default.svc:80", "stable", 200),
        ("stable", "stable", 200),
        ("stable", "other", 404),
        ("127.0.0.1:8080", "127", 404),
        ("localhost", "localhost", 404),
    ):
        assert seed.call("GET", f"/v2/models/{model}", host=host).status == status, (host, model)


class TestCompression:
    body = json.dumps(GOOD).encode()

    @pytest.mark.parametrize(
        ("coding", "compress"),
        [
            ("gzip", gzip.compress),
            ("deflate", zlib.compress),
            ("GZIP", lambda body: gzip.compress(body[:5]) + gzip.compress(body[5:])),
        ],
    )
    @pytest.mark.parametrize("path", ["/predict", "/launch/predict"])
    def test_a_compressed_request(self, seed: Pair, coding: str, compress: Any, path: str) -> None:
        body = self.body if path == "/predict" else b'{"args": %b}' % self.body
        answer = seed.call("POST", path, compress(body), content_encoding=coding)
        assert answer.json == (7 if path == "/predict" else {"result": "7"})

    @pytest.mark.parametrize(
        ("coding", "made_of", "status", "code"),
        [
            ("br", lambda body: body, 415, "UnsupportedEncoding"),
            ("gzip", lambda body: body, 400, "BadRequest"),
            ("gzip", lambda body: gzip.compress(body)[:-9], 400, "BadRequest"),
            ("gzip", lambda _: gzip.compress(b" " * (LIMIT + 1)), 413, "BodyTooLarge"),
        ],
        ids=["unknown", "none", "cut-off", "too-large"],
    )
    def test_what_cannot_be_read(self, seed: Pair, coding: str, made_of: Any, status: int, code: str) -> None:
        answer = seed.call("POST", "/predict", made_of(self.body), content_encoding=coding)
        assert (answer.status, answer.code) == (status, code)

    def test_an_answer_is_compressed_for_who_takes_it(self, served: Served) -> None:
        pair = served("def predict(n):\n    return 'a' * n\n")
        for accepts, coding in (
            ("gzip, deflate", "gzip"),
            ("deflate", "deflate"),
            ("gzip;q=0, br", None),
            ("gzip;q=0.5", "gzip"),
            ("", None),
        ):
            answer = post(pair, "/launch/predict", {"args": {"n": 5000}}, accept_encoding=accepts)
            assert answer.headers.get("content-encoding") == coding, accepts
            unpacked = zlib.decompress(answer.body, 47) if coding else answer.body
            assert json.loads(unpacked) == {"result": json.dumps("a" * 5000)}


TRACED = """
import opentelemetry.propagate

def predict():
    carrier = {}
    opentelemetry.propagate.inject(carrier)
    return carrier
"""
TRACED_LATE = """
def predict():
    import opentelemetry.propagate

    carrier = {}
    opentelemetry.propagate.inject(carrier)
    return carrier
"""
PARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


class TestTrace:
    def test_it_reaches_what_user_code_sends(self, served: Served) -> None:
        pair = served(TRACED)
        headers = {"traceparent": PARENT, "tracestate": "a=1"}
        assert post(pair, "/predict", {}, **headers).json == headers
        assert post(pair, "/launch/predict", {"args": {}}, **headers).json == {
            "result": json.dumps(headers, separators=(",", ":"))
        }
        assert post(pair, "/predict", {}).json == {}, "and not the next request"

    def test_an_import_after_the_load_is_noticed(self, served: Served) -> None:
        pair = served(TRACED_LATE)
        assert post(pair, "/predict", {}, traceparent=PARENT).json == {}
        carried = {"traceparent": PARENT}
        until(lambda: post(pair, "/predict", {}, **carried).json == carried, "a heartbeat, once a second, has said so")

    def test_without_opentelemetry_nothing_happens(self, seed: Pair) -> None:
        assert post(seed, "/predict", GOOD, traceparent=PARENT).json == 7

    def test_one_that_breaks_the_format_is_dropped(self, served: Served) -> None:
        pair = served(TRACED)
        for parent in (
            PARENT.upper(),
            PARENT + "-00",
            PARENT[:-1],
            "ff" + PARENT[2:],
            "00-" + "0" * 32 + PARENT[35:],
            PARENT + ", " + PARENT,
        ):
            assert post(pair, "/predict", {}, traceparent=parent).json == {}, parent


class TestDocumentation:
    def test_openapi_describes_this_bundle(self, seed: Pair) -> None:
        document = seed.call("GET", "/openapi.json").json
        assert document["openapi"].startswith("3.1.")
        assert document["info"]["title"] == "seed"
        assert document["info"]["version"] == seed.digest
        request = {**DOCUMENT["requestSchema"], "propertyNames": {"enum": ["x", "y"]}}  # what predict_fn takes
        assert document["components"]["schemas"]["PredictRequest"] == request

    def test_the_page_needs_nothing_from_elsewhere(self, seed: Pair) -> None:
        answer = seed.call("GET", "/docs")
        assert answer.headers["content-type"] == "text/html; charset=utf-8"
        assert b"http://" not in answer.body
        assert b"https://" not in answer.body
        policy = answer.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert len(answer.body) < 8_000


def test_methods_and_paths_that_are_not_there(seed: Pair) -> None:
    assert seed.call("GET", "/predict").headers["allow"] == "POST"
    assert seed.call("GET", "/v2/models/seed/infer").status == 405
    assert seed.call("GET", "/nowhere").code == "NotFound"
    assert seed.call("POST", "/v2/nowhere").json["error"].startswith("NotFound")
    assert seed.call("GET", "/docs/%FF").code == "NotFound"


def test_every_prediction_is_counted(served: Served) -> None:
    pair = served(SEED, DOCUMENT)
    post(pair, "/predict", GOOD)
    post(pair, "/launch/predict", {"args": GOOD})
    post(pair, "/v1/models/model:predict", {"instances": [GOOD]})
    post(pair, "/launch/predict", {"args": {}})
    assert pair.metric('modelbundle_requests_total{code="OK",status="200"}') == 3
    assert pair.metric('modelbundle_requests_total{code="RequestSchemaViolation",status="422"}') == 1
