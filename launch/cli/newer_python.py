"""What to do where `modelbundle serve` runs under a Python that its server does not know."""

from __future__ import annotations

import sys

from launch.cli.errors import Failure
from launch.cli.source_word import source_of
from launch.local.pythons import NoSuchPythonError, find_python

_SERIES = ("3.13", "3.12", "3.11")
_PLACE = "~/.modelbundle"


def needs_newer_python(word: str) -> Failure:
    """The failure, and the commands that serve the same under a newer Python beside this one."""
    this = "{}.{}".format(*sys.version_info[:2])
    lines = [
        f"`modelbundle serve` needs CPython 3.11 or newer for its server, and this is {this}. Beside it:",
        f"  {_newer()} -m venv {_PLACE} && {_PLACE}/bin/pip install 'model-bundles[client,runtime]'",
    ]
    if source_of(word) is None:
        lines.append(f"  {_PLACE}/bin/modelbundle serve {word}")
    else:
        lines.append(
            "  modelbundle render NAME FILE.py --predict-fn predict --image IMAGE --artifact-uri . --upload > b.yaml"
        )
        lines.append(f"  {_PLACE}/bin/modelbundle serve b.yaml    # your functions still run under {this}")
    return Failure("\n".join(lines), reason="PythonTooOld")


def _newer() -> str:
    """One that is here; else the name of one to be installed."""
    for series in _SERIES:
        try:
            return find_python(series)
        except NoSuchPythonError:
            continue
    return "python3.12"
