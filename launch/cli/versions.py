"""The versions of one bundle that `modelbundle serve` serves one after the other: one, or with --reload one for each
change of its files. While the next is packed the one before answers; what cannot be packed or loaded is said, and the
next change is waited for."""

from __future__ import annotations

import contextlib
import os
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, Callable, Dict, Iterable, Iterator, List, Optional, Tuple

from launch.api.interruption import held, raise_lost
from launch.bundle.manifest import ManifestError, checked, dump, one_of, read_bundle
from launch.cli.packed_source import in_one_file, packed_source
from launch.cli.source_word import source_of
from launch.errors import LaunchError
from launch.local.local_serving import ServingError, absolute_uri
from launch.local.reaper import ProcessReaper

Say = Callable[[str], None]
Stamps = Dict[Path, Tuple[int, int]]

LOOK_SECONDS = 0.2
KEPT = "bundle.yaml"


class Versions:
    """Each is a manifest and the directory that its paths count from; a context manager, as packed code lies in a
    temporary directory. `create` is the command for a cluster, where code was packed."""

    def __init__(self, word: str, image: str, type_hints: bool, reload: bool, keep: Optional[Path], say: Say) -> None:
        self.word, self.image, self.type_hints, self.reload, self.say = word, image, type_hints, reload, say
        self.source, self.keep, self.create = source_of(word), keep, ""
        if self.source is not None and self.source.is_folder:
            if (self.source.directory / KEPT).is_file():
                self.word, self.source = str(self.source.directory / KEPT), None  # what --keep wrote
            else:
                self.source = in_one_file(self.source)
        self._temporary: Optional[Tuple[ProcessReaper, Path]] = None
        self._files: List[Path] = []
        self._stamps: Stamps = {}
        self._next: Optional[Tuple[Dict[str, Any], Path]] = None

    def __enter__(self) -> Versions:
        return self

    def __exit__(self, *_: object) -> None:
        if self._temporary is not None:
            with held():
                self._temporary[0].end()

    def __iter__(self) -> Iterator[Tuple[Dict[str, Any], Path]]:
        self._next = self._read()
        while self._next is not None:
            version, self._next = self._next, None
            yield version

    def wait(self, check: Callable[[], None]) -> None:
        """Until there is another version, without --reload for ever; `check` raises what ends the waiting."""
        while True:
            raise_lost()
            check()
            time.sleep(LOOK_SECONDS)
            if not self.reload or stamps(self._files) == self._stamps:
                continue
            try:
                self._next = self._read()
            except (LaunchError, OSError) as error:
                self.say(f"Error: {error}\nwaiting for the next change")
            else:
                return

    @contextlib.contextmanager
    def survived(self) -> Iterator[None]:
        """With --reload, what cannot be served is said, and the next version waited for."""
        try:
            yield
        except ServingError as error:
            if not self.reload:
                raise
            self.say(f"Error: {error}\nwaiting for the next change")
            self.wait(lambda: None)

    def _read(self) -> Tuple[Dict[str, Any], Path]:
        started = time.monotonic()
        if self.source is None:
            return self._bundle_file()
        self._files = self._files or ([Path(self.source.path)] if self.source.path else [])
        self._stamps = stamps(self._files)
        packed = packed_source(self.source, self._store(), self.image, self.type_hints, self.say)
        self._files, self._stamps, self.create = packed.files, stamps(packed.files), packed.create
        self.say(f"packed in {time.monotonic() - started:.2f} s as {packed.manifest['metadata']['name']}")
        if self.keep is not None:
            file = self.keep / KEPT
            file.write_text(dump(packed.manifest), encoding="utf-8")
            self.say(f"the bundle is in {file}")
        return packed.manifest, Path.cwd()

    def _store(self) -> Path:
        """Where artifacts go: the directory that was named, else one that is gone when this ends, however it does."""
        if self.keep is not None:
            self.keep.mkdir(parents=True, exist_ok=True)
            return self.keep.resolve()
        if self._temporary is None:
            with held():
                reaper, directory = ProcessReaper(), Path(tempfile.mkdtemp(prefix="modelbundle-packed-")).resolve()
                self._temporary = reaper, directory
                reaper.remove_at_end(str(directory))
        return self._temporary[1]

    def _bundle_file(self) -> Tuple[Dict[str, Any], Path]:
        if self.word == "-":
            return checked(one_of(sys.stdin.read(), "standard input"), "standard input"), Path.cwd()
        file = Path(self.word)
        if file.is_file() and self.word.endswith((".pkl", ".zip")):
            raise ManifestError(f"{file} is an artifact: give the bundle's YAML, whose artifact.uri may be its path")
        self._files = [file]
        self._stamps = stamps(self._files)
        manifest, directory = read_bundle(file), file.resolve().parent
        artifact = Path(absolute_uri(manifest["spec"]["bundle"]["artifact"]["uri"], directory))
        self._files += [artifact] if artifact.is_file() else []
        self._stamps = stamps(self._files)
        return manifest, directory


def stamps(files: Iterable[Path]) -> Stamps:
    """When each file was changed, and its size; one that is not there has none."""
    found: Stamps = {}
    for file in files:
        with contextlib.suppress(OSError):
            status = os.stat(file)  # noqa: PTH116 - of many files, five times a second
            found[file] = status.st_mtime_ns, status.st_size
    return found
