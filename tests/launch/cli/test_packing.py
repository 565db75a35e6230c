"""`modelbundle create` and `render` of a Python file: whatever that file does, standard output is the result alone."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import yaml

from tests.launch.cli.conftest import Done
from tools.testkit.stand_in_api import StandIn

LOUD = """
import ctypes, os, subprocess, sys
print("printed")
print("printed to the original", file=sys.__stdout__)
os.write(1, b"written\\n")
ctypes.CDLL(None).printf(b"printed by C\\n")
subprocess.run(["echo", "echoed"])
class Model:
    def __getstate__(self):
        print("pickled")
        return {}
model = Model()
def load_predict_fn(model):
    return lambda x: x
"""
OPTIONS = ("--load-predict-fn", "load_predict_fn", "--model", "model", "--pytorch-image-tag", "1.7.1")
SAID = {"printed", "printed to the original", "written", "printed by C", "echoed", "pickled"}


@pytest.fixture
def stand_in() -> Iterator[StandIn]:
    server = StandIn()
    yield server
    server.close()


@pytest.fixture
def loud(tmp_path: Path) -> Path:
    file = tmp_path / "loud.py"
    file.write_text(LOUD)
    return file


def store(tmp_path: Path) -> str:
    (tmp_path / "artifacts").mkdir()
    return (tmp_path / "artifacts").as_uri()


def test_what_the_file_prints_does_not_spoil_the_yaml(
    modelbundle: Callable[..., Done], loud: Path, tmp_path: Path
) -> None:
    done = modelbundle("render", "doubler", loud, *OPTIONS, "--artifact-uri", store(tmp_path))
    assert done.code == 0, done.err
    assert yaml.safe_load(done.out)["kind"] == "ModelBundle"
    assert not SAID & set(done.out.splitlines())
    assert set(done.err.splitlines()) >= SAID


def test_nor_the_name_of_what_was_created(
    modelbundle: Callable[..., Done], loud: Path, tmp_path: Path, stand_in: StandIn
) -> None:
    kubeconfig = stand_in.write_kubeconfig(tmp_path / "kubeconfig")
    words = ("create", "doubler", loud, *OPTIONS, "--artifact-uri", store(tmp_path), "-o", "name")
    done = modelbundle(*words, KUBECONFIG=kubeconfig)
    (made,) = stand_in.created
    assert (done.code, done.out) == (0, made["metadata"]["name"] + "\n"), done.err


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("import sys\nsys.exit()\n", "ended in sys.exit(), so it has made no bundle"),
        ("import sys\nsys.exit(0)\n", "ended in sys.exit(0)"),
        ("exit('bye')\n", "ended in sys.exit('bye')"),
        ("1/0\n", "raised ZeroDivisionError: division by zero"),
    ],
)
@pytest.mark.parametrize("command", ["create", "render"])
def test_a_file_that_ends_itself_is_a_failure(
    modelbundle_here: Callable[..., Done], tmp_path: Path, command: str, text: str, says: str
) -> None:
    file = tmp_path / "ends.py"
    file.write_text(text)
    done = modelbundle_here(command, "doubler", file, *OPTIONS, "--artifact-uri", store(tmp_path))
    assert (done.code, done.out) == (1, "")
    assert done.err.startswith(f"Error: running {file} {says}")
    assert list((tmp_path / "artifacts").iterdir()) == []


def test_a_warning_is_one_line_without_the_source_of_the_client(
    modelbundle_here: Callable[..., Done], tmp_path: Path
) -> None:
    code = tmp_path / "code"
    code.mkdir()
    (code / "predict.py").write_text("def load(model): return model\n")
    (code / "model.py").write_text("def load(): return abs\n")
    (code / ".env").write_text("KEY=geheim\n")
    functions = ("--load-predict-fn", "predict.load", "--load-model-fn", "model.load", "--pytorch-image-tag", "1.7.1")
    done = modelbundle_here("render", "doubler", code, *functions, "--artifact-uri", store(tmp_path))
    assert done.code == 0, done.err
    first, last = done.err.splitlines()
    assert first.startswith(f"Warning: what holds secrets is left out of {code}: .env. ")
    assert last.startswith("the artifact is not uploaded")
