"""A stream of a thousand items through the client and the command: order, a reader that stops, and one that leaves."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from launch import LaunchClient
from launch.cli.commands import cli
from tools.testkit.kubectl import wait_for
from tools.testkit.pair import at_rest

COUNT, SIZE = 3_000, 10_000
THIS = f"{sys.version_info[0]}.{sys.version_info[1]}-slim"
IMAGE = {"framework_type": "custom_base_image", "ecr_repo": "python", "image_tag": THIS}


def large(n: int, marks: str, size: int = 1, fail_at: int = -1) -> Iterator[Any]:
    """Items, each with a byte in a file where it is made, and a last one where that ends."""
    with open(marks, "ab", buffering=0) as file:
        try:
            for number in range(n):
                if number == fail_at:
                    raise ValueError("no more")
                file.write(b".")
                yield number if size == 1 else "x" * size
        finally:
            file.write(b"e")


@pytest.fixture
def marks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the function writes; the bundle `streams` is there, and local."""
    monkeypatch.setenv("LAUNCH_ENDPOINT", "local")
    monkeypatch.setenv("LAUNCH_LOCAL_DIR", str(tmp_path / "local"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    by_value = {"this": sys.modules[__name__]}
    made = LaunchClient(api_key=None).create_model_bundle(
        "streams", IMAGE, predict_fn_or_cls=large, requirements=[], globals_copy=by_value
    )
    made.deploy()
    file = tmp_path / "marks"
    file.touch()
    return file


def count(marks: Path) -> int:
    return marks.read_bytes().count(b".")


def ended(marks: Path) -> bool:
    return marks.read_bytes().endswith(b"e")


def test_a_reader_that_stops_stops_the_function_and_gets_all_when_it_goes_on(marks: Path) -> None:
    items = LaunchClient(api_key=None).get_model_bundle("streams").stream(n=COUNT, marks=str(marks), size=SIZE)
    assert len(next(items)) == SIZE
    assert at_rest(lambda: count(marks)) < COUNT / 2, "30 MB would have been made"
    assert sum(1 for _ in items) == COUNT - 1
    assert ended(marks)


def test_the_command_prints_a_thousand_items_in_order_and_an_error_after_those_before_it(marks: Path) -> None:
    request = {"n": 1000, "marks": str(marks)}
    done = CliRunner().invoke(cli, ["predict", "streams", json.dumps(request), "--stream"])
    assert (done.exit_code, done.stdout.split()) == (0, [str(number) for number in range(1000)])
    failed = CliRunner().invoke(cli, ["predict", "streams", json.dumps({**request, "fail_at": 500}), "--stream"])
    assert failed.exit_code == 1
    assert failed.stdout.split() == [str(number) for number in range(500)]
    assert "PredictFailed: ValueError: no more" in failed.stderr


def test_the_command_waits_for_its_reader_and_ends_the_function_when_that_leaves(marks: Path) -> None:
    request = json.dumps({"n": 10**9, "marks": str(marks), "size": SIZE})
    command = [sys.executable, "-m", "launch.cli", "predict", "streams", request, "--stream"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert len(process.stdout.readline()) == SIZE + 3
        assert at_rest(lambda: count(marks)) < COUNT / 2, "the pipe is full"
        process.stdout.close()
        wait_for("the generator's end", lambda: ended(marks), 60)
        process.wait(60)
        assert b"Traceback" not in process.stderr.read()
