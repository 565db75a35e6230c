"""Where packed bundles go: S3, a directory for local work, or the original's hooks.

An artifact's address is made from its content, so the same bundle is stored once and an address never changes its
meaning.
"""

from __future__ import annotations

from typing import Optional, Protocol
from urllib.parse import urlsplit

from launch.errors import StoreError
from launch.stores.artifact import Packed
from launch.stores.directory_store import DirectoryStore
from launch.stores.hook_store import HookStore

__all__ = ["ArtifactStore", "HookStore", "store_at"]


class ArtifactStore(Protocol):
    """All stores raise StoreError, whose text says what to do."""

    def check(self) -> None:
        """That artifacts can be put here: asked before anything is packed or created."""

    def uri_of(self, packed: Packed) -> str:
        """Where the file is, or will be."""

    def put(self, packed: Packed, progress: bool = True) -> bool:
        """Store the file: True when it was sent now, False when it was there already."""

    def remove(self, uri: str) -> bool:
        """Remove what `put` sent; removing it again is fine. False when this store cannot remove."""


def store_at(
    uri: str,
    *,
    endpoint_url: Optional[str] = None,
    region: Optional[str] = None,
    addressing_style: Optional[str] = None,
) -> ArtifactStore:
    """The store at s3://BUCKET/PREFIX, file:///DIRECTORY or a plain path; nothing is asked of it yet.

    The others are for S3 and win over AWS_ENDPOINT_URL, AWS_REGION and AWS_S3_ADDRESSING_STYLE; the credentials are
    those of the usual AWS environment and files.
    """
    scheme = urlsplit(uri).scheme.lower() if "://" in uri else ""
    if scheme == "s3":
        from launch.stores.s3_store import S3Store  # boto3 takes a third of a second to import

        return S3Store(uri, endpoint_url, region, addressing_style)
    if scheme == "file" or (not scheme and uri.strip() and not uri.lower().startswith(("s3:", "file:"))):
        return DirectoryStore(uri)
    raise StoreError(
        f"{uri!r} is not an artifact store: write s3://BUCKET/PREFIX, or file:///DIRECTORY or a path for local work."
    )
