"""The name of an artifact in a store: its sha256, spread over 256 folders so that no listing grows without end."""

from __future__ import annotations

from launch.errors import StoreError
from launch.stores.artifact import SUFFIXES, Packed


def content_key(packed: Packed) -> str:
    """The key below the prefix: two hex digits, the sha256, and the ending of the packaging."""
    return f"{packed.sha256[:2]}/{packed.sha256}{SUFFIXES[packed.packaging]}"


def check_unchanged(packed: Packed) -> None:
    """A file that is not the one that was packed must not be stored under its name."""
    try:
        size = packed.path.stat().st_size
    except OSError as error:
        raise StoreError(f"cannot read the packed bundle {packed.path}: {error.strerror}. Create it again.") from error
    if size != packed.size:
        raise StoreError(
            f"{packed.path} had {packed.size} bytes when it was packed and has {size} now. Create the bundle again."
        )
