"""The client with the lowest versions of what it asks for: its own tests, run there. `make test` runs the newest."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tools.testkit.environments import distribution, python_with_client
from tools.testkit.page_blocks import ROOT

SERIES = "{}.{}".format(*sys.version_info[:2])
TOOLS = ("hypothesis>=6.100", "pydantic>=2.10", "pytest>=8.3", "pytest-asyncio>=0.24", "pytest-timeout>=2.3",
         "pytest-xdist>=3.8")  # fmt: skip
TESTS = (
    "tests/launch/cluster/test_api_key.py", "tests/launch/api/test_bad_calls.py",
    "tests/launch/cluster/test_credentials.py",
    "tests/launch/api/test_packing_order.py", "tests/launch/test_signatures.py", "tests/launch/cli/test_families.py",
    "tests/launch/cli/test_wait.py", "tests/launch/cluster/test_connection.py",
)  # fmt: skip


@pytest.mark.timeout(600)
def test_the_clients_tests_pass(tmp_path: Path) -> None:
    python = python_with_client(SERIES, *TOOLS, resolution="lowest-direct")
    ask = "from importlib.metadata import version as v; print(v('kubernetes'), v('boto3'), v('click'))"
    assert subprocess.check_output([python, "-c", ask], text=True).split() == ["30.1.0", "1.36.0", "8.1.0"]
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "MODELBUNDLE_TESTS_"))}
    done = subprocess.run(
        [python, "-m", "pytest", "-q", "-p", "no:cacheprovider", f"--basetemp={tmp_path / 'run'}", *TESTS],
        cwd=ROOT,
        env={**kept, "CLUSTER": "none", "PYTHONPATH": str(distribution(tmp_path))},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-8000:] + done.stderr[-2000:]
    assert re.search(r"^\d{3} passed", done.stdout, re.MULTILINE), done.stdout[-500:]
