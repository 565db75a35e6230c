"""The fences of tools/imports: each is seen to refuse an import, wherever in a file it stands."""

from __future__ import annotations

from pathlib import Path

import pytest

from tools.imports import allowed, circles
from tools.imports.graph import PACKAGES, imports, modules

REFUSED = [
    ("bundle_runtime/worker/predict/new.py", "import yaml", "third-party package in the user's image"),
    ("bundle_runtime/worker/new.py", "def f():\n    import rfc8785", "the same, inside a function"),
    ("bundle_runtime/worker/new.py", "from bundle_spec.canonical import canonical", "what prepare does not copy"),
    ("bundle_runtime/contract/new.py", "import tomllib", "not in Python 3.8"),
    ("bundle_runtime/contract/new.py", "from bundle_runtime.worker import uv", "copied, but above it"),
    ("bundle_spec/new.py", "import os", "not pure"),
    ("bundle_spec/new.py", "from launch import errors", "above it"),
    ("operator/modelbundle_operator/judge/new.py", "import time", "a clock in the core"),
    ("operator/modelbundle_operator/render/new.py", "import msgspec", "third-party package in the core"),
    ("operator/modelbundle_operator/bundle/new.py", "from ..kube import client", "the core reaches outward"),
    ("operator/modelbundle_operator/reconcile/new.py", "import kubernetes.client", "one file talks to the API server"),
    ("operator/modelbundle_operator/loop/new.py", "from kopf import on", "two files know kopf"),
    ("launch/cli/new.py", "if True:\n    import jsonschema_rs", "who may compile schemas"),
    ("oip_conformance/new.py", "import launch", "it knows nothing of this project"),
    ("tools/local_cluster/new.py", "import yaml", "it runs before anything is installed"),
]
ALLOWED = [
    ("bundle_runtime/worker/new.py", "import json\nfrom bundle_runtime.contract import wire"),
    ("bundle_runtime/worker/load/new.py", "def f():\n    import cloudpickle"),
    ("operator/modelbundle_operator/judge/new.py", "import datetime\nfrom modelbundle_operator.api import names"),
    ("operator/modelbundle_operator/kube/client.py", "import kubernetes"),
    ("tools/demo/new.py", "import kubernetes, kopf, yaml"),
]


def tree(root: Path, files: dict[str, str]) -> Path:
    for package in PACKAGES.values():
        (root / package).mkdir(parents=True)
        (root / package / "__init__.py").touch()
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return root


def broken(root: Path) -> list[str]:
    return [line for line in allowed.broken(imports(root), set(modules(root))) if "KNOWN" not in line]


@pytest.mark.parametrize(("file", "source", "why"), REFUSED, ids=lambda value: str(value).replace("\n", " "))
def test_an_import_that_is_on_no_list_is_refused(tmp_path: Path, file: str, source: str, why: str) -> None:
    assert [line.partition(":")[0] for line in broken(tree(tmp_path, {file: source}))] == [file], why


@pytest.mark.parametrize(("file", "source"), ALLOWED)
def test_an_import_that_is_on_a_list_is_not(tmp_path: Path, file: str, source: str) -> None:
    assert broken(tree(tmp_path, {file: source})) == []


def test_an_exception_that_nothing_needs_any_more_is_refused(tmp_path: Path) -> None:
    lines = allowed.broken(imports(tree(tmp_path, {})), set())
    assert len(lines) == len(allowed.KNOWN)


@pytest.mark.parametrize(
    "back",
    [
        "from launch.stores import pin",
        "def f():\n    from launch.stores.pin import x",
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from ..stores import pin",
    ],
)
def test_a_circle_is_seen_wherever_its_imports_stand(tmp_path: Path, back: str) -> None:
    root = tree(
        tmp_path,
        {
            "launch/stores/__init__.py": "",
            "launch/stores/pin.py": "import launch.bundle.fields",
            "launch/bundle/__init__.py": "",
            "launch/bundle/fields.py": back,
        },
    )
    (group,) = circles.circles(imports(root), modules(root))
    assert {one.importer for one in group} == {"launch.stores.pin", "launch.bundle.fields"}


def test_files_of_one_package_are_no_circle(tmp_path: Path) -> None:
    root = tree(tmp_path, {"launch/stores/a.py": "from . import b", "launch/stores/b.py": "from . import a"})
    assert circles.circles(imports(root), modules(root)) == []
