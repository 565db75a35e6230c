"""`modelbundle predict NAME` asks through the API server's proxy, and tells the bundle's reason when nobody answers."""

import pytest

from bundle_spec.names import BUNDLE_NAME
from tests.launch.cli.api_server import STALLED, STARTING, Api, bundle


@pytest.fixture
def api():
    running = Api([bundle(1, STARTING, STALLED)])
    yield running
    running.close()


@pytest.fixture
def predict(api, modelbundle_here, tmp_path):
    kubeconfig = api.write_kubeconfig(tmp_path / "config")
    return lambda *words: modelbundle_here("predict", *words, KUBECONFIG=kubeconfig)


def test_the_request_reaches_the_services_predict_as_it_is(api, predict):
    asked = []

    def answer(path, body):
        asked.append((path, body))
        return 200, {"x-modelbundle-digest": "sha256:abc"}, b"42"

    api.answer = answer
    assert predict("b", '{"x": 20, "y": "ab"}').out == "42\n"
    assert asked == [("/api/v1/namespaces/models/services/http:b:http/proxy/predict", b'{"x": 20, "y": "ab"}')]
    assert predict("b", "{}", "-n", "other").code == 0
    assert asked[1][0].startswith("/api/v1/namespaces/other/")


def test_the_bundles_own_error_is_printed(api, predict):
    error = b'{"error": {"code": "PredictFailed", "message": "ZeroDivisionError: division by zero"}}'
    api.answer = lambda *_: (500, {"x-modelbundle-digest": "sha256:abc"}, error)
    done = predict("b", "{}")
    assert (done.code, done.err) == (1, "Error: 500 PredictFailed: ZeroDivisionError: division by zero\n")


def test_a_bundle_that_no_pod_answers_for_tells_its_condition(predict):
    done = predict("b", "{}")
    assert (done.code, done.err) == (1, "Error: b does not answer: Progressing: the worker loads\n")


def test_a_bundle_that_is_not_there_is_said(predict):
    done = predict("c", "{}")
    assert done.code == 1
    assert "there is no bundle 'c' in namespace models" in done.err


@pytest.mark.parametrize("name", ["my_model", "My model!", "c"])
def test_the_name_that_a_bundle_was_created_by_will_do_whether_or_not_an_object_can_have_it(api, predict, name):
    def answer(path, body):
        there = "/services/http:b:http/proxy/" in path
        return (200, {"x-modelbundle-digest": "sha256:abc"}, b"42") if there else (404, {}, b'{"message": "not found"}')

    api.answer = answer
    api.named = [bundle(1)]
    api.named[0]["metadata"]["annotations"] = {BUNDLE_NAME: name}
    assert (predict(name, "{}").out, predict(name, "{}", "--stream").out) == ("42\n", "42\n")
    missing = predict("another_one", "{}")
    assert (missing.code, "there is no bundle 'another_one'" in missing.err) == (1, True), missing.err


def test_a_refusal_of_the_api_server_is_its_own_words(api, predict):
    message = b'{"message": "services \\"b\\" is forbidden: User \\"u\\" cannot create resource services/proxy"}'
    api.answer = lambda *_: (403, {}, message)
    assert "cannot create resource services/proxy" in predict("b", "{}").err
