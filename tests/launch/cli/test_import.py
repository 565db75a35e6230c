"""`modelbundle import mlflow` and `serve` take what the real MLflow wrote, and answer as the library itself does."""

import hashlib
import json
import os
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path

import pytest
import yaml

from tests.examples.near import near
from tests.launch.packing.mlflow.real_models import SETS, written

EACH = bool(os.environ.get("MODELBUNDLE_EXAMPLES"))
ALL = [(which, name) for which, (_, names) in SETS.items() for name in names]
# that of python_model names mlflow itself, which brings sixty packages that this model does not need
OWN_LIST = {"python_model": "mlflow-skinny\ncloudpickle\npandas\n"}


def post(url, body):
    with urllib.request.urlopen(urllib.request.Request(url, json.dumps(body).encode()), timeout=60) as answer:
        return json.load(answer)


@pytest.mark.parametrize(("which", "name"), ALL)
def test_the_worker_answers_as_the_library_itself(serve, modelbundle_here, tmp_path, which, name):
    if which != "light" and not EACH:
        pytest.skip("each of these models takes ten seconds of CPU: make examples (MODELBUNDLE_EXAMPLES=1)")
    directory, python, asked = written(which, name)
    word = directory
    if name in OWN_LIST:
        (tmp_path / "own.txt").write_text(OWN_LIST[name])
        done = modelbundle_here(
            *("import", "mlflow", directory, "--artifact-uri", tmp_path / "store", "--upload"),
            *("--requirements", tmp_path / "own.txt"),
        )
        word = tmp_path / "bundle.yaml"
        word.write_text(done.out)
    serving = serve(word, "--python", python)
    serving.wait_for_url()
    assert "requirements: 0 packages beside those that this Python has" in serving.log
    for request, answer in asked:
        found = post(f"{serving.url}/predict", request)
        assert near(found, answer), (request, found, answer)
    if which == "light":
        packed_as = next(line for line in serving.lines if line.startswith("packed in")).split()[-1]
        rows = {"instances": [request for request, _ in asked]}
        answers = post(f"{serving.url}/v1/models/{packed_as}:predict", rows)["predictions"]
        assert near(answers, [answer for _, answer in asked])
        wrong = {**asked[0][0], "petal length (cm)": "long"}
        with pytest.raises(urllib.error.HTTPError, match="422"):
            post(f"{serving.url}/predict", wrong)
        assert any(line.startswith("on a cluster: modelbundle import mlflow ") for line in serving.lines)


@pytest.fixture
def model(tmp_path):
    """A directory that looks as if MLflow had written it."""
    directory = tmp_path / "iris-model"
    directory.mkdir()
    function = {"loader_module": "mlflow.sklearn", "model_path": "model.pkl", "python_version": "3.11.7"}
    columns = json.dumps([{"type": "double", "name": "x", "required": True}])
    content = {
        "flavors": {"python_function": function, "sklearn": {"pickled_model": "model.pkl"}},
        "mlflow_version": "3.17.2",
        "signature": {"inputs": columns, "outputs": '[{"type": "long"}]'},
    }
    (directory / "MLmodel").write_text(yaml.safe_dump(content))
    (directory / "requirements.txt").write_text("mlflow==3.17.2\nscikit-learn==1.9.1\n")
    (directory / "model.pkl").write_bytes(b"model")
    return directory


def test_what_it_prints_is_a_bundle_whose_artifact_it_has_uploaded(modelbundle_here, tmp_path, model):
    words = ("import", "mlflow", model, "--artifact-uri", tmp_path / "store", "--upload")
    done = modelbundle_here(*words)
    assert (done.code, done.err) == (0, "")
    bundle = yaml.safe_load(done.out)
    artifact = bundle["spec"]["bundle"]["artifact"]
    content = Path(urllib.parse.urlsplit(artifact["uri"]).path).read_bytes()
    assert (artifact["sha256"], artifact["pythonVersion"]) == (hashlib.sha256(content).hexdigest(), "3.11")
    assert bundle["metadata"]["name"].startswith("iris-model-")
    assert bundle["spec"]["serving"] == {"replicas": 1, "gpu": {"count": 0}}
    assert modelbundle_here(*words).out == done.out
    (tmp_path / "bundle.yaml").write_text(done.out.replace(artifact["uri"], "s3://models/iris.zip"))
    assert modelbundle_here("check", tmp_path / "bundle.yaml").out.count(": ok, sha256:") == 1


def test_its_options_say_what_the_model_does_not(modelbundle_here, tmp_path, model):
    (tmp_path / "own.txt").write_text("scikit-learn==1.5.2\nmlflow-skinny==2.22.0\n")
    done = modelbundle_here(
        *("import", "mlflow", model, "--name", "flowers", "--image", "registry.example.com/own:1", "--gpus", "1"),
        *("--requirements", tmp_path / "own.txt", "--artifact-uri", "s3://models/m"),
    )
    bundle = yaml.safe_load(done.out)
    assert bundle["metadata"]["name"].startswith("flowers-")
    assert bundle["spec"]["bundle"]["envParams"]["customBaseImage"]["repository"] == "registry.example.com/own"
    assert bundle["spec"]["bundle"]["requirements"] == ["scikit-learn==1.5.2", "mlflow-skinny==2.22.0"]
    assert bundle["spec"]["serving"]["gpu"]["count"] == 1
    assert done.err.startswith("the artifact is not uploaded: --upload puts it at s3://models/m/")


def test_it_creates_the_bundle(modelbundle_here, tmp_path, model):
    here = {"LAUNCH_ENDPOINT": "local", "LAUNCH_LOCAL_DIR": str(tmp_path / "local")}
    done = modelbundle_here("import", "mlflow", model, "--create", **here)
    assert done.code == 0, done.err
    name = done.out.split()[0]
    assert done.out.endswith(f"modelbundle deploy {name} serves it\n")
    assert yaml.safe_load(modelbundle_here("get", name, "-o", "yaml").out)["spec"]["serving"]["replicas"] == 0


def test_what_mlflow_did_not_write_is_three_lines(modelbundle_here, tmp_path, model):
    (model / "MLmodel").unlink()
    done = modelbundle_here("import", "mlflow", model, "--artifact-uri", tmp_path / "store")
    assert (done.code, [line.split(":")[0].strip() for line in done.err.splitlines()]) == (1, ["Error", "where", "do"])
    assert not (tmp_path / "store").exists()
