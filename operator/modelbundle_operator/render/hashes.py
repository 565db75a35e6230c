"""Hashes by which two bundles are known to need the same."""

import hashlib
import json
from typing import Any


def hash_of(inputs: dict[str, Any]) -> str:
    """sha256 of these values, whatever their order."""
    text = json.dumps(inputs, sort_keys=True, separators=(",", ":"))
    return f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"
