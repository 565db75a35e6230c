"""What clients send, as they send it, on a served bundle: versions, files, forms, NaN, a proxy's prefix."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator
from typing import Any
from urllib.parse import urljoin

import pytest

from tests.serving.conftest import serving
from tools.testkit.pair import Pair

ECHO = """
def predict(x, scale=1):
    if x == "nan":
        return [1.0, float("nan")]
    return x
"""
JSON = {"content_type": "application/json"}


@pytest.fixture(scope="module")
def echo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    with serving(tmp_path_factory.mktemp("echo") / "root", ECHO, name="echo", max_concurrency=2) as pair:
        yield pair


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


JPEG = b"\xff\xd8\xff\xe0\x00\x10JFIF" + bytes(range(256)) * 4
MULTIPART = b'--b\r\ncontent-disposition: form-data; name="file"; filename="a.jpg"\r\n\r\n%b\r\n--b--\r\n' % JPEG
FORM = "application/x-www-form-urlencoded"
AS_BYTES, AS_FIELDS = "base64 text in a field", '{"x": 1}'


class TestBodies:
    @pytest.mark.parametrize(
        ("media", "body", "says"),
        [
            ("multipart/form-data; boundary=b", MULTIPART, AS_BYTES),
            ("image/jpeg", JPEG, AS_BYTES),
            ("IMAGE/PNG", b"\x89PNG\r\n", AS_BYTES),
            ("application/octet-stream", JPEG * 1000, AS_BYTES),
            ("text/csv", b"6.8,2.8\n6.0,3.4\n", AS_FIELDS),
            (FORM, b"x=1&y=2", AS_FIELDS),
        ],
    )
    def test_another_media_type_is_415_with_the_way(self, echo: Pair, media: str, body: bytes, says: str) -> None:
        answer = echo.call("POST", "/predict", body, content_type=media)
        assert (answer.status, answer.code) == (415, "UnsupportedMediaType")
        assert media.partition(";")[0].lower() in answer.message
        assert says in answer.message
        for path in ("/launch/predict", "/v1/models/echo:predict", "/v2/models/echo/infer"):
            assert echo.call("POST", path, body, content_type=media).status == 415, path

    @pytest.mark.parametrize(
        "media",
        [None, FORM, "application/json", "application/json; charset=utf-8", "text/plain", "application/octet-stream"],
    )
    def test_json_is_taken_whatever_it_is_called(self, echo: Pair, media: str | None) -> None:
        headers = {} if media is None else {"content_type": media}
        for accept in ("*/*", "application/json", "text/html"):
            answer = echo.call("POST", "/predict", b' {"x": [1, null]}', accept=accept, **headers)
            assert (answer.status, answer.json, answer.headers["content-type"]) == (200, [1, None], "application/json")
        large = json.dumps({"x": "y" * 100_000}).encode()
        assert echo.call("POST", "/predict", large, **headers).status == 200

    @pytest.mark.parametrize("media", [FORM, "application/json", "application/octet-stream"])
    @pytest.mark.parametrize("body", [b'{"x": 1', b"{'x': 1}", b"[1, 2]", b""])
    def test_json_with_a_mistake_is_400(self, echo: Pair, media: str, body: bytes) -> None:
        answer = echo.call("POST", "/predict", body, content_type=media)
        assert (answer.status, answer.code) == (400, "NotJSON")

    def test_curl_as_people_call_it(self, echo: Pair) -> None:
        url = f"http://127.0.0.1:{echo.port}/predict"
        for arguments, shown in (
            (["-d", '{"x": 1}'], "1"),
            (["-F", "x=1"], "UnsupportedMediaType"),
            (["-H", "expect: 100-continue", "-d", '{"x": 2}'], "2"),
        ):
            done = subprocess.run(["curl", "-s", url, *arguments], capture_output=True, text=True, check=True)
            assert shown in done.stdout, arguments


NOT_FINITE = [
    (b'{"x": NaN}', "$.x"),
    (b'{"x": [0, {"a": -Infinity}]}', "$.x[1].a"),
    (b'{"x": NaN, "y": oops}', "a value"),
    (b'{"x": ["%b", Infinity]}' % (b"a" * 100_000), "a value"),
]


class TestNotFinite:
    @pytest.mark.parametrize(("body", "place"), NOT_FINITE, ids=["nan", "infinity", "two-faults", "large"])
    def test_in_a_request(self, echo: Pair, body: bytes, place: str) -> None:
        answer = echo.call("POST", "/predict", body, **JSON)
        assert (answer.status, answer.code) == (400, "NotJSON")
        assert f"{place} is NaN or infinite" in answer.message
        assert "send null" in answer.message

    @pytest.mark.parametrize(
        ("number", "place"), [(b"1e999", "$.x[1]"), (b"-" + b"9" * 400, "$.x[1]"), (b"9" * 5000, "a number")], ids=len
    )
    def test_a_number_that_no_float_holds(self, echo: Pair, number: bytes, place: str) -> None:
        answer = echo.call("POST", "/predict", b'{"x": [0, %b]}' % number, **JSON)
        assert (answer.status, answer.code) == (400, "NotJSON")
        assert f"{place} is beyond 1.8e+308 (line 1 column " in answer.message
        assert "send it as text" in answer.message

    def test_in_a_request_of_another_protocol(self, echo: Pair) -> None:
        tensor = b'{"inputs": [{"name": "x", "datatype": "FP64", "shape": [2], "data": [1, %b]}]}'
        for body, says in ((tensor % b"NaN", "$.inputs[0].data[1] is NaN"), (tensor % b"null", "not a FP64")):
            answer = echo.call("POST", "/v2/models/echo/infer", body)
            assert (answer.status, says in answer.json["error"]) == (400, True), answer.body
        answer = echo.call("POST", "/v1/models/echo:predict", b'{"instances": [[1], [NaN]]}')
        assert (answer.status, "$.instances[1][0] is NaN" in answer.json["error"]) == (400, True)

    @pytest.mark.parametrize(
        ("path", "body"),
        [
            ("/predict", {"x": "nan"}),
            ("/launch/predict", {"args": {"x": "nan"}}),
            ("/v1/models/echo:predict", {"instances": [1, "nan"]}),
            ("/v1/models/echo:predict", {"inputs": "nan"}),
            (
                "/v2/models/echo/infer",
                {"inputs": [{"name": "x", "datatype": "BYTES", "shape": [], "data": ["nan"]}]},
            ),
        ],
    )
    def test_in_a_prediction(self, echo: Pair, path: str, body: Any) -> None:
        answer = echo.call("POST", path, json.dumps(body).encode())
        assert answer.status == 500
        assert "ResponseNotJSON" in answer.body.decode()
        assert "nan at " in answer.body.decode()


class TestPrefix:
    @pytest.mark.parametrize("prefix", ["", "/models/a", "/x/y/z"])
    def test_the_page_asks_where_it_is(self, echo: Pair, prefix: str) -> None:
        """As behind a proxy that takes the prefix away."""

        def through(url: str, method: str = "GET", body: bytes | None = None) -> int:
            assert url.startswith(f"http://site{prefix}/"), url
            return echo.call(method, url.removeprefix(f"http://site{prefix}"), body).status

        at = f"http://site{prefix}/docs/"
        moved = echo.call("GET", "/docs/")
        assert moved.status == 307
        at = urljoin(at, moved.headers["location"])
        assert at == f"http://site{prefix}/docs"
        page = echo.call("GET", "/docs").body.decode()
        links = [*re.findall(r'href="([^"]+)"', page), *re.findall(r'fetch\("([^"]+)"', page)]
        assert set(links) == {"openapi.json", "metrics", "v2", "predict"}
        for link in links:
            method, body = ("POST", b'{"x": 1}') if link == "predict" else ("GET", None)
            assert through(urljoin(at, link), method, body) == 200, link
        (server,) = echo.call("GET", "/openapi.json").json["servers"]
        base = urljoin(urljoin(at, "openapi.json"), server["url"])
        assert through(base.rstrip("/") + "/predict", "POST", b'{"x": 1}') == 200
