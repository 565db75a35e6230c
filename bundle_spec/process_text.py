"""The texts of a bundle that become a process's environment and arguments, which end where a NUL stands.

No container starts with one, however often the kubelet tries. Pure, and Python 3.8+.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Tuple


def check_process_text(fields: Mapping[str, Any]) -> None:
    """ValueError with the path of the first such text in these fields of spec.bundle that holds a NUL."""
    for path, text in _texts(fields):
        at = text.find("\0")
        if at >= 0:
            raise ValueError(
                f"{path} has a NUL at character {at + 1}, and no process can be given one: remove or encode it"
            )


def _texts(fields: Mapping[str, Any]) -> Iterator[Tuple[str, str]]:
    yield "$.artifact.uri", (fields.get("artifact") or {}).get("uri") or ""
    for index, entry in enumerate(fields.get("env") or []):
        yield f"$.env[{index}].name", entry["name"]
        yield f"$.env[{index}].value", entry.get("value") or ""
