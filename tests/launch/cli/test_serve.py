"""`modelbundle serve` runs an example as a pod would, says why it cannot, and leaves nothing behind."""

import json
import os
import pty
import signal
import socket
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import pytest
from modelbundle_operator.bundle.json_schema import check_schema

from examples.pack import pack
from launch.bundle.manifest import dump, read_bundle
from tests.launch.cli.conftest import (
    PATIENCE,
    ROOT,
    THIS,
    environment,
    left_behind,
    nothing_left_behind,
    packed,
    start_serving,
)
from tools.testkit.distributions import wheel
from tools.testkit.package_index import served_index


def ask(url: str, **fields: object) -> Any:
    request = urllib.request.Request(url + "/predict", data=json.dumps(fields).encode())
    with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
        return json.load(answer)


@pytest.mark.parametrize("version", ["3.8", THIS])
def test_the_quickstart_answers_under_the_python_that_it_was_pickled_by(serve, tmp_path, version):
    serving = serve(packed("quickstart", tmp_path, version))
    serving.wait_for_url()
    assert ask(serving.url, x=20, y="ab") == ask(serving.url, x=20.0, y="ab") == 42
    for fields in ({"x": 1.5, "y": "a"}, {"x": "1", "y": "a"}, {"x": 1, "y": None}, {"x": 1}, {"x": [1], "y": {}}):
        with pytest.raises(urllib.error.HTTPError, match="422"):
            ask(serving.url, **fields)
    assert f"the bundle's pythonVersion is {version}" in serving.log
    assert f"Python {version}." in serving.log
    assert serving.stop() == 0
    assert not list((tmp_path / "t").glob("modelbundle-*"))


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_no_process_and_no_file_outlives_it(serve, tmp_path, number):
    serving = serve(packed("quickstart", tmp_path, THIS))
    serving.wait_for_url()
    # its directory, itself, its reaper; server, worker, and their parents; what forks the readers of large bodies
    assert len(left_behind(tmp_path / "t")) == 8
    serving.process.send_signal(number)
    assert serving.process.wait(PATIENCE) == 0
    assert serving.lines[-1] == "stopped"
    assert left_behind(tmp_path / "t") == []


def test_a_temporary_directory_too_long_for_a_socket_is_left_alone(tmp_path):
    temporary = tmp_path / ("d" * 90)
    temporary.mkdir()
    serving = start_serving(packed("quickstart", tmp_path, THIS), temporary=temporary)
    serving.wait_for_url()
    assert list(temporary.glob("modelbundle-*")) == []
    assert serving.stop() == 0
    nothing_left_behind(temporary)


def test_nothing_outlives_it_when_it_is_killed(serve, tmp_path):
    serving = serve(packed("quickstart", tmp_path, THIS))
    serving.wait_for_url()
    serving.process.kill()
    nothing_left_behind(tmp_path / "t")


def test_nothing_outlives_its_terminal(tmp_path):
    manifest = packed("quickstart", tmp_path, THIS)
    (tmp_path / "t").mkdir()
    settings = environment(TMPDIR=str(tmp_path / "t"), XDG_CACHE_HOME=str(tmp_path / "cache"))
    pid, terminal = pty.fork()
    if pid == 0:
        command = [sys.executable, "-m", "launch.cli", "serve", "--port", "0", str(manifest)]
        os.execve(sys.executable, command, settings)
    said = b""
    while b"try: curl" not in said:
        said += os.read(terminal, 4096)
    os.close(terminal)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0, said
    assert left_behind(tmp_path / "t") == []


def test_a_zip_bundle_gets_its_requirements_and_a_second_start_finds_them(serve, tmp_path):
    (tmp_path / "files").mkdir()
    wheel(tmp_path / "files", "addedlater", "1.0")
    requirements = ["scikit-learn", "addedlater"]
    manifest = packed("iris", tmp_path, THIS, requirements=requirements)
    with served_index(tmp_path) as index:
        first = serve(manifest, "--python", sys.executable, UV_DEFAULT_INDEX=index)
        first.wait_for_url()
    fields = {"sepal_length": 6.3, "sepal_width": 3.3, "petal_length": 6.0, "petal_width": 2.5}
    answer = ask(first.url, **fields)
    assert answer["species"] == "virginica"
    assert "requirements: 1 packages beside those that this Python has" in first.log
    assert first.stop() == 0
    second = serve(manifest, "--python", sys.executable, UV_DEFAULT_INDEX="http://127.0.0.1:9/simple")
    second.wait_for_url()
    assert ask(second.url, **fields) == answer


def test_an_interruption_while_the_model_loads_leaves_nothing(serve, tmp_path, interrupted):
    source = tmp_path / "source" / "iris"
    manifest = packed("iris", tmp_path, THIS, requirements=[])
    (source / "model.py").write_text(
        "import time\n\ndef my_load_model_fn():\n    print('loading')\n    time.sleep(999)\n"
    )
    artifact = read_bundle(pack(source, tmp_path))["spec"]["bundle"]["artifact"]
    text = read_bundle(manifest)
    text["spec"]["bundle"].update(artifact=artifact, requirements=[])
    manifest.write_text(dump(text))
    serving = serve(manifest, "--python", sys.executable)
    interrupted(serving, lambda: "[worker] loading" in serving.log)


@pytest.fixture(params=[signal.SIGINT, signal.SIGTERM, signal.SIGHUP], ids=lambda number: number.name)
def interrupted(request, tmp_path):
    """Interrupts a `serve` once `reached` says so: it ends quietly, with the documented code, and leaves nothing."""

    def check(serving, reached) -> None:
        deadline = time.monotonic() + PATIENCE
        while not reached() and time.monotonic() < deadline:
            assert serving.process.poll() is None, serving.log
            time.sleep(0.01)
        assert reached(), serving.log
        serving.process.send_signal(request.param)
        assert serving.process.wait(PATIENCE) == 130, serving.log
        assert "Traceback" not in serving.log
        assert left_behind(tmp_path / "t") == []

    return check


def test_an_interruption_while_requirements_are_installed_leaves_nothing(serve, tmp_path, interrupted):
    manifest = packed("iris", tmp_path, THIS, requirements=["addedlater"])
    with socket.create_server(("127.0.0.1", 0)) as silent:  # an index that accepts and never answers
        index = f"http://127.0.0.1:{silent.getsockname()[1]}/simple"
        serving = serve(manifest, "--python", sys.executable, UV_DEFAULT_INDEX=index)
        scratch = "modelbundle-*/install/modelbundle-install-*/*/requirements.in"
        interrupted(serving, lambda: list((tmp_path / "t").glob(scratch)))


def test_an_interruption_while_a_python_is_looked_for_leaves_nothing(serve, tmp_path, interrupted):
    manifest = packed("quickstart", tmp_path, THIS)
    wanted = read_bundle(manifest)
    wanted["spec"]["bundle"]["artifact"]["pythonVersion"] = "3.7"
    manifest.write_text(dump(wanted))
    slow = tmp_path / "bin" / "python3.7"
    slow.parent.mkdir()
    slow.write_text(f"#!/bin/sh\n: > {tmp_path}/asked\nexec sleep 600\n")
    slow.chmod(0o755)
    serving = serve(manifest, PATH=f"{slow.parent}:{os.environ['PATH']}")
    interrupted(serving, (tmp_path / "asked").exists)


def test_an_interruption_while_the_command_itself_loads_is_quiet(serve, tmp_path, interrupted):
    slow = tmp_path / "early" / "click.py"
    slow.parent.mkdir()
    slow.write_text(f"import time\nopen({str(tmp_path / 'loading')!r}, 'w').close()\ntime.sleep(600)\n")
    serving = serve("b.yaml", PYTHONPATH=f"{slow.parent}:{ROOT}")
    interrupted(serving, (tmp_path / "loading").exists)
    assert serving.log == ""


def test_code_of_a_bundle_sees_the_variables_that_are_named_and_a_page_asks_nothing(serve, tmp_path):
    source = tmp_path / "source" / "iris"
    manifest = packed("iris", tmp_path, THIS, requirements=[])
    (source / "model.py").write_text("import os\n\ndef my_load_model_fn():\n    return dict(os.environ)\n")
    (source / "predict.py").write_text("def my_load_predict_fn(model):\n    return lambda x: model\n")
    artifact = read_bundle(pack(source, tmp_path))["spec"]["bundle"]["artifact"]
    text = read_bundle(manifest)
    for schema in ("requestSchema", "responseSchema"):
        text["spec"]["bundle"].pop(schema, None)
    text["spec"]["bundle"].update(artifact=artifact, requirements=[], env=[{"name": "MODE", "value": "of-the-bundle"}])
    manifest.write_text(dump(text))
    options = ("--python", sys.executable, "--env", "TOKEN", "--env", "EXTRA=1")
    serving = serve(manifest, *options, SECRET_KEY="canary", TOKEN="meant", KUBECONFIG="/nowhere")
    serving.wait_for_url()
    seen = ask(serving.url, x=1)
    assert (seen["TOKEN"], seen["EXTRA"], seen["MODE"]) == ("meant", "1", "of-the-bundle")
    assert {"SECRET_KEY", "KUBECONFIG", "PYTHONPATH"} & set(seen) == set()
    asked = urllib.request.Request(serving.url + "/predict", data=b"{}", headers={"Origin": "https://app.example.com"})
    with pytest.raises(urllib.error.HTTPError, match="403"):
        urllib.request.urlopen(asked, timeout=PATIENCE)


def failed(serving) -> str:
    assert serving.process.wait(60) == 1
    return serving.log


def test_another_python_than_the_bundles_is_refused_before_unpickling(serve, tmp_path, python_of):
    log = failed(serve(packed("quickstart", tmp_path, THIS), "--python", python_of("3.8")))
    assert f"Error: PythonMismatch: the bundle was written by Python {THIS}, the image runs Python 3.8" in log
    assert not list((tmp_path / "t").glob("modelbundle-*"))


def test_user_code_that_raises_while_it_loads_is_the_reason(serve, tmp_path):
    manifest = packed("iris", tmp_path, THIS, requirements=[], loadModelFn="model.my_forgotten_fn")
    log = failed(serve(manifest, "--python", sys.executable))
    assert "Error: LoadFunctionNotFound: loadModelFn is model.my_forgotten_fn" in log


def test_what_serving_switches_on_is_on_here_too(serve, tmp_path):
    manifest = packed("quickstart", tmp_path, THIS)
    content = read_bundle(manifest)
    content["spec"]["serving"] = {**content["spec"].get("serving", {}), "accessLog": True, "tracebacks": True}
    manifest.write_text(dump(content))
    serving = serve(manifest)
    serving.wait_for_url()
    assert ask(serving.url, x=20, y="ab") == 42
    assert serving.stop() == 0
    assert '"method":"POST","path":"/predict","status":200,"bytes":2' in serving.log


def test_a_warm_up_is_checked_and_predicted_here_too(serve, tmp_path):
    manifest = packed("quickstart", tmp_path, THIS)
    content = read_bundle(manifest)
    for text in ('{"x": 20}', '{"x": 20, "y": "ab"}'):
        content["spec"]["serving"] = {**content["spec"].get("serving", {}), "warmUp": text}
        manifest.write_text(dump(content))
        serving = serve(manifest)
        if "y" in text:
            serving.wait_for_url()
            assert "warmUp 0." in serving.log
        else:
            assert 'spec.serving.warmUp does not fit requestSchema: the body: "y" is a required' in failed(serving)


def test_an_artifact_that_was_changed_does_not_run(serve, tmp_path):
    manifest = packed("quickstart", tmp_path, THIS)
    (manifest.parent / "bundle.pkl").write_bytes(b"changed")
    assert "Error: ArtifactDigestMismatch" in failed(serve(manifest))


def test_a_schema_that_the_cluster_refuses_is_refused_here_in_the_same_words(serve, tmp_path):
    old = {"$schema": "http://host/own", "type": "object"}
    log = failed(serve(packed("quickstart", tmp_path, THIS, requestSchema=old, responseSchema={"type": "integer"})))
    assert f"bundle.yaml: spec.bundle.requestSchema{check_schema(old)}" in log
    assert "leave $schema out" in log


def test_a_requirement_that_is_nowhere_is_the_reason(serve, tmp_path):
    (tmp_path / "files").mkdir()
    manifest = packed("iris", tmp_path, THIS, requirements=["nowhere-to-be-found==1"])
    with served_index(tmp_path) as index:
        log = failed(serve(manifest, "--python", sys.executable, UV_DEFAULT_INDEX=index))
    assert "Error: RequirementNotFound: nowhere-to-be-found" in log


def test_a_taken_port_is_said_before_anything_is_fetched(modelbundle, served_quickstart, tmp_path):
    port = served_quickstart.url.rpartition(":")[2]
    done = modelbundle("serve", packed("quickstart", tmp_path, THIS), "--port", port)
    assert (done.code, done.err.splitlines()) == (
        1,
        [f"Error: port {port} is taken (Address already in use): choose another with --port"],
    )


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a: [", "is not valid YAML"),
        ("kind: Pod", "does not hold a ModelBundle (it holds Pod)"),
        ("apiVersion: modelbundle.dev/v1alpha1\nkind: ModelBundle\nspec: {}", "spec.bundle is missing"),
        ("apiVersion: modelbundle.dev/v1alpha1\nkind: ModelBundle\nspec: {bundle: {cloneFrom: {name: a}}}", "a clone"),
    ],
)
def test_a_file_that_is_no_bundle_is_one_clear_message(modelbundle, tmp_path: Path, text, said):
    (tmp_path / "b.yaml").write_text(text)
    done = modelbundle("serve", tmp_path / "b.yaml")
    assert done.code == 1
    assert said in done.err
