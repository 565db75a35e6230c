"""`import launch` costs a notebook little, and needs none of the client's libraries before they are used."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest

import launch
from launch import errors

pytestmark = pytest.mark.undisturbed

HEAVY = {"boto3", "botocore", "kubernetes", "urllib3", "pydantic", "cloudpickle", "numpy"}


def _run(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, *words], capture_output=True, text=True, check=True)


def _imported(*words: str) -> float:
    printed = _run("-X", "importtime", *words).stderr
    return sum(int(own) for own in re.findall(r"^import time:\s+(\d+) \|", printed, re.MULTILINE)) / 1000


def test_import_launch_costs_no_more_than_two_of_asyncio() -> None:
    """Some 30 ms of a quiet machine; kubernetes alone takes ten times that. Side by side, the best of five of each,
    less what bare Python imports."""
    statements = ("pass", "import launch", "import asyncio")
    rounds = [[_imported("-c", statement) for statement in statements] for _ in range(5)]
    bare, ours, asyncio = (min(times) for times in zip(*rounds, strict=True))
    assert ours - bare <= 2 * (asyncio - bare), rounds


@pytest.mark.parametrize(
    ("statement", "absent"),
    [
        ("import launch", HEAVY | {"yaml", "click"}),
        ("import launch; launch.LaunchClient(api_key=None)", HEAVY),
        ("import launch; launch.EndpointRequest(args={}); launch.ModelBundle('b'); launch.PostInferenceHooks", HEAVY),
    ],
)
def test_the_libraries_are_imported_when_they_are_used(statement: str, absent: set[str]) -> None:
    loaded = {
        name.partition(".")[0] for name in _run("-c", f"import sys; {statement}; print(*sys.modules)").stdout.split()
    }
    assert "launch" in loaded
    assert loaded & absent == set()


def test_every_error_is_at_the_top_of_the_package() -> None:
    defined = {
        name for name, value in vars(errors).items() if isinstance(value, type) and value.__module__ == errors.__name__
    }
    assert defined <= set(launch.__all__)
    assert all(getattr(launch, name) is getattr(errors, name) for name in defined)
