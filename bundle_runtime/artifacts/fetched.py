"""What a store gives, however it was fetched."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Fetched:
    """``bytes`` is the size; ``sha256`` in hex; ``seconds`` by phase: download, verify."""

    bytes: int
    sha256: str
    seconds: dict[str, float]
