"""A project of a test's own in the package index of the local cluster: nothing else installs it, and it can go away."""

from __future__ import annotations

import uuid
from pathlib import Path

from tools.local_cluster import wheelhouse
from tools.testkit.package_index import wheel


class Project:
    """Its module says which version it is."""

    def __init__(self) -> None:
        self.name = f"project{uuid.uuid4().hex[:8]}"
        self._wheels: list[Path] = []

    def publish(self, version: str = "1.0") -> str:
        """The project's name, which the index has in this version from here on."""
        self._wheels.append(wheel(wheelhouse.build(), self.name, version))
        return self.name

    def withdraw(self) -> None:
        """The index knows it no more: what asks for it from here on fails."""
        while self._wheels:
            self._wheels.pop().unlink()
