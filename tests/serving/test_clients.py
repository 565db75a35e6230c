"""What clients send, as they send it, on a served bundle."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from tests.serving.conftest import code_bundle
from tools.testkit.pair import Pair, stopping

ECHO = """
def predict(x, scale=1):
    if x == "nan":
        return [1.0, float("nan")]
    return x
"""


@pytest.fixture(scope="module")
def echo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    root = tmp_path_factory.mktemp("echo") / "root"
    code_bundle(root, ECHO)
    with stopping(Pair(root, {}, name="echo", max_concurrency=2)) as pair:
        yield pair.start()


@pytest.mark.parametrize("version", ["1", "digest"])
def test_the_version_is_the_digest_or_1(echo: Pair, version: str) -> None:
    name = f"echo/versions/{echo.digest if version == 'digest' else version}"
    assert echo.call("GET", f"/v2/models/{name}").json["versions"] == [echo.digest]
    assert echo.call("GET", f"/v2/models/{name}/ready").status == 200
    tensor = {"name": "x", "datatype": "INT64", "shape": [], "data": [7]}
    answer = echo.call("POST", f"/v2/models/{name}/infer", json.dumps({"inputs": [tensor]}).encode()).json
    assert (answer["outputs"][0]["data"], answer["model_version"]) == ([7], echo.digest)
    assert echo.call("GET", f"/v1/models/{name}").json == {"name": "echo", "ready": True}
    assert echo.call("POST", f"/v1/models/{name}:predict", b'{"instances": [7]}').json == {"predictions": [7]}


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/v2/models/echo/versions/2"),
        ("POST", "/v2/models/echo/versions/latest/infer"),
        ("GET", "/v1/models/echo/versions/0"),
        ("POST", "/v1/models/echo/versions/sha256:00:predict"),
    ],
)
def test_another_version_is_not_there(echo: Pair, method: str, path: str) -> None:
    answer = echo.call(method, path, b'{"instances": [7], "inputs": []}' if method == "POST" else None)
    assert answer.status == 404
    assert f"ask for '1' or '{echo.digest}'" in answer.json["error"]
