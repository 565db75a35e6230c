"""One text for equal values, and the hashes by which two bundles are known to need the same."""

import hashlib
import json
from typing import Any


def compact(value: Any) -> str:
    """The value as JSON, the same whatever the order of its names."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"))


def hash_of(inputs: dict[str, Any]) -> str:
    """sha256 of these values, whatever their order."""
    return f"sha256:{hashlib.sha256(compact(inputs).encode()).hexdigest()}"
