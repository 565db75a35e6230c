"""A packed bundle as it lies on this machine before it is uploaded: what the manifest has to say about it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Dict, Optional

from launch.stores.transfer_progress import transfer_progress

CHUNK = 1 << 20
SUFFIXES = {"cloudpickle": ".pkl", "zip": ".zip"}


@dataclass(frozen=True)
class Packed:
    """`size` is in bytes; python_version (major.minor) and cloudpickle_version are those that wrote the pickle."""

    path: Path
    packaging: str
    sha256: str
    size: int
    python_version: Optional[str] = None
    cloudpickle_version: Optional[str] = None

    def artifact(self, uri: str) -> Dict[str, Any]:
        """spec.bundle.artifact of a bundle that has it."""
        fields = {
            "uri": uri,
            "sha256": self.sha256,
            "packaging": self.packaging,
            "pythonVersion": self.python_version,
            "cloudpickleVersion": self.cloudpickle_version,
        }
        return {name: value for name, value in fields.items() if value is not None}


def packed(
    path: Path, packaging: str, python_version: Optional[str] = None, cloudpickle_version: Optional[str] = None
) -> Packed:
    """The file measured and hashed."""
    sha256, size = hashlib.sha256(), 0
    with path.open("rb") as file, transfer_progress(path.stat().st_size, "hashing") as advance:
        while block := file.read(CHUNK):
            sha256.update(block)
            size += len(block)
            advance(len(block))
    return Packed(path, packaging, sha256.hexdigest(), size, python_version, cloudpickle_version)
