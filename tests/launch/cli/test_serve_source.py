"""`modelbundle serve` of code: from a function to an answer without a bundle, an image or a cluster."""

from __future__ import annotations

import json
import os
import shlex
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from launch.bundle.manifest import read_bundle
from tests.launch.cli.conftest import ROOT, Done, Serving, environment
from tests.launch.cli.test_serve import ask, failed

TYPED = "def predict(x: int, y: str = 'a') -> int:\n    return x * 2 + len(y)\n"


@pytest.fixture
def code(tmp_path: Path) -> Path:
    (tmp_path / "code").mkdir()
    return tmp_path / "code"


def written(file: Path, text: str) -> Path:
    file.write_text(text)
    return file


def line(serving: Serving, start: str) -> str:
    return next(text for text in serving.lines if text.startswith(start))


def test_a_function_answers_and_its_type_hints_are_its_schema(serve, code):
    file = written(code / "my_model.py", TYPED)
    serving = serve(file)
    serving.wait_for_url()
    assert ask(serving.url, x=20, y="ab") == 42
    with pytest.raises(urllib.error.HTTPError, match="422"):
        ask(serving.url, x="no")
    assert "packed: predict_fn = predict" in serving.lines
    assert "schemas: of the type hints" in serving.lines
    assert "requirements: none, found from what the functions import" in serving.lines
    create = line(serving, "on a cluster: ")
    assert create.startswith(f"on a cluster: modelbundle create my_model {file} --image python:3.")
    assert create.endswith(" --predict-fn predict --type-hints")
    assert serving.stop() == 0


def test_the_line_to_try_is_answered_and_so_is_its_page(serve, code):
    serving = serve(written(code / "f.py", TYPED))
    serving.wait_for_url()
    words = shlex.split(line(serving, "try: ").removeprefix("try: "))
    done = subprocess.run([*words, "-s"], capture_output=True, text=True, check=True, timeout=30)
    assert json.loads(done.stdout) == 3
    serving.stop()
    page = line(serving, "or in a browser: ")
    assert page == f"or in a browser: {serving.url}/docs"


def test_without_hints_the_line_to_try_has_the_parameters(serve, code):
    serving = serve(written(code / "f.py", "def f(left, right):\n    return [left, right]\n"))
    serving.wait_for_url()
    assert '{"left": 1, "right": 1}' in line(serving, "try: ")
    assert line(serving, "schemas: ") == "schemas: none: no type hint says what a request holds"


def test_modules_beside_the_file_go_along_and_its_arguments_are_its_own(serve, code):
    (code / "helpers.py").write_text("def scale(x):\n    return x * 21\n")
    text = "import argparse\nfrom helpers import scale\nargparse.ArgumentParser().parse_args()\n"
    serving = serve(written(code / "f.py", text + "def predict(x):\n    return scale(x)\n"))
    serving.wait_for_url()
    assert ask(serving.url, x=2) == 42


def test_a_function_of_a_package_is_served_by_its_dotted_name(serve, code):
    package = code / "fields"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "areas.py").write_text("def area(width: int, height: int) -> int:\n    return width * height\n")
    serving = serve("fields.areas:area", PYTHONPATH=os.pathsep.join([str(code), str(ROOT)]))
    serving.wait_for_url()
    assert ask(serving.url, width=6, height=7) == 42
    with pytest.raises(urllib.error.HTTPError, match="422"):
        ask(serving.url, width=6)


def test_a_notebook_is_served_by_its_code(serve, code):
    cells = [
        {"cell_type": "code", "source": ["%matplotlib inline\n", "import math\n"]},
        {"cell_type": "code", "source": "def area(r: float) -> float:\n    return math.pi * r * r"},
    ]
    serving = serve(written(code / "n.ipynb", json.dumps({"cells": cells})))
    serving.wait_for_url()
    assert round(ask(serving.url, r=1), 2) == 3.14


def test_a_folder_is_served_by_its_two_functions_with_its_files(serve, code):
    (code / "weights.txt").write_text("21")
    (code / "model.py").write_text("def load_model_fn():\n    return int(open('weights.txt').read())\n")
    (code / "predict.py").write_text("def load_predict_fn(model):\n    return lambda x: x * model\n")
    serving = serve(code)
    serving.wait_for_url()
    assert ask(serving.url, x=2) == 42
    assert "packed: load_predict_fn = predict.load_predict_fn, load_model_fn = model.load_model_fn" in serving.lines


def test_what_was_kept_is_the_same_bundle(serve, code, tmp_path):
    file = written(code / "f.py", TYPED)
    first = serve(file, "--keep", tmp_path / "kept")
    first.wait_for_url()
    bundle = read_bundle(tmp_path / "kept" / "bundle.yaml")
    assert bundle["spec"]["bundle"]["requestSchema"]["required"] == ["x"]
    first.stop()
    second = serve(tmp_path / "kept")
    second.wait_for_url()
    assert ask(second.url, x=1) == 3
    assert [text.split()[4] for text in second.lines if text.startswith("ready")] == [
        text.split()[4] for text in first.lines if text.startswith("ready")
    ]


def test_a_bundle_is_read_from_standard_input(modelbundle_here, code, tmp_path):
    kept = tmp_path / "kept"
    kept.mkdir()
    words = ["render", "m", written(code / "f.py", TYPED), "--predict-fn", "predict", "--image", "python:3.12-slim"]
    (kept / "bundle.yaml").write_text(modelbundle_here(*words, "--upload", "--artifact-uri", kept).out)
    with (kept / "bundle.yaml").open() as text, subprocess.Popen(
        [sys.executable, "-m", "launch.cli", "serve", "-", "--port", "0"],
        stdin=text, stderr=subprocess.PIPE, text=True, env=environment(TMPDIR=str(tmp_path)),
    ) as process:  # fmt: skip
        assert process.stderr is not None
        assert any(said.startswith("try: curl ") for said in process.stderr)
        process.send_signal(signal.SIGINT)


def until(condition, serving: Serving) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline, serving.log
        assert serving.process.poll() is None, serving.log
        time.sleep(0.05)


def answers(serving: Serving, value: object) -> bool:
    try:
        return bool(ask(serving.url, x=1) == value)
    except OSError:
        return False


def test_a_change_is_served_and_one_that_is_broken_waits_for_the_next(serve, code):
    file = written(code / "f.py", "def predict(x):\n    return 'first'\n")
    serving = serve(file, "--reload")
    serving.wait_for_url()
    assert answers(serving, "first")
    file.write_text("def predict(x):\n    return 'second'  # longer\n")
    until(lambda: answers(serving, "second"), serving)
    file.write_text("def predict(x:\n")
    until(lambda: "waiting for the next change" in serving.log, serving)
    assert answers(serving, "second"), "what was served goes on"
    file.write_text("def predict(x):\n    return 'third, and longer still'\n")
    until(lambda: answers(serving, "third, and longer still"), serving)
    assert serving.stop() == 0


def test_what_cannot_be_loaded_waits_for_the_next_change_too(serve, code):
    file = written(code / "f.py", "def predict(x):\n    return 1\n")
    serving = serve(file, "--reload")
    serving.wait_for_url()
    broken = "def load_model_fn():\n    1 / 0\ndef load_predict_fn(model):\n    return lambda x: x\n"
    file.write_text(broken)
    until(lambda: "Error: LoadFailed" in serving.log, serving)
    file.write_text("def predict(x):\n    return 'mended'  # and of another length\n")
    until(lambda: answers(serving, "mended"), serving)


def test_what_can_be_known_before_it_starts_is_said_first(serve, code):
    text = (
        "class Weights:\n    def __reduce__(self):\n        import pathlib\n"
        "        return pathlib.WindowsPath, ('weights.pt',)\n\n\n"
        "WEIGHTS = Weights()\n\n\ndef predict(x):\n    return str(WEIGHTS)\n"
    )
    serving = serve(written(code / "f.py", text))
    until(lambda: "UnpickleFailed" in serving.log, serving)
    warned = line(serving, "Warning: It was written on Windows")
    assert warned.endswith("[docs/how-to/troubleshooting.md#windows-path]")
    assert serving.log.index(warned) < serving.log.index("packed in ")


def test_an_interruption_while_code_is_packed_leaves_nothing(serve, code, tmp_path):
    serving = serve(written(code / "f.py", "import time\nprint('packing', flush=True)\ntime.sleep(60)\n"))
    until(lambda: "packing" in serving.log, serving)
    assert serving.stop() == 130, serving.log
    assert "Traceback" not in serving.log


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        ("f.py", "def one(x): return x\ndef two(x): return x\n", "name the function, as in {file}:one"),
        ("f.py", "1/0\n", "raised ZeroDivisionError: division by zero (line 1 of {file})"),
        ("n.ipynb", "no json", "is not a Jupyter notebook"),
    ],
)
def test_code_that_cannot_be_packed_is_one_message(serve, code, name, text, says):
    file = written(code / name, text)
    assert says.format(file=file) in failed(serve(file))


@pytest.mark.parametrize(
    ("word", "says"),
    [
        ("none.py", "there is no file none.py"),
        ("no_such_module:f", "running no_such_module raised ModuleNotFoundError"),
        (".", "needs one load_predict_fn at the top of one of its modules"),
    ],
)
def test_code_that_is_not_there_is_one_message(modelbundle, tmp_path, word, says):
    done: Done = modelbundle("serve", word) if word != "." else modelbundle("serve", tmp_path)
    assert (done.code, says in done.err) == (1, True), done.err


def test_code_that_writes_beside_itself_fails_here_as_in_a_pod(serve, code):
    (code / "kept.txt").write_text("21")
    (code / "run.sh").write_text("#!/bin/sh\n")
    (code / "run.sh").chmod(0o755)
    (code / "model.py").write_text("def load_model_fn():\n    return None\n")
    source = """
import os
def load_predict_fn(model):
    def predict(name):
        mode = os.stat(name).st_mode & 0o777
        try:
            open(name if os.path.isfile(name) else os.path.join(name, "new"), "w").close()
        except PermissionError:
            return [mode, "refused"]
        return [mode, "written"]
    return predict
"""
    (code / "predict.py").write_text(source)
    serving = serve(code)
    serving.wait_for_url()
    outcome = "written" if os.geteuid() == 0 else "refused"  # root may do everything
    for name, mode in ((".", 0o555), ("run.sh", 0o555), ("kept.txt", 0o444)):
        assert ask(serving.url, name=name) == [mode, outcome]
