"""A large block that is freed and taken again costs no page faults."""

from __future__ import annotations

import subprocess
import sys

import pytest

PROGRAM = """
import resource
from bundle_runtime.contract import allocator

allocator.keep_freed_memory()
faults = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_minflt
def three():
    kept = [bytearray(10_000_000) for _ in range(3)]
three()
before = faults()
for _ in range(10):
    three()
print((faults() - before) // 10)
"""


def faults_each_time(**variables: str) -> int:
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True, env=variables)
    return int(done.stdout)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="a setting of glibc")
def test_freed_memory_is_kept() -> None:
    assert faults_each_time() < 1000


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="a setting of glibc")
def test_the_users_own_setting_is_left_alone() -> None:
    assert faults_each_time(MALLOC_MMAP_THRESHOLD_="65536") > 5000
