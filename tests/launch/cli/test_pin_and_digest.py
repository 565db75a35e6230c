"""`pin` hashes an artifact wherever it lies; `digest` says what status.digest will be."""

import hashlib
import json

import pytest

from tests.launch.cli.conftest import THIS, packed
from tools.testkit.artifact_stores import HttpStore, running_s3

CONTENT = b"content" * 300_000
SHA256 = hashlib.sha256(CONTENT).hexdigest()


def test_a_file_is_pinned(modelbundle_here, tmp_path):
    (tmp_path / "a.pkl").write_bytes(CONTENT)
    assert modelbundle_here("pin", tmp_path / "a.pkl").out == SHA256 + "\n"
    assert modelbundle_here("pin", f"file://{tmp_path}/a.pkl").out == SHA256 + "\n"
    assert f"  sha256: {SHA256}\n" in modelbundle_here("pin", tmp_path / "a.pkl", "-o", "yaml").out.replace('"', "")
    missing = modelbundle_here("pin", tmp_path / "none", "-o", "json")
    assert (missing.code, json.loads(missing.err)["error"]["code"]) == (1, "ArtifactNotFound")


def test_an_http_artifact_is_pinned(modelbundle_here):
    store = HttpStore()
    store.files["/a.zip"] = CONTENT
    done = modelbundle_here("pin", store.url + "/a.zip", "-o", "json")
    assert json.loads(done.out) == {"uri": store.url + "/a.zip", "sha256": SHA256, "bytes": len(CONTENT)}
    assert modelbundle_here("pin", store.url + "/none").code == 1
    store.close()


def test_an_s3_object_is_pinned(modelbundle_here, tmp_path, monkeypatch):
    with running_s3(tmp_path) as settings:
        for name, value in settings.items():
            monkeypatch.setenv(name, value)
        from bundle_runtime.artifacts.s3_client import client

        client(1).put_object(Bucket="models", Key="a.pkl", Body=CONTENT)
        assert modelbundle_here("pin", "s3://models/a.pkl", **settings).out == SHA256 + "\n"
        missing = modelbundle_here("pin", "s3://models/none.pkl", "-o", "json", **settings)
        assert json.loads(missing.err)["error"]["code"] == "ArtifactNotFound"


def test_the_digest_of_a_file_is_the_hash_of_its_document(modelbundle_here, tmp_path):
    path = packed("quickstart", tmp_path, THIS)
    digest = modelbundle_here("digest", path).out.strip()
    document = modelbundle_here("digest", path, "-o", "document").out
    assert digest == "sha256:" + hashlib.sha256(document.encode()).hexdigest()
    assert json.loads(document)["requestSchema"]["properties"]["y"] == {"title": "Y", "type": "string"}
    assert json.loads(modelbundle_here("digest", path, "-o", "json").out) == {"name": "quickstart", "digest": digest}


def test_the_digest_that_serving_answers_with_is_the_same(modelbundle_here, served_quickstart, tmp_path):
    answer = modelbundle_here("predict", "--url", served_quickstart.url, '{"x": 1, "y": "a"}', "-o", "json").out
    assert json.loads(answer)["digest"] == modelbundle_here("digest", packed("quickstart", tmp_path, THIS)).out.strip()


@pytest.mark.parametrize(
    ("value", "said"),
    [("9007199254740993", "appConfigJSON"), (".nan", "appConfigJSON"), ("{y: 1}", "put it in quotes")],
)
def test_values_without_a_canonical_form_are_refused_with_their_path(modelbundle_here, tmp_path, value, said):
    path = packed("quickstart", tmp_path, THIS)
    path.write_text(path.read_text().replace("    envParams:", f"    appConfig: {{a: {value}}}\n    envParams:"))
    done = modelbundle_here("digest", path)
    assert done.code == 1
    assert "spec.bundle.appConfig.a" in done.err
    assert said in done.err
