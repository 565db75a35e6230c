"""What the table of known failures can say before an upload is said when a bundle is made."""

from __future__ import annotations

import importlib
import re
import sys
import warnings
from pathlib import Path
from typing import Any

import pytest

from launch.errors import LaunchWarning
from tests.launch.bad_calls import GOOD
from tests.launch.world import World

LOCKED = "import threading\n\nLOCK = threading.Lock()\n\n\ndef load(model):\n    with LOCK:\n        return abs\n"
_ROW = re.compile(r"\[docs/how-to/troubleshooting\.md#([\w-]+)\]")


class Weights:
    """Is pickled as a path of Windows is."""

    def __reduce__(self) -> Any:
        import pathlib

        return pathlib.WindowsPath, ("weights.pt",)


def said(world: World, **changes: Any) -> list[str]:
    """The rows that were named, by a call that makes the bundle all the same."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        world.client.create_model_bundle(**{**GOOD, **changes})
    texts = [str(one.message) for one in caught if issubclass(one.category, LaunchWarning)]
    assert not [text for text in texts if "make a new bundle" in text], "there is none yet"
    return [row for text in texts for row in _ROW.findall(text)]


def test_a_good_call_is_told_nothing(world: World) -> None:
    assert said(world) == []


def test_platform_image_and_names_are_told(world: World) -> None:
    assert said(world, model=Weights()) == ["windows-path"]
    other = {"framework_type": "custom_base_image", "ecr_repo": "python", "image_tag": "3.6-slim"}
    assert said(world, model_bundle_name="c", env_params=other) == ["python-mismatch"]
    assert said(world, model_bundle_name="d", requirements=["pickle", "pywin32==306"]) == [
        "requirement-of-python",
        "requirement-of-another-system",
    ]


def test_a_local_module_that_cannot_go_along_is_told_also_without_requirements(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    Path(world.directory, "my_locked_module.py").write_text(LOCKED)
    monkeypatch.syspath_prepend(str(world.directory))
    try:
        function = importlib.import_module("my_locked_module").load
        assert said(world, load_predict_fn=function, requirements=[]) == ["local-module"]
    finally:
        del sys.modules["my_locked_module"]
