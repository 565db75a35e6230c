"""``python -m tests.serving.each_python``: the tests of server and worker, with the worker under each Python in turn.

What `make test` runs is the worker under the tests' own Python, and test_pythons.py for the others: all of it under all
of them takes ten minutes.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys

from tools.testkit.environments import python_with
from tools.testkit.pythons import VERSIONS

PACKAGES = ("numpy", "opentelemetry-api", "prometheus-client")  # what the tests' bundles import where they are


def main() -> int:
    words = sys.argv[1:]
    said: dict[str, str] = {}
    failed = False
    for version in VERSIONS:
        python = python_with(version, *PACKAGES)
        full = subprocess.run([python, "-V"], capture_output=True, text=True, check=True).stdout.split()[1]
        print(f"== the worker under CPython {full}", flush=True)
        command = [sys.executable, "-m", "pytest", "-q", "-n", "2", "-p", "no:cacheprovider", "tests/serving", *words]
        with subprocess.Popen(
            command, env={**os.environ, "WORKER_PYTHON": str(python)}, stdout=subprocess.PIPE, text=True
        ) as tests:
            assert tests.stdout is not None
            last = ""
            for line in tests.stdout:
                print(line, end="", flush=True)
                last = line.strip() if re.search(r"\d+ (passed|failed|error)", line) else last
        failed |= tests.returncode != 0
        said[full] = last.strip("= ")
    print("\n".join(f"CPython {version}: {result}" for version, result in said.items()))
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
