"""Keeps freed memory for the next request instead of giving it back to the kernel.

By default glibc returns large blocks as they are freed, so every copy of a large body costs a page fault for each of
its pages: half the CPU time of a 10 MB request. The price is up to KEPT_MAX_BYTES that
an idle process holds on to.
"""

from __future__ import annotations

import os

KEPT_MAX_BYTES = 64 * 1024 * 1024
MMAP_THRESHOLD_BYTES = 32 * 1024 * 1024  # a block above this is the kernel's at once; the most that glibc takes here
_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3  # mallopt(3)


def keep_freed_memory() -> None:
    """Nothing where the user has settings of their own, or where the C library has no mallopt()."""
    if any(name.startswith("MALLOC_") or name == "GLIBC_TUNABLES" for name in os.environ):
        return
    try:
        import ctypes

        mallopt = ctypes.CDLL(None).mallopt
    except (ImportError, AttributeError, OSError, TypeError):
        return
    mallopt(_TRIM_THRESHOLD, KEPT_MAX_BYTES)
    mallopt(_MMAP_THRESHOLD, MMAP_THRESHOLD_BYTES)
