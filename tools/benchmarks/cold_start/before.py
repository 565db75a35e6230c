"""Another checkout of the project, such as a `git worktree` of an earlier commit: its operator and its runtime.

Both operators run in one cluster, each for a namespace of its own. CRDs are of the whole cluster: they stay those of
this checkout, which know the fields of earlier ones.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tools.local_cluster import layouts
from tools.local_cluster.place import here
from tools.testkit.install import helm
from tools.testkit.kubectl import kubectl

RELEASE, NAMESPACE = "before", "modelbundle-before"
# what builds images has moved from one directory to another
_IMAGES = """
try:
    from tools.local_cluster import images
except ImportError:
    from local_cluster import images
for image in images.all_images():
    if image.slug in ("runtime", "operator"):
        print("image", image.slug, images.layout(image))
"""


def commit(checkout: Path) -> dict[str, str]:
    """What the page says of it."""
    said = _run(["git", "log", "-1", "--format=%h%n%cs%n%s"], checkout).splitlines()
    return dict(zip(("commit", "date", "subject"), said, strict=True))


@contextmanager
def installed(checkout: Path, namespace: str, index: str, drain_seconds: int) -> Iterator[None]:
    """Its operator serves the namespace; at the end it is taken away."""
    images = {slug: _load(slug, Path(path)) for slug, path in _layouts(checkout).items()}
    values = {
        "watchNamespaces": [namespace],
        "image": images["operator"],
        "runtimeImage": images["runtime"],
        "settings": {"packageIndex": index, "drainSeconds": drain_seconds},
    }
    try:
        helm(
            "upgrade", "--install", RELEASE, str(checkout), "-n", NAMESPACE, "--create-namespace", "--skip-crds",
            "-f", "-", "--wait", "--timeout", "120s",
            stdin=json.dumps({"operator": values}),
        )  # fmt: skip
        yield
    finally:
        helm("uninstall", RELEASE, "-n", NAMESPACE, "--ignore-not-found")
        kubectl("delete", "namespace", NAMESPACE, "--ignore-not-found", "--wait=false")


def _layouts(checkout: Path) -> dict[str, str]:
    """Its images in the machine's cache, built where they are not there."""
    printed = _run([sys.executable, "-c", _IMAGES], checkout, PYTHONPATH=str(checkout), PYTHONDONTWRITEBYTECODE="1")
    rows = (line.split(" ", 2) for line in printed.splitlines() if line.startswith("image "))
    return {slug: path for _, slug, path in rows}


def _load(slug: str, layout: Path) -> dict[str, str]:
    repository, tag = f"docker.io/model-bundles/{slug}", "before"
    layouts.load(here(), layout, f"{repository}:{tag}")
    return {"repository": repository, "tag": tag}


def _run(command: list[str], checkout: Path, **more: str) -> str:
    environment = {**os.environ, **more}
    return subprocess.run(command, cwd=checkout, env=environment, check=True, stdout=subprocess.PIPE, text=True).stdout
