"""Artifacts in a directory of this machine: for `modelbundle serve` and tests; no pod can read them."""

from __future__ import annotations

import hashlib
import os
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import Iterator
from urllib.parse import unquote, urlsplit

from launch.errors import StoreError
from launch.stores.artifact import CHUNK, Packed
from launch.stores.artifact import packed as measured
from launch.stores.content_key import check_unchanged, content_key
from launch.stores.transfer_progress import transfer_progress


class DirectoryStore:
    """Artifacts as files below a directory; StoreError when it cannot be used."""

    def __init__(self, uri: str) -> None:
        path = uri
        if uri.lower().startswith("file:"):
            parts = urlsplit(uri)
            if parts.netloc not in ("", "localhost"):
                raise StoreError(f"{uri} names another machine ({parts.netloc}): write file:///DIRECTORY.")
            path = unquote(parts.path)
        self.directory = Path(os.path.abspath(os.path.expanduser(path)))  # noqa: PTH100, PTH111 - a link stays a link

    def check(self) -> None:
        """Without making anything: the nearest directory that exists has to take a new entry."""
        nearest = self.directory
        while not nearest.exists() and nearest != nearest.parent:
            nearest = nearest.parent
        if not nearest.is_dir():
            raise StoreError(f"the artifact store {self.directory} cannot be made: {nearest} is a file.")
        if not os.access(nearest, os.W_OK | os.X_OK, effective_ids=os.access in os.supports_effective_ids):
            raise StoreError(
                f"the artifact store {self.directory} is read-only for you: {nearest} takes no new file. Change its "
                "permissions, or name another directory in LAUNCH_ARTIFACT_URI."
            )

    def uri_of(self, packed: Packed) -> str:
        """The file: URI under which it will be, or is."""
        return self._path_of(packed).as_uri()

    def put(self, packed: Packed, progress: bool = True) -> bool:
        """Copy it there; False when the same content is there already."""
        check_unchanged(packed)
        target = self._path_of(packed)
        with self._errors(target):
            if target.is_file() and measured(target, packed.packaging).sha256 == packed.sha256:
                return False
            target.parent.mkdir(parents=True, exist_ok=True)
            self._copy(packed, target, progress)
        return True

    def remove(self, uri: str) -> bool:
        """Delete the file of this URI; StoreError when it is not of this store."""
        target = Path(unquote(urlsplit(uri).path))
        if not uri.startswith("file:") or self.directory not in target.parents or ".." in target.parts:
            raise StoreError(f"{uri} is not in the artifact store {self.directory}; nothing was removed.")
        with self._errors(target):
            if target.exists():
                target.unlink()
        return True

    def content(self, uri: str) -> bytes:
        """The file of this URI, whole: for small ones."""
        target = Path(unquote(urlsplit(uri).path))
        with self._errors(target):
            return target.read_bytes()

    def _path_of(self, packed: Packed) -> Path:
        return self.directory / content_key(packed)

    def _copy(self, packed: Packed, target: Path, progress: bool) -> None:
        """Under another name first, so that a reader who finds the file finds all of it."""
        sha256 = hashlib.sha256()
        with tempfile.TemporaryDirectory(prefix=".new-", dir=self.directory) as scratch:
            new = Path(scratch) / target.name
            with packed.path.open("rb") as source, new.open("wb") as copy:
                with transfer_progress(packed.size, "storing", progress) as advance:
                    while block := source.read(CHUNK):
                        sha256.update(block)
                        advance(copy.write(block))
                copy.flush()
                os.fsync(copy.fileno())
            if sha256.hexdigest() != packed.sha256:
                raise StoreError(f"{packed.path} changed after it was packed. Create the bundle again.")
            new.replace(target)

    @contextmanager
    def _errors(self, target: Path) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise StoreError(
                f"the artifact store {self.directory} refuses {target.name}: {error.strerror}. Free its disk or change "
                "its permissions, or name another directory in LAUNCH_ARTIFACT_URI."
            ) from error
