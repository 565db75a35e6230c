"""What `render` and `create` make of a file: with its own modules, from a notebook, and what they say stays behind."""

from __future__ import annotations

import json
import sys

import yaml

THIS = f"{sys.version_info[0]}.{sys.version_info[1]}"
IMAGE = ("--predict-fn", "predict", "--image", f"python:{THIS}-slim", "--upload")


def rendered(modelbundle_here, tmp_path, file, *options):
    (tmp_path / "store").mkdir(exist_ok=True)
    done = modelbundle_here("render", "m", file, *IMAGE, *options, "--artifact-uri", tmp_path / "store")
    assert done.code == 0, done.err
    return yaml.safe_load(done.out)["spec"]["bundle"], done.err


def test_modules_beside_the_file_are_packed_as_they_are_now(modelbundle_here, tmp_path):
    (tmp_path / "f.py").write_text("from beside_it import scale\ndef predict(x):\n    return scale(x)\n")
    digests = set()
    for text in ("def scale(x):\n    return x\n", "def scale(x):\n    return 2 * x + 1\n"):
        (tmp_path / "beside_it.py").write_text(text)
        bundle, said = rendered(modelbundle_here, tmp_path, tmp_path / "f.py")
        assert said == ""
        digests.add(bundle["artifact"]["sha256"])
    assert len(digests) == 2


def test_a_notebook_is_packed_like_a_file(modelbundle_here, tmp_path):
    cells = [{"cell_type": "code", "source": "def predict(x: int) -> int:\n    return x\n"}]
    (tmp_path / "n.ipynb").write_text(json.dumps({"cells": cells}))
    bundle, _ = rendered(modelbundle_here, tmp_path, tmp_path / "n.ipynb", "--type-hints")
    assert bundle["requestSchema"]["properties"] == {"x": {"type": "integer"}}
    assert "requestSchema" not in rendered(modelbundle_here, tmp_path, tmp_path / "n.ipynb")[0]


def test_a_file_that_the_functions_read_is_said_to_stay_behind(modelbundle_here, tmp_path):
    (tmp_path / "weights.npy").write_text("")
    (tmp_path / "f.py").write_text("def predict(x):\n    return open('weights.npy').read()\n")
    _, said = rendered(modelbundle_here, tmp_path, tmp_path / "f.py")
    assert said.startswith("Warning: the functions name weights.npy beside them, and no file is packed with them")


def test_an_image_with_another_python_is_said_before_an_upload(modelbundle_here, tmp_path):
    (tmp_path / "f.py").write_text("def predict(x):\n    return x\n")
    _, said = rendered(modelbundle_here, tmp_path, tmp_path / "f.py", "--image", "python:3.6-slim")
    assert f"was written by Python {THIS}, the image runs Python 3.6 (python:3.6-slim" in said


def test_a_script_reads_arguments_of_its_own(modelbundle_here, tmp_path):
    text = "import sys\nassert sys.argv == [__file__], sys.argv\ndef predict(x):\n    return x\n"
    (tmp_path / "f.py").write_text(text)
    assert rendered(modelbundle_here, tmp_path, tmp_path / "f.py")
