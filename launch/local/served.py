"""The bundles that this process serves, each by processes of its own that end with it."""

from __future__ import annotations

import atexit
import contextlib
import sys
import threading
from collections import deque
from pathlib import Path
from typing import Any, Deque, Dict, List, Mapping, Optional, Tuple

from bundle_spec.names import ConditionType
from launch.errors import BundleFailedError
from launch.local.local_serving import LocalServing, ServingError
from launch.local.ports import reserve
from launch.local.pythons import NoSuchPythonError
from launch.local.server_packages import is_too_old, missing_package

LINES = 10_000  # of its log

Key = Tuple[str, str]


class Served:
    """One bundle: `version` is that of what is served, `lines` is what its processes wrote."""

    def __init__(self, version: Any, manifest: Mapping[str, Any]) -> None:
        self.version = version
        self.lines: Deque[str] = deque(maxlen=LINES)
        self.serving = LocalServing(manifest, Path.cwd(), None, self.lines.append)
        try:
            port, keeps_port = reserve()
            with keeps_port:
                self.url = f"http://127.0.0.1:{port}"
                self.serving.prepare()
                self.serving.start(port)
                self.serving.wait_until_ready(self.url)
        except BaseException:
            self.end()
            raise

    def is_alive(self) -> bool:
        """Whether its processes are all there."""
        try:
            self.serving.check()
        except ServingError:
            return False
        return True

    def end(self) -> None:
        """Stop them, after what is in flight."""
        self.serving.__exit__()


_served: Dict[Key, Served] = {}
_one_at_a_time = threading.Lock()


def served(key: Key, version: Any, manifest: Mapping[str, Any]) -> Served:
    """The bundle served in this version, started where it is not; BundleFailedError says why it cannot be."""
    with _one_at_a_time:
        found = _served.get(key)
        if found is not None and found.version == version and found.is_alive():
            return found
        stop(key)
        _refuse_where_it_cannot(key[1])
        try:
            found = _served[key] = Served(version, manifest)
        except (ServingError, NoSuchPythonError, ValueError) as error:
            raise BundleFailedError(f"{key[1]} cannot be served here: {error}", ConditionType.STALLED.value) from None
        return found


def stop(key: Key) -> None:
    """Nothing happens where it is not served by this process."""
    found = _served.pop(key, None)
    if found is not None:
        found.end()


def log_of(key: Key, container: str) -> Optional[List[str]]:
    """The lines of one of its processes; None where it is not served by this process."""
    found = _served.get(key)
    start = f"[{container}] "
    return None if found is None else [line[len(start) :] for line in list(found.lines) if line.startswith(start)]


def _refuse_where_it_cannot(name: str) -> None:
    if is_too_old():
        this = "{}.{}".format(*sys.version_info[:2])
        raise BundleFailedError(
            f"{name} is served on this machine by CPython 3.11 or newer, and this is {this}: run the same code under "
            "one, with pip install 'model-bundles[client,runtime]'",
            "PythonTooOld",
        )
    package = missing_package()
    if package is not None:
        raise BundleFailedError(
            f"{name} cannot be served here without {package}: pip install 'model-bundles[client,runtime]'",
            "MissingPackage",
        )


@atexit.register
def _end_all() -> None:
    """In order; where this does not run, the reaper of each ends it."""
    for key in list(_served):
        with contextlib.suppress(Exception):
            stop(key)
