"""Variables that libraries read once, when they are imported: set here unless the image or the bundle has set them."""

from __future__ import annotations

import os

THREADS = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")


def set_threads() -> None:
    """As many as the bundle asks for CPUs: a library counts those of the node. One that has no variable of its own, or
    finds it unset, goes by OMP_NUM_THREADS; so where that is set the others are left to follow it."""
    cpus = os.environ.get("MODELBUNDLE_CPUS")
    if not cpus or "OMP_NUM_THREADS" in os.environ:
        return
    for name in THREADS:
        os.environ.setdefault(name, cpus)


def set_caches() -> None:
    """What torch.compile makes takes minutes, and lies in TMPDIR otherwise, which is cleared before each start. Other
    caches (TORCH_HOME, HF_HOME, TRITON_CACHE_DIR) are below XDG_CACHE_HOME or HOME by themselves."""
    if os.environ.get("MODELBUNDLE_CLEAR_TMP") == "1":
        caches = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
        os.environ.setdefault("TORCHINDUCTOR_CACHE_DIR", os.path.join(caches, "torchinductor"))
