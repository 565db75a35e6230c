"""What takes minutes is tried by `make soak`, which sets MODELBUNDLE_SOAK=1, and by nothing else."""

from __future__ import annotations

import os

import pytest

SOAK = bool(os.environ.get("MODELBUNDLE_SOAK"))


def in_soak(why: str) -> pytest.MarkDecorator:
    """Skips a test elsewhere; `why` is what takes so long."""
    return pytest.mark.skipif(not SOAK, reason=f"{why}: make soak (MODELBUNDLE_SOAK=1)")
