"""Each example is made into a bundle by the command of its page, served, and compared with the library itself."""

import json
import os
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest
import yaml

from tests.examples.near import near
from tests.launch.cli.conftest import THIS, environment, serve, tmp_path  # noqa: F401 - fixtures
from tests.launch.cli.test_serve import ask
from tools.benchmarks.harness.peers import CACHE
from tools.testkit.environments import python_with_client
from tools.testkit.page_blocks import ROOT, blocks

EACH = bool(os.environ.get("MODELBUNDLE_EXAMPLES"))
DIRECT = Path(__file__).with_name("direct.py")
# what this Python lacks
PACKAGES = {
    "xgboost": ("xgboost-cpu", "scikit-learn"),
    "lightgbm": ("lightgbm", "scikit-learn"),
    "onnx": ("onnx", "onnxruntime", "scikit-learn"),
    "transformer": (),
}
HERE = ("scikit_learn", "batching", "streaming", "async_client")
ALWAYS = ("scikit_learn", "streaming")  # the others are served by `make examples` alone


def commands(example):
    """The lines of the shell blocks of the example's page."""
    page = ROOT / "examples" / example / "README.md"
    return [line.split() for block in blocks() if block.page == page and block.language == "sh" for line in block.lines]


def python_and_path(example):
    """A Python that has what the example imports and what `modelbundle render` needs, and what PYTHONPATH it takes."""
    if not EACH and example not in ALWAYS:
        pytest.skip(f"{example} takes seconds of CPU, or libraries of its own: make examples (MODELBUNDLE_EXAMPLES=1)")
    if example in HERE:
        return Path(sys.executable), str(ROOT)
    if example != "transformer":
        return python_with_client(THIS, *PACKAGES[example]), str(ROOT)
    if not (CACHE / "torch/complete").exists():
        pytest.skip("needs PyTorch, of some 5 GB: make bench-torch makes its environment")
    client = python_with_client(THIS)
    (packages,) = (client.parent.parent / "lib").glob("python3.*/site-packages")
    return CACHE / "torch/bin/python", f"{ROOT}:{packages}"


@pytest.fixture
def run(tmp_path):  # noqa: F811
    """Runs a command of the example's Python in the checkout, and returns what it printed."""

    def run_in(python, path, *words):
        settings = {**environment(PYTHONPATH=path), "OMP_NUM_THREADS": "1", "PYTHONDONTWRITEBYTECODE": "1"}
        done = subprocess.run(
            [python, *map(str, words)], cwd=ROOT, env=settings, capture_output=True, text=True, check=False, timeout=200
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    return run_in


@pytest.fixture
def served(serve, run, tmp_path):  # noqa: F811
    """Follows the example's page: makes its bundle, with its artifact in a directory of the test, and serves it."""

    def make(example):
        python, path = python_and_path(example)
        for words in commands(example):
            if words[0] == "python" and words[1].endswith("train.py"):
                run(python, path, *words[1:])
        (render,) = (words for words in commands(example) if words[:2] == ["modelbundle", "render"])
        render = render[1 : render.index(">")]
        render[render.index("--artifact-uri") + 1] = str(tmp_path / "store")
        bundle = yaml.safe_load(run(python, path, "-m", "launch.cli", *render, "--upload"))
        if example == "async_client":
            bundle["spec"]["serving"]["maxConcurrency"] = 256  # as its page says
        (tmp_path / "bundle.yaml").write_text(yaml.safe_dump(bundle))
        serving = serve(tmp_path / "bundle.yaml", "--python", python)
        serving.wait_for_url()
        return serving, json.loads(run(python, path, DIRECT, example))

    return make


@pytest.mark.parametrize("example", [*HERE, *PACKAGES])
def test_the_worker_answers_as_the_library_itself(served, tmp_path, example):  # noqa: F811
    serving, asked = served(example)
    for request, answer in asked:
        found = ask(serving.url, **request)
        assert near(found, answer), (request, found, answer)
    if example == "batching":
        name = yaml.safe_load((tmp_path / "bundle.yaml").read_text())["metadata"]["name"]
        rows = json.dumps({"instances": [request for request, _ in asked]}).encode()
        with urllib.request.urlopen(f"{serving.url}/v1/models/{name}:predict", rows, timeout=20) as answered:
            assert json.load(answered)["predictions"] == [answer for _, answer in asked]
        assert f"[worker] {len(asked)} rows in one call" in serving.log
    if example == "async_client":
        (words,) = (words for words in commands(example) if words[0] == "python")
        client = [sys.executable, words[1], serving.url, words[3]]
        printed = subprocess.run(client, cwd=ROOT, capture_output=True, text=True, check=True, timeout=60).stdout
        assert printed.splitlines() == [f"REQUEST {number}" for number in range(int(words[3]))]
    if example == "streaming":
        command = [sys.executable, "-m", "launch.cli", "predict", "--stream", "--url", serving.url, "{}"]
        printed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True, timeout=60).stdout
        assert list(map(json.loads, printed.splitlines())) == asked[0][1]


def test_each_example_has_a_page_that_the_list_names():
    pages = {path.parent.name for path in (ROOT / "examples").glob("*/README.md")}
    assert pages == {*HERE, *PACKAGES}
    listed = (ROOT / "examples/README.md").read_text()
    assert [name for name in pages if f"[{name}]({name}/README.md)" not in listed] == []
