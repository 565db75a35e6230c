"""How much memory the container gives this process: what the budgets of memory.py are a part of."""

from __future__ import annotations

import os
from pathlib import Path

# v2 mounts a container's own group at the root, v1 the memory controller's
CGROUP_FILES = ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes")
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


def _machine() -> int:
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
