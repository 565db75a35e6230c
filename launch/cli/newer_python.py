"""What to do where `modelbundle serve` runs under a Python that its server does not know."""

from __future__ import annotations

import ast
import shlex
import sys
from pathlib import Path
from typing import List, Tuple

from launch.cli.errors import Failure
from launch.cli.source_word import Source, source_of
from launch.local.pythons import NoSuchPythonError, find_python

_SERIES = ("3.13", "3.12", "3.11")
_PLACE = "~/.modelbundle"
_FILE = "bundle.yaml"


def needs_newer_python(word: str) -> Failure:
    """The failure, and the commands that serve the same under a newer Python beside this one."""
    this = "{}.{}".format(*sys.version_info[:2])
    lines = [
        f"`modelbundle serve` needs CPython 3.11 or newer for its server, and this is {this}. Beside it:",
        f"  {_newer()} -m venv {_PLACE} && {_PLACE}/bin/pip install 'model-bundles[client,runtime]'",
    ]
    source = source_of(word)
    if source is None:
        lines.append(f"  {_PLACE}/bin/modelbundle serve {shlex.quote(word)}")
    else:
        packed = f"--image python:{this}-slim --gpus 0 --artifact-uri {_PLACE}/artifacts --upload > {_FILE}"
        lines.append(f"  modelbundle render {_words(source)} {packed}")
        served = f"{_PLACE}/bin/modelbundle serve {_FILE} --python {shlex.quote(sys.executable)}"
        lines.append(f"  {served}    # your functions still run under {this}")
    return Failure("\n".join(lines), reason="PythonTooOld")


def _words(source: Source) -> str:
    """What `render` is given of the code, which is read and not run."""
    functions = _functions(source)
    options = [word for name, value in functions for word in (f"--{name.replace('_', '-')}", value)]
    hints = ["--type-hints"] if functions[0][0] == "predict_fn" else []
    return shlex.join([source.name, source.path or "FILE.py", *options, *hints])


def _functions(source: Source) -> List[Tuple[str, str]]:
    """The options that name them, as launch/packing/chosen_functions.py chooses where the code is run."""
    if source.is_folder:
        return [(name, f"MODULE.{name}") for name in ("load_predict_fn", "load_model_fn")]
    if source.function not in (None, "load_predict_fn"):
        return [("predict_fn", str(source.function))]
    names = _defined(Path(source.path))
    model = next((name for name in ("load_model_fn", "model") if name in names), None)
    if "load_predict_fn" in names and model is not None:
        return [("load_predict_fn", "load_predict_fn"), (model, model)]
    alone = [name for name in ("predict", "predict_fn") if name in names]
    return [("predict_fn", (alone or names or ["predict"])[0])]


def _defined(file: Path) -> List[str]:
    try:
        body = ast.parse(file.read_bytes()).body
    except (OSError, SyntaxError, ValueError):  # a notebook, or what `render` will say
        return []
    functions = [node.name for node in body if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))]
    targets = [target for node in body if isinstance(node, ast.Assign) for target in node.targets]
    return functions + [target.id for target in targets if isinstance(target, ast.Name)]


def _newer() -> str:
    """One that is here; else the name of one to be installed."""
    for series in _SERIES:
        try:
            return find_python(series)
        except NoSuchPythonError:
            continue
    return "python3.12"
