"""A project of a test's own in the package index of the local cluster: nothing else installs it, and it can go away."""

from __future__ import annotations

import os
import uuid
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tools.local_cluster import wheelhouse
from tools.testkit.distributions import wheel

needs_local_index = pytest.mark.skipif(
    bool(os.environ.get("CLUSTER")), reason="puts a project into the package index: needs that of the local cluster"
)


class Project:
    """Its module says which version it is."""

    def __init__(self) -> None:
        self.name = f"project{uuid.uuid4().hex[:8]}"
        self._wheels: list[Path] = []

    def publish(self, version: str = "1.0") -> str:
        """The project's name, which the index has in this version from here on."""
        self._wheels.append(wheel(wheelhouse.build(), self.name, version))
        return self.name

    def replace(self) -> None:
        """Another file lies there under the same version."""
        with zipfile.ZipFile(self._wheels[-1], "a") as archive:
            archive.writestr(f"{self.name}/other.py", "")

    def withdraw(self) -> None:
        """The index knows it no more: what asks for it from here on fails."""
        while self._wheels:
            self._wheels.pop().unlink()


@contextmanager
def published() -> Iterator[Project]:
    """One that is in the index, and is not any more behind the block."""
    project = Project()
    project.publish()
    yield project
    project.withdraw()
