"""The layer of a pod's requirements, fetched beside its artifact: another thread, and never a reason to fail.

It is verified before it is unpacked, and unpacked beside its place and renamed into it, so what a worker imports from
is complete. Whatever goes wrong is told in the report; the pod then installs its requirements itself.
"""

from __future__ import annotations

import contextlib
import json
import shutil
import threading
import time
import traceback
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bundle_runtime.artifacts.retry import DISK_FULL_ERRNOS, disk_full, need_room, shown
from bundle_runtime.contract.layer import (
    BROKEN,
    DENIED,
    MISMATCH,
    NOT_FOUND,
    UNREACHABLE,
    LayerReference,
    read_reference,
    same_bucket,
)
from bundle_runtime.contract.layout import Layout
from bundle_runtime.contract.report import (
    ARTIFACT_DIGEST_MISMATCH,
    ARTIFACT_NOT_FOUND,
    STORE_ACCESS_DENIED,
    STORE_UNREACHABLE,
    RuntimeFailure,
    fail,
)
from bundle_runtime.layers.members import LayerError
from bundle_runtime.layers.unpack import unpack
from bundle_spec.document import BundleDocument

WAIT_SECONDS = 600.0  # once the artifact is there: an installation takes minutes too
ROOM_CHECKED_EVERY_BYTES = 256 << 20
_WHY = {
    ARTIFACT_NOT_FOUND: NOT_FOUND,
    ARTIFACT_DIGEST_MISMATCH: MISMATCH,
    STORE_ACCESS_DENIED: DENIED,
    STORE_UNREACHABLE: UNREACHABLE,
}


@dataclass
class Fetching:
    """What is known of the layer so far; the thread writes it."""

    ends: dict[str, float] = field(default_factory=dict)  # of each phase
    failure: dict[str, str] | None = None
    given_up: bool = False
    thread: threading.Thread | None = None
    sha256: str = ""  # of the layer that is spoken of
    partial: tuple[Path, ...] = ()  # what is half done lies there
    mark: Path | None = None  # there while it is fetched, so that a run that is killed for it is the only one

    def fail(self, why: str, message: str) -> None:
        self.failure = {"why": why, "message": message, **({"sha256": self.sha256} if self.sha256 else {})}
        print(f"no layer of the requirements ({why}): {message}; install does its work", flush=True)

    def wait(self) -> tuple[dict[str, float], dict[str, Any]]:
        """The seconds of each phase that went by in here, behind the artifact; and what the report says."""
        since = time.monotonic()
        if self.thread is not None:
            self.thread.join(WAIT_SECONDS)
            if self.thread.is_alive():
                self.given_up = True
                self.fail(UNREACHABLE, f"it was not there {WAIT_SECONDS:.0f} s after the artifact")
        seconds, at = {}, since
        for phase, end in list(self.ends.items()):
            seconds[phase] = max(end - at, 0.0)
            at = max(end, at)
        return seconds, {"layerFailed": self.failure} if self.failure else {}

    def end(self) -> None:
        """The process was not killed. No later run clears what one that gave up leaves, and install needs the room."""
        if self.given_up:
            self.clear()
        if self.mark is not None:
            self.mark.unlink(missing_ok=True)

    def clear(self) -> None:
        with contextlib.suppress(OSError):
            _clear(*self.partial)


def begin_layer(layout: Layout, document: BundleDocument, artifact_uri: str, most: int | None = None) -> Fetching:
    """Begin to fetch, where the pod has requirements, a place for a layer, and the reference of one.

    `most` is what the packed file and what is in it may take together.
    """
    fetching = Fetching()
    if not document.get("requirements") or not Path(layout.layer_volume).is_dir():
        return fetching
    try:
        reference = read_reference(layout.layer_reference_file)
    except (OSError, ValueError) as error:
        fetching.fail(UNREACHABLE, str(error))
        return fetching
    if reference is None or _is_there(layout, reference):
        return fetching
    fetching.sha256, fetching.partial = reference.sha256, _partial(layout)
    if not same_bucket(reference.uri, artifact_uri):
        fetching.fail(UNREACHABLE, f"{shown(reference.uri)} is in another bucket than the artifact")
        return fetching
    mark = Path(layout.layer_volume, "fetching")
    if mark.exists():
        fetching.clear()
        fetching.fail(
            UNREACHABLE,
            "an earlier run of prepare was killed while it fetched the layer, as for want of memory: "
            "serving.prepareResources.memory is what it has",
        )
        return fetching
    fetching.mark = mark
    fetching.thread = threading.Thread(target=_run, args=(fetching, layout, reference, most), daemon=True)
    try:
        mark.touch()
        fetching.thread.start()
    except (OSError, RuntimeError) as error:  # the node allows no more threads
        fetching.thread = None
        fetching.fail(UNREACHABLE, f"it could not be begun: {error}")
    return fetching


def _run(fetching: Fetching, layout: Layout, reference: LayerReference, most: int | None) -> None:
    packed, partial = _partial(layout)
    try:
        _clear(packed, partial, Path(layout.layer_mark_file), Path(layout.layer_dir))
        _fetch(fetching, reference, packed, most)
        fetching.ends["layerDownload"] = time.monotonic()
        unpack(packed, partial, _bound(fetching, reference, packed.parent, most))
        Path(layout.layer_mark_file).write_text(json.dumps(reference.as_dict()))
        partial.rename(layout.layer_dir)
    except LayerError as error:
        fetching.fail(BROKEN, f"{shown(reference.uri)} was not unpacked: {error}")
    except RuntimeFailure as failure:
        if not fetching.given_up:
            fetching.fail(_WHY.get(failure.reason, UNREACHABLE), _words(failure, reference))
    except OSError as error:
        full = error.errno in DISK_FULL_ERRNOS
        said = disk_full(packed.parent, error).message if full else f"cannot write below {packed.parent}: {error}"
        fetching.fail(UNREACHABLE, said)
    except Exception as error:  # of nothing that is known: the pod starts all the same
        traceback.print_exc()
        fetching.fail(UNREACHABLE, f"{type(error).__name__}: {error}")
    finally:
        _clear(packed, partial)
        fetching.end()
        fetching.ends["layerUnpack" if "layerDownload" in fetching.ends else "layerDownload"] = time.monotonic()


def _fetch(fetching: Fetching, reference: LayerReference, packed: Path, most: int | None) -> None:
    from bundle_runtime.artifacts.s3 import fetch_s3  # botocore takes a third of a second to import

    _bound(fetching, reference, packed.parent, most)(0)
    fetched = fetch_s3(reference.uri, packed, reference.bytes)
    if fetched.sha256 != reference.sha256:
        raise fail(
            ARTIFACT_DIGEST_MISMATCH,
            f"{shown(reference.uri)} has sha256 {fetched.sha256} and not {reference.sha256}: it was overwritten",
        )


def _words(failure: RuntimeFailure, reference: LayerReference) -> str:
    """Of what is the artifact's too, the words are about an artifact."""
    if failure.reason == ARTIFACT_NOT_FOUND:
        return f"{shown(reference.uri)} is not in the store any more"
    return failure.message


def _bound(fetching: Fetching, reference: LayerReference, volume: Path, most: int | None) -> Any:
    looked_at = -1

    def heed(written: int) -> None:
        """A pod whose volume outgrows its limit is evicted, and one that fills the node's disk evicts others."""
        nonlocal looked_at
        if fetching.given_up:
            raise fail(STORE_UNREACHABLE, "it is not waited for any more")
        if most is not None and reference.bytes + written > most:
            raise fail(
                STORE_UNREACHABLE,
                f"packed it has {reference.bytes} bytes, and unpacked {written} or more: together more than the {most} "
                "of serving.sizeLimits.requirements",
            )
        if written // ROOM_CHECKED_EVERY_BYTES != looked_at:
            looked_at = written // ROOM_CHECKED_EVERY_BYTES
            need_room(volume, ROOM_CHECKED_EVERY_BYTES if written else 0, "the layer of the requirements")

    return heed


def _is_there(layout: Layout, reference: LayerReference) -> bool:
    """Whether an earlier run of this pod has unpacked it."""
    try:
        mark = read_reference(layout.layer_mark_file)
    except (OSError, ValueError):
        return False
    return mark is not None and mark.sha256 == reference.sha256 and Path(layout.layer_dir).is_dir()


def _partial(layout: Layout) -> tuple[Path, Path]:
    """The packed file, and what is unpacked of it so far."""
    return Path(layout.layer_volume, "packed.partial"), Path(layout.layer_dir + ".partial")


def _clear(*paths: Path) -> None:
    for path in paths:
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)
