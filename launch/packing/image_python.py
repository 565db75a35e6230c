"""The Python of a bundle's image, as far as the image's name tells it: what one Python pickles another does not read.
Where the name tells nothing, the pod asks."""

from __future__ import annotations

import re
import sys
from typing import Any, List, Mapping, Tuple

from bundle_runtime.advice.row import PACK, World
from bundle_runtime.advice.table import advice_for

# first and last release of the framework whose images are published with that Python
_Published = Tuple[Tuple[Tuple[int, int], Tuple[int, int], str], ...]
_PYTORCH: _Published = (
    ((2, 4), (2, 8), "3.11"),
    ((1, 13), (2, 3), "3.10"),
    ((1, 12), (1, 12), "3.7"),
    ((1, 11), (1, 11), "3.8"),
)
_TENSORFLOW: _Published = (((2, 14), (2, 18), "3.11"), ((2, 11), (2, 13), "3.8"))
_RELEASE = re.compile(r"(\d+)\.(\d+)\.\d")
_IN_TAG = re.compile(r"(?:^|[-_.])py(?:thon)?-?_?(3)\.?(\d{1,2})(?!\d)")


def of_image(env_params: Mapping[str, Any]) -> List[str]:
    """What is to be said of a pickle that this Python writes for that image."""
    image, python = python_of(env_params)
    here = f"{sys.version_info[0]}.{sys.version_info[1]}"
    if not python or python == here:
        return []
    world = World(framework=str(env_params.get("frameworkType", "")), packing=True)
    found = advice_for(PACK, f"Python {here} wrote, Python {python} reads: {image} as it is published", world)
    return [found.text] if found is not None else []


def python_of(env_params: Mapping[str, Any]) -> Tuple[str, str]:
    """The image of spec.bundle.envParams, and its Python (major.minor); "" where the name does not tell it."""
    custom = env_params.get("customBaseImage")
    if custom:
        image, tag = str(custom.get("repository", "")), str(custom.get("tag", ""))
        return f"{image}:{tag}", _of_tag(image, tag)
    for framework, key, published in (
        ("pytorch/pytorch", "pytorchImageTag", _PYTORCH),
        ("tensorflow/tensorflow", "tensorflowVersion", _TENSORFLOW),
    ):
        tag = str(env_params.get(key, ""))
        if tag:
            return f"{framework}:{tag}", _of_release(tag, published)
    return "", ""


def _of_release(tag: str, published: _Published) -> str:
    release = _RELEASE.match(tag)
    if release is None:  # latest, nightly
        return ""
    version = (int(release[1]), int(release[2]))
    return next((python for first, last, python in published if first <= version <= last), "")


def _of_tag(image: str, tag: str) -> str:
    """python:3.12-slim, and tags with py3.11, py311 or python3.11 in them, as many images have."""
    official = re.match(r"(3)\.(\d{1,2})(?!\d)", tag)
    found = official if official and image.rpartition("/")[2] == "python" else _IN_TAG.search(tag)
    return f"{found[1]}.{found[2]}" if found else ""
