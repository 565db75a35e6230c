"""Where the calls of these tests go to when they need no cluster."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tools.testkit.stand_in_api import StandIn


@dataclass(frozen=True)
class World:
    """Where a call goes to, and what it left there."""

    client: Any
    api: StandIn
    directory: Path
    artifacts: Path

    def left(self) -> list[str]:
        """What was created in the cluster and what lies in the store."""
        objects = [f"{made['kind']} {made['metadata']['name']}" for made in self.api.created]
        return objects + [str(path) for path in self.artifacts.rglob("*") if path.is_file()]
