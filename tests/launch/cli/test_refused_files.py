"""A file that the cluster would refuse is refused by each command that reads one, with the path of the field, and one
that cannot be read at all in one line."""

from __future__ import annotations

import copy
import json

import pytest

from launch.bundle.manifest import parse
from tests.launch.cli.conftest import THIS, packed


def spoiled(bundle: dict, path: tuple, value: object) -> dict:
    """The bundle with one value in the place of another."""
    bundle = copy.deepcopy(bundle)
    place = bundle["spec"]
    for step in path[:-1]:
        place = place.setdefault(step, {})
    place[path[-1]] = value
    return bundle


def env(name: object, value: object) -> tuple:
    return ("bundle", "env"), [{"name": name, "value": value}]


REFUSED = [
    (*env("A", 1), "spec.bundle.env[0].value is the number 1"),
    (*env("A", "x" * 150_000), "spec.bundle.env[0].value has 150000 characters"),
    (*env("A", "a\0"), "spec.bundle.env[0].value has a NUL"),
    (*env("A=B", "x"), 'spec.bundle.env[0].name is "A=B"'),
    (*env("A\0", "x"), "spec.bundle.env[0].name is"),
    (("bundle", "env"), [{"name": "A", "value": ""}, {"name": "A", "value": ""}], "env names each variable once"),
    (("bundle", "requirements"), [""], "spec.bundle.requirements[0] has 0 characters"),
    (("serving", "requestTimeoutSeconds"), -1, "spec.serving.requestTimeoutSeconds is -1"),
    (("serving", "maxConcurrency"), "four", 'spec.serving.maxConcurrency is "four"'),
    (("serving",), 5, "spec.serving is the number 5"),
]


@pytest.mark.parametrize(("path", "value", "says"), REFUSED)
@pytest.mark.parametrize("command", ["digest", "serve"])
def test_what_the_cluster_would_refuse_is_refused_here(modelbundle_here, tmp_path, command, path, value, says):
    file = packed("quickstart", tmp_path, THIS)
    bundle = spoiled(parse(file.read_text(), "file")[0], path, value)
    file.with_suffix(".json").write_text(json.dumps(bundle))
    done = modelbundle_here(command, file.with_suffix(".json"))
    assert (done.code, done.err.count("\n")) == (1, 1), done.err
    assert says in done.err


DEEP = 50_000


@pytest.mark.parametrize("opened", ["{a: ", '{"a":', "["])
@pytest.mark.parametrize("command", ["digest", "serve", "flatten"])
def test_a_file_that_is_nested_too_deeply_is_said_to_be(modelbundle_here, tmp_path, command, opened):
    closed = "1" + ("]" if opened == "[" else "}") * DEEP
    file = tmp_path / "deep.yaml"
    file.write_text(f"kind: ModelBundle\nspec: {opened * DEEP}{closed}\n")
    done = modelbundle_here(command, file)
    assert done.code == 1
    assert f"Error: {file} is nested too deeply to be read" in done.err


@pytest.mark.parametrize("name", ["schema.json", "schema.yaml"])
def test_so_is_a_schema(modelbundle_here, tmp_path, name):
    (tmp_path / name).write_text('{"a":' * DEEP + "1" + "}" * DEEP)
    (tmp_path / "example.py").write_text("def predict(x: int) -> int:\n    return x\n")
    words = ["m", tmp_path / "example.py", "--predict-fn", "predict", "--image", "a/b:1", "--request-schema"]
    done = modelbundle_here("render", *words, tmp_path / name, "--artifact-uri", "s3://models")
    assert done.code == 1
    assert f"{tmp_path / name} is nested too deeply" in done.err


def test_a_number_of_thousands_of_digits_is_not_yaml(modelbundle_here, tmp_path):
    (tmp_path / "b.yaml").write_text("kind: ModelBundle\nspec: " + "9" * 5000)
    done = modelbundle_here("digest", tmp_path / "b.yaml")
    assert (done.code, "is not valid YAML" in done.err) == (1, True)


def test_a_request_that_is_nested_too_deeply_is_wrong_usage(modelbundle_here):
    done = modelbundle_here("predict", "--url", "http://127.0.0.1:9", '{"a":' * DEEP + "1" + "}" * DEEP)
    assert (done.code, "is not valid JSON" in done.err) == (64, True)


@pytest.mark.parametrize("words", [["get", "v1", "-o", "yaml"], ["list", "-o", "yaml"], ["list"], ["digest", "v1"]])
def test_an_object_in_the_cluster_may_be_deeper_than_python_reads(api, modelbundle_here, words):
    value: object = 1
    for _ in range(900):  # as deep as this process writes it for the stand-in server
        value = {"a": value}
    bundle = {
        "apiVersion": "modelbundle.dev/v1alpha1",
        "kind": "ModelBundle",
        "metadata": {"name": "v1", "namespace": "default", "uid": "1", "generation": 1, "resourceVersion": "1"},
        "spec": {"bundle": {"artifact": {"uri": "s3://a/b", "sha256": "0" * 64}, "appConfig": value}},
    }
    done = modelbundle_here(*words, KUBECONFIG=api(bundle))
    assert (done.code, done.err.count("\n")) == ((1, 1) if words[0] == "digest" else (0, 0)), done.err
