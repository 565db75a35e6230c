"""How a command ends that is not let finish: by Ctrl-C, or by a reader that has read enough."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.launch.cli.conftest import environment

PICKLES_SLOWLY = """
import sys, time
class Model:
    def __reduce__(self):
        print("pickling", file=sys.stderr, flush=True)
        time.sleep(60)
def load_predict_fn(model):
    return lambda x: x
model = Model()
"""
COMMAND = [sys.executable, "-m", "launch.cli"]
IMAGE = f"python:{sys.version_info[0]}.{sys.version_info[1]}-slim"  # of another Python there is a warning


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM"])
def test_an_interruption_while_code_is_packed_leaves_no_files(tmp_path: Path, name: str) -> None:
    file, temporary, store = tmp_path / "f.py", tmp_path / "t", tmp_path / "store"
    file.write_text(PICKLES_SLOWLY)
    temporary.mkdir()
    store.mkdir()
    words = ["render", "m", str(file), "--load-predict-fn", "load_predict_fn", "--model", "model"]
    words += ["--image", IMAGE, "--artifact-uri", str(store), "--upload"]
    with subprocess.Popen(
        [*COMMAND, *words], env=environment(TMPDIR=str(temporary)), stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stderr is not None
        said = [next(process.stderr)]
        assert said == ["pickling\n"]
        process.send_signal(getattr(signal, name))
        said += process.stderr
        assert process.wait(60) == 130
    assert "".join(said[1:]).strip() == ""
    assert list(temporary.iterdir()) == []


@pytest.mark.parametrize("words", [["--help"], ["serve", "--help"], ["completion", "bash"]])
def test_a_reader_that_has_read_enough_gets_no_traceback(words: list[str]) -> None:
    with subprocess.Popen(
        [*COMMAND, *words], env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        assert process.stderr.read() == ""
        assert process.wait(60) in (0, 1)
