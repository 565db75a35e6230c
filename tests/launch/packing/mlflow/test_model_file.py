"""What cannot become a bundle is said in three lines: what is wrong, where, and what to do."""

import json
from pathlib import Path

import pytest
import yaml

from launch.errors import InvalidBundleError
from launch.packing.mlflow.bundled import bundled, image_of
from launch.packing.mlflow.model_file import LARGEST

COLUMNS = [{"type": "double", "name": "x", "required": True}]


def content(**changes):
    """An MLmodel file as MLflow 3 writes it of a model of scikit-learn."""
    function = {
        "loader_module": "mlflow.sklearn",
        "model_path": "model.pkl",
        "predict_fn": "predict",
        "python_version": "3.11.7",
        "env": {"conda": "conda.yaml", "virtualenv": "python_env.yaml"},
    }
    return {
        "flavors": {"python_function": function, "sklearn": {"pickled_model": "model.pkl", "code": None}},
        "mlflow_version": "3.17.2",
        "signature": {"inputs": json.dumps(COLUMNS), "outputs": '[{"type": "long"}]', "params": None},
        **changes,
    }


def function(**changes):
    """The same with other fields of its flavour python_function; None takes one out."""
    found = content()
    fields = found["flavors"]["python_function"]
    fields.update(changes)
    found["flavors"]["python_function"] = {name: value for name, value in fields.items() if value is not None}
    return found


@pytest.fixture
def model(tmp_path):
    """A directory with this content of MLmodel, requirements and a file of the model."""

    def write(mlmodel, requirements="mlflow==3.17.2\nscikit-learn==1.9.1"):
        directory = tmp_path / "model"
        directory.mkdir()
        text = mlmodel if isinstance(mlmodel, str) else yaml.safe_dump(mlmodel)
        (directory / "MLmodel").write_text(text)
        (directory / "requirements.txt").write_text(requirements)
        (directory / "model.pkl").write_bytes(b"\x80")
        return directory

    return write


def refusal(directory, requirements=None):
    with pytest.raises(InvalidBundleError) as error:
        image_of(bundled(directory, requirements).model, directory)
    lines = str(error.value).splitlines()
    assert [line[:9] for line in lines[1:]] == ["  where: ", "  do: " + lines[2][6:9]], lines
    return lines[0]


def test_a_model_is_read_as_mlflow_wrote_it(model):
    found = bundled(model(content()), None)
    assert found.requirements == ["mlflow-skinny==3.17.2", "scikit-learn==1.9.1", "pandas"]
    assert (found.model.python, found.model.flavours, found.said) == ("3.11", ("sklearn",), [])
    assert list(found.files) == ["model/MLmodel", "model/model.pkl", "model/requirements.txt", "served_mlflow_model.py"]
    assert image_of(found.model, Path())["image_tag"] == "3.11-slim"


@pytest.mark.parametrize(
    ("mlmodel", "said"),
    [
        ("a: [", "is not valid YAML"),
        ("- a", "must hold one object"),
        ("[" * 500, "is nested too deeply"),
        ("x" * (LARGEST + 1), f"the file has {LARGEST + 1} bytes"),
        ("flavors: {}", "it names no flavours"),
        ("flavors: [sklearn]", "it names no flavours"),
        (content(flavors={"spark": {}}), "the model has no python_function flavour (spark alone)"),
        (content(mlflow_version="4.0.0"), "MLflow 4.0.0 wrote it, and files of MLflow 3 are the newest"),
        (content(mlflow_version="new"), "mlflow_version is 'new'"),
        (content(signature={"inputs": "{", "outputs": None}), "signature.inputs is no list"),
        (content(signature={"inputs": "[1]"}), "signature.inputs is no list"),
        (content(signature={"inputs": '[{"name": "x"}]'}), "the signature cannot be read: no 'type'"),
        (content(signature={"inputs": '[{"type": "complex"}]'}), "it has the unknown type 'complex'"),
        (function(loader_module=None), "the flavour python_function has no loader_module"),
        (function(loader_module="my_loader"), "the unknown flavour 'my_loader' loads it"),
        (function(loader_module="mlflow.spark"), "the flavour spark needs a Java machine"),
        (function(model_path="../../etc/passwd"), "'../../etc/passwd', which leads out of the model's directory"),
        (function(model_path="/etc/passwd"), "'/etc/passwd', which leads out of the model's directory"),
        (function(model_path="a\\..\\..\\b"), "which leads out of the model's directory"),
        (function(code="file:///etc"), "which leads out of the model's directory"),
        (function(artifacts={"a": {"path": "../a"}}), "flavors.python_function.artifacts.a.path is '../a'"),
        (function(model_path="model.skops"), "'model.skops', and there is no such file to pack"),
        (function(python_version=None), "it does not say which Python wrote it"),
    ],
)
def test_what_cannot_be_served_is_said_in_three_lines(model, mlmodel, said):
    assert said in refusal(model(mlmodel))


def test_a_directory_that_mlflow_did_not_write_is_refused_with_the_one_that_it_did(model, tmp_path):
    directory = model(content())
    assert "has no MLmodel file" in refusal(tmp_path)
    with pytest.raises(InvalidBundleError, match=str(directory)):
        bundled(tmp_path, None)
    assert "it is no directory" in refusal(directory / "MLmodel")


def test_links_that_lead_out_of_the_directory_are_not_followed(model, tmp_path):
    directory = model(function(model_path="model.skops"))
    (tmp_path / "secret").write_text("canary")
    (directory / "model.skops").symlink_to(tmp_path / "secret")
    assert "there is no such file to pack" in refusal(directory)
    (directory / "MLmodel").unlink()
    (directory / "MLmodel").symlink_to(tmp_path / "secret")
    assert "has no MLmodel file" in refusal(directory)


@pytest.mark.parametrize(
    ("requirements", "said"),
    [
        ("-r other.txt", "options of pip are not allowed"),
        ("scikit learn", "a requirement cannot be used"),
        ("a" * (LARGEST + 1), "the file has more than"),
    ],
)
def test_requirements_that_no_pod_could_install_are_said(model, requirements, said):
    assert said in refusal(model(content(), requirements))


def test_a_list_of_ones_own_takes_the_place_of_the_models(model):
    directory = model(content(), "-r other.txt")
    (directory / "requirements.txt").unlink()
    assert "the model has no requirements.txt" in refusal(directory)
    assert bundled(directory, ["scikit-learn", "mlflow"]).requirements == ["scikit-learn", "mlflow"]
    assert bundled(directory, ["scikit-learn"]).requirements == ["mlflow-skinny==3.17.2", "scikit-learn"]


@pytest.mark.parametrize(
    ("loader", "listed", "served"),
    [
        ("mlflow.sklearn", "MLflow[extras]>=2,<3\npandas==2.2.0", ["mlflow-skinny<3,>=2", "pandas==2.2.0"]),
        ("mlflow.sklearn", "mlflow==3.1.0\nmlflow-skinny==3.1.0\npandas", ["mlflow-skinny==3.1.0", "pandas"]),
        ("mlflow.onnx", "onnx\npandas", ["mlflow-skinny==3.17.2", "onnx", "pandas"]),
        ("mlflow.pyfunc.model", "mlflow==3.17.2\ncloudpickle", ["mlflow==3.17.2", "cloudpickle"]),
        ("mlflow.pyfunc.model", "cloudpickle", ["mlflow==3.17.2", "cloudpickle"]),
    ],
)
def test_the_small_mlflow_serves_where_it_is_enough(model, loader, listed, served):
    assert bundled(model(function(loader_module=loader), listed), None).requirements == served


def test_what_a_person_should_know_is_said(model):
    found = bundled(model({**function(loader_module="mlflow.prophet"), "signature": None}), None)
    assert [line.partition(":")[0] for line in found.said] == [
        "the model has no signature",
        "no test of this product serves mlflow.prophet",
    ]


def test_the_image_has_what_the_wheel_of_lightgbm_needs(model):
    found = bundled(model(function(loader_module="mlflow.lightgbm")), None)
    assert image_of(found.model, Path()) == {
        "framework_type": "custom_base_image",
        "ecr_repo": "python",
        "image_tag": "3.11",
    }
