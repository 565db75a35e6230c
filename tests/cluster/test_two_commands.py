"""The function that `modelbundle serve` serves is served by a cluster with two commands more, and nobody writes YAML:
the lines of the quickstart as they stand, in a folder that has the function alone.

The node has its stand-in of CPython 3.12 under the name of the official image too.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tools.local_cluster import images, layouts
from tools.local_cluster.place import here
from tools.testkit.console_blocks import console, missing
from tools.testkit.environments import ROOT, python_with_server
from tools.testkit.kubectl import kubectl, list_all
from tools.testkit.place import Place

QUICKSTART = ROOT / "docs" / "tutorial" / "quickstart.md"
IMAGE = "docker.io/library/python:3.12-slim"


@pytest.fixture
def image() -> Iterator[None]:
    if not here().netns.exists():
        pytest.skip("needs the local cluster, whose node has its stand-in of CPython 3.12 under the official name")
    stand_in = next(image for image in images.all_images() if image.slug == "stand-in-python")
    layouts.load(here(), images.layout(stand_in), IMAGE)
    yield
    layouts.ctr(here(), "images", "rm", IMAGE)


def blocks_on_both() -> tuple[list[str], list[str], list[str], list[str]]:
    """The commands of the quickstart's first block and what they print, then those for a cluster."""
    local, shown = console(QUICKSTART)
    number = next(number for number in range(9) if console(QUICKSTART, number)[0][0].startswith("modelbundle create"))
    return local, shown, *console(QUICKSTART, number)


def test_the_first_of_them_is_what_serve_prints() -> None:
    _, shown, commands, _ = blocks_on_both()
    assert f"on a cluster: {commands[0]}" in shown
    assert [command.split()[1] for command in commands] == ["create", "deploy", "predict"]


@pytest.mark.timeout(600)
def test_a_function_is_served_by_two_more_commands(
    operator: object, image: None, namespace: str, place: Place, tmp_path: Path
) -> None:
    _, shown, commands, printed = blocks_on_both()
    folder = tmp_path / "work"
    folder.mkdir()
    (folder / "my_model.py").write_text("\n".join(line for line in shown if line.startswith(("def ", "    "))) + "\n")
    command = tmp_path / "bin" / "modelbundle"
    command.parent.mkdir()
    command.write_text(f'#!/bin/sh\nexec {python_with_server("3.12")} -m launch.cli "$@"\n')
    command.chmod(0o755)
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "LAUNCH_", "VIRTUAL"))}
    done = subprocess.run(
        ["bash", "-ec", "\n".join(commands)],
        cwd=folder,
        env={
            **kept,
            "PATH": f"{command.parent}:{kept['PATH']}",
            "PYTHONPATH": str(ROOT),
            "LAUNCH_NAMESPACE": namespace,
            "AWS_ACCESS_KEY_ID": place.access_key,
            "AWS_SECRET_ACCESS_KEY": place.secret_key,
        },
        capture_output=True,
        text=True,
        check=False,
        timeout=400,
    )
    assert done.returncode == 0, done.stderr
    assert missing(printed, done.stdout.splitlines()) == [], done.stdout
    assert [path.name for path in folder.iterdir()] == ["my_model.py"]
    (bundle,) = list_all("modelbundles", namespace)
    assert bundle["spec"]["bundle"]["requestSchema"]["required"] == ["x"]
    kubectl("delete", "modelbundles", "--all", namespace=namespace)
