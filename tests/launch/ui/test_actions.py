"""What the page may have done: predictions always, writes where they are allowed."""

from __future__ import annotations

import json

import pytest

from tests.launch.ui.stand_in import GROUP, bundle, endpoint

PROXY = "/api/v1/namespaces/models/services/http:b:http/proxy/predict"
ASKED = {"namespace": "models", "service": "b"}


def test_a_request_goes_to_the_service_as_it_was_written(api, serve):
    api.answer = lambda _path, body: (200, b'{"sum": 9007199254740993}')
    status, found = serve().ask("/api/predict", {**ASKED, "request": '{"x": 9007199254740993}'})
    assert (status, found["status"], found["text"]) == (200, 200, '{"sum": 9007199254740993}')
    assert api.written == [("POST", PROXY, b'{"x": 9007199254740993}')]


def test_a_bundle_that_refuses_is_an_answer(api, serve):
    api.headers = {"x-modelbundle-digest": "sha256:1"}
    api.answer = lambda _path, body: (422, b'{"error": {"code": "InvalidRequest"}}')
    status, found = serve().ask("/api/predict", {**ASKED, "request": "{}"})
    assert (status, found["status"], found["digest"]) == (200, 422, "sha256:1")


def test_an_api_server_that_refuses_is_a_failure(api, serve):
    api.answer = lambda _path, body: (403, b'{"message": "services/proxy is forbidden", "reason": "Forbidden"}')
    status, found = serve().ask("/api/predict", {**ASKED, "request": "{}"})
    assert status == 403
    assert "services/proxy is forbidden" in found["error"]["message"]


def test_an_answer_is_read_to_a_bound(api, serve):
    api.answer = lambda _path, body: (200, b"x" * (3 << 20))
    _, found = serve().ask("/api/predict", {**ASKED, "request": "{}"})
    assert (len(found["text"]), found["cut"]) == (1 << 20, True)


@pytest.mark.parametrize("request_text", ["{", "", "[" * 100_000])
def test_what_is_not_json_is_not_sent(api, serve, request_text):
    assert serve().ask("/api/predict", {**ASKED, "request": request_text})[0] == 400
    assert api.written == []


def test_a_scale_and_a_move_are_patches_of_one_field(api, serve):
    api.put("modelbundles", bundle("b"))
    api.put("modelendpoints", endpoint("e", "a"))
    page = serve(write=True)
    assert page.ask("/api/scale", {"namespace": "models", "name": "b", "replicas": 3})[0] == 200
    assert page.ask("/api/move", {"namespace": "models", "name": "e", "bundle": "b"})[0] == 200
    paths = [path.partition("?") for _, path, _ in api.written]
    assert [path for path, _, _ in paths] == [
        f"{GROUP}/namespaces/models/modelbundles/b",
        f"{GROUP}/namespaces/models/modelendpoints/e",
    ]
    assert all("fieldValidation=Strict" in query for _, _, query in paths)
    bodies = [json.loads(body) for _, _, body in api.written]
    assert bodies == [{"spec": {"serving": {"replicas": 3}}}, {"spec": {"bundle": "b"}}]


@pytest.mark.parametrize("replicas", [-1, 10_001, 1.5, True, "3", None])
def test_replicas_are_a_whole_number(api, serve, replicas):
    page = serve(write=True)
    assert page.ask("/api/scale", {"namespace": "models", "name": "b", "replicas": replicas})[0] == 400
    assert api.written == []


@pytest.mark.parametrize("action", ["scale", "move"])
def test_nothing_is_written_unless_it_is_allowed(api, serve, action):
    body = {"namespace": "models", "name": "b", "replicas": 0, "bundle": "c"}
    status, found = serve().ask(f"/api/{action}", body)
    assert status == 404
    assert "--allow-write" in found["error"]["message"]
    assert serve(write=True).ask(f"/api/{action}", body, Authorization="")[0] == 401
    assert api.written == []


@pytest.mark.parametrize("headers", [{"Content-Length": "x"}, {"Content-Length": str(1 << 40)}])
def test_a_request_without_a_bounded_length_is_refused(serve, headers):
    assert serve().ask("/api/predict", {}, **headers)[0] == 400
