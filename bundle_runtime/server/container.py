"""What the container gives this process: memory, which the budgets of memory.py are a part of, and open files."""

from __future__ import annotations

import os
import resource
from pathlib import Path

# v2 mounts a container's own group at the root, v1 the memory controller's
CGROUP_FILES = ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes")
OPEN_FILES_MAX = 1024 * 1024  # where nothing is limited
# where nothing is limited: what a pod's server has (docs/reference/pod-contract.md)
DEFAULT_MEMORY_LIMIT_BYTES = 1024 * 1024 * 1024


def memory_limit(files: tuple[str, ...] = CGROUP_FILES) -> int:
    """In bytes. A limit above what the machine has is none."""
    for file in files:
        try:
            text = Path(file).read_text().strip()
        except OSError:
            continue
        if text.isdecimal() and 0 < int(text) < _machine():
            return int(text)
    return DEFAULT_MEMORY_LIMIT_BYTES


def raise_open_files() -> int:
    """How many files this process may have open, once it is as many as it may set by itself."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != hard:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return OPEN_FILES_MAX if hard == resource.RLIM_INFINITY else hard


def _machine() -> int:
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
