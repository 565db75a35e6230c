"""prepare's memory does not grow with what it fetches: an artifact of 5 GiB, in `make soak` (MODELBUNDLE_SOAK=1)."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bundle_runtime.contract.layout import Layout
from bundle_spec.document import digest
from tools.testkit.artifact_stores import running_s3
from tools.testkit.soak import in_soak

GIB = 1 << 30
BYTES = 5 * GIB
MOST_MIB = 150
# what a process and those that it started have had at most, each for itself
MEASURED = """
import resource, subprocess, sys
done = subprocess.run(sys.argv[1:], check=False)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss >> 10)
sys.exit(done.returncode)
"""
pytestmark = [
    in_soak("writes and hashes 5 GiB"),
    pytest.mark.timeout(900),
]


@pytest.fixture
def store(tmp_path: Path) -> Iterator[dict[str, str]]:
    """With one object of zeros, which takes no room on this disk."""
    with running_s3(tmp_path / "s3") as environment:
        with (tmp_path / "s3/data/models/large.pkl").open("wb") as file:
            file.truncate(BYTES)
        yield environment
    shutil.rmtree(tmp_path)  # pytest would keep what the last runs wrote


def sha256_of_zeros() -> str:
    found, block = hashlib.sha256(), bytes(1 << 20)
    for _ in range(BYTES >> 20):
        found.update(block)
    return found.hexdigest()


def test_five_gib_take_no_more_memory_than_a_small_pod_has(tmp_path: Path, store: dict[str, str]) -> None:
    layout = Layout(str(tmp_path / "root"))
    artifact: dict[str, Any] = {"packaging": "cloudpickle", "sha256": sha256_of_zeros(), "pythonVersion": "3.12"}
    content = json.dumps({"schemaVersion": 1, "artifact": artifact, "requestSchema": {"type": "object"}}).encode()
    config = Path(layout.config_file)
    config.parent.mkdir(parents=True)
    config.write_bytes(content)
    environment = {"MODELBUNDLE_ROOT": layout.root, "MODELBUNDLE_DIGEST": digest(content), "PATH": os.environ["PATH"]}
    prepare = [sys.executable, "-m", "bundle_runtime.prepare", "--uri", "s3://models/large.pkl"]
    done = subprocess.run(
        [sys.executable, "-c", MEASURED, *prepare],
        env={**environment, **store},
        cwd=Path(__file__).resolve().parents[3],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert Path(layout.pickle_file).stat().st_size == BYTES
    most = int(done.stdout.split()[-1])
    print(f"{BYTES >> 30} GiB: {most} MiB at most")
    assert most <= MOST_MIB
