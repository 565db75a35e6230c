"""`modelbundle predict --url` prints the prediction alone, and errors as people and programs read them."""

import json

import pytest


def test_the_prediction_is_printed_alone(modelbundle, served_quickstart, tmp_path):
    (tmp_path / "request.json").write_text('{"x": 2, "y": "abc"}')
    for words, stdin in [
        (['{"x": 2, "y": "abc"}'], ""),
        ([f"@{tmp_path}/request.json"], ""),
        (["-"], '{"x": 2, "y": "abc"}'),
    ]:
        done = modelbundle("predict", "--url", served_quickstart.url, *words, stdin=stdin)
        assert (done.code, done.out, done.err) == (0, "7\n", "")


def test_the_url_may_lack_its_scheme_and_have_its_path(modelbundle, served_quickstart):
    address = served_quickstart.url.removeprefix("http://")
    assert modelbundle("predict", "--url", address + "/predict", '{"x": 1, "y": ""}').out == "2\n"


def test_json_output_has_status_digest_headers_and_time(modelbundle, served_quickstart):
    done = modelbundle("predict", "--url", served_quickstart.url, '{"x": 1, "y": "a"}', "-o", "json")
    answer = json.loads(done.out)
    assert (answer["status"], answer["prediction"]) == (200, 3)
    assert answer["digest"].startswith("sha256:")
    assert answer["headers"]["x-request-id"]
    assert 0 < answer["seconds"] < 60


def test_a_request_that_breaks_the_schema_is_told_with_its_path(modelbundle, served_quickstart):
    done = modelbundle("predict", "--url", served_quickstart.url, '{"x": "no"}')
    assert done.code == 1
    assert "422 RequestSchemaViolation" in done.err
    assert "  $" in done.err.splitlines()[1]
    as_json = modelbundle("predict", "--url", served_quickstart.url, '{"x": "no"}', "-o", "json")
    assert (as_json.code, json.loads(as_json.out)["error"]["code"]) == (1, "RequestSchemaViolation")


def test_wrong_usage_is_64(modelbundle):
    assert modelbundle("predict", "name-alone").code == 64
    assert modelbundle("predict", "--url", "http://h", "no json").code == 64
    assert modelbundle("predict", "--url", "http://h", "[1]").code == 64
    assert modelbundle("nothing").code == 64


@pytest.mark.parametrize("url", ["file:///etc", "ftp://h", "http://[::1", "http://", "http://h:99999", "http://h:x"])
def test_a_url_that_is_not_one_of_a_server_is_wrong_usage(modelbundle_here, url):
    done = modelbundle_here("predict", "--url", url, "{}")
    assert (done.code, "must be an http or https URL" in done.err) == (64, True)


@pytest.mark.parametrize("timeout", ["-1", "0", "nan", "inf", "1e300", "soon"])
def test_a_timeout_out_of_range_is_wrong_usage(modelbundle_here, timeout):
    for words in (["a-bundle"], ["--url", "http://127.0.0.1:9"]):
        done = modelbundle_here("predict", *words, "{}", "--timeout", timeout)
        assert (done.code, "Invalid value for '--timeout'" in done.err) == (64, True)


def test_a_server_that_is_not_there_is_said_in_one_line(modelbundle):
    done = modelbundle("predict", "--url", "http://127.0.0.1:9", "{}")
    assert (done.code, len(done.err.splitlines())) == (1, 1)
    assert "cannot reach http://127.0.0.1:9/predict" in done.err


def test_without_a_kubeconfig_the_cluster_is_named_as_missing(modelbundle):
    done = modelbundle("predict", "a-bundle", "{}")
    assert done.code == 1
    assert "no Kubernetes to talk to" in done.err


@pytest.mark.parametrize("content", [b"root:x:0:0\n", b"\x7fELF\xff\xfe", b"{", None])
def test_a_kubeconfig_that_is_none_is_said_in_one_line(modelbundle_here, tmp_path, content):
    config = tmp_path / "config"
    config.mkdir() if content is None else config.write_bytes(content)
    done = modelbundle_here("predict", "a-bundle", "{}", KUBECONFIG=str(config))
    assert done.code == 1
    assert "kubeconfig" in done.err
    assert "Traceback" not in done.err


def test_help_is_fast_and_names_every_command(modelbundle):
    done = modelbundle("--help")
    assert [name for name in ("serve", "predict", "pin", "wait", "digest") if f"\n  {name} " in done.out] != []
