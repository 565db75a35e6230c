"""`modelbundle init [DIR]`: a folder to begin with, which serves, checks and passes its test as it stands."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Any, Dict, List

import click

from launch.cli.errors import Failure
from launch.cli.options import exit_on_error

MODEL, TEST, BUNDLE = "model.py", "test_model.py", "modelbundle.yaml"
STORE = "s3://your-bucket/models"
_MODEL = '''\
"""What is served: predict() is called with the fields of each request, and what it returns is the prediction.

Its type hints become the schemas: a request that does not fit them is refused before it comes here.
"""

from typing import List

WEIGHTS = [0.5, 2.0, -1.0]  # of a real model: load them here, or write load_model_fn and load_predict_fn


def predict(features: List[float], bias: float = 0.0) -> float:
    """A linear model of the features."""
    return sum(weight * value for weight, value in zip(WEIGHTS, features)) + bias
'''
_TEST = '''\
"""Run by `python -m unittest discover`, in this folder, or by pytest."""

import unittest

from model import predict


class Predict(unittest.TestCase):
    def test_features_are_weighted(self):
        self.assertEqual(predict([2.0, 1.0, 3.0]), 0.0)

    def test_the_bias_is_added(self):
        self.assertEqual(predict([], bias=1.5), 1.5)


if __name__ == "__main__":
    unittest.main()
'''
_HEAD = """\
# What a cluster gets of model.py, as `modelbundle render` wrote it. Its artifact is not uploaded. Write it anew after
# each change, with your bucket in it, where `modelbundle init` ran:
#   {command}
"""


@click.command(name="init")
@click.argument("directory", metavar="[DIR]", default="my-model", type=click.Path(path_type=Path))
def command(directory: Path) -> None:
    """Make DIR, by default my-model: a function with type hints, its test, and its ModelBundle in YAML.

    What it makes can be served, checked and tested as it stands; the commands are printed. Nothing is overwritten: DIR
    must not be there, or be empty but for hidden files.
    """
    _made(directory)
    name = directory.resolve().name
    image = _image()
    _write(directory / MODEL, _MODEL)
    _write(directory / TEST, _TEST)
    with exit_on_error("init"):
        manifest = _drawn(directory / MODEL, name, image)
        words = ["render", name, str(directory / MODEL), *_functions(image)]
        words += ["--gpus", "0", "--artifact-uri", STORE, "--upload"]
        into = f"{_line(words)} > {shlex.quote(str(directory / BUNDLE))}"
        _write(directory / BUNDLE, _HEAD.format(command=into) + manifest)
    place = str(directory)
    for line in (
        f"{directory / MODEL}: the function; its type hints are the schemas",
        f"{directory / TEST}: its test",
        f"{directory / BUNDLE}: what a cluster gets of it",
        "next:",
        f"  {_line(['serve', place, '--reload'])}",
        f"  {shlex.join(['python', '-m', 'unittest', 'discover', place])}",
        f"  {_line(['check', str(directory / BUNDLE)])}",
        f"  {_line(['create', name, str(directory / MODEL), *_functions(image)])}    # on a cluster",
    ):
        click.echo(line)


def _made(directory: Path) -> None:
    """The directory; Failure where anything of a person's is in it."""
    try:
        directory.mkdir(parents=True, exist_ok=True)
        there = sorted(file.name for file in directory.iterdir() if not file.name.startswith("."))
    except OSError as error:
        raise Failure(f"{directory} cannot be made a folder: {error.strerror}") from error
    if there:
        raise Failure(
            f"{directory} is not empty ({', '.join(there[:5])}): nothing was written. Name a folder that is not there, "
            "as in `modelbundle init my-model`"
        )


def _write(file: Path, text: str) -> None:
    with file.open("x", encoding="utf-8") as opened:  # never over what is there
        opened.write(text)


def _image() -> str:
    from launch.cli.serve import IMAGE

    return IMAGE


def _drawn(file: Path, name: str, image: str) -> str:
    """The YAML that `render` would print."""
    from launch.bundle.manifest import dump
    from launch.cli.drafting import Drafting
    from launch.cli.packed_source import OPTIONS
    from launch.cli.packing import packed_names
    from launch.cli.user_code import run_file
    from launch.cluster.serving import serving_fields

    given: Dict[str, Any] = {**dict.fromkeys(OPTIONS), "name": name, "image": image, "predict_fn": "predict"}
    client = Drafting(serving_fields(replicas=1, gpus=0), False, artifact_uri=STORE)
    packed_names(client, run_file(file), str(file), {**given, "type_hints": True})
    return dump(client.manifest)


def _functions(image: str) -> List[str]:
    return ["--predict-fn", "predict", "--type-hints", "--image", image]


def _line(words: List[str]) -> str:
    return shlex.join(["modelbundle", *words])
