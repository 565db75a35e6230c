"""The page's facts out of the directory of local bundles: what LAUNCH_ENDPOINT=local has in place of a cluster.

A bundle is served by this command from the first request that the page sends to it, and until the command ends.
"""

from __future__ import annotations

import os
import threading
import time
from pathlib import Path
from typing import Any, Dict, Iterator, List, Mapping, Optional, Set, Tuple

from bundle_spec.names import ENDPOINT_PLURAL, PLURAL
from launch.errors import APIError
from launch.local.connection import LocalConnection, local_directory
from launch.ui.actions import Answered
from launch.ui.cluster_source import LOG_LINES, PREDICT_SECONDS
from launch.ui.rows import row_of
from launch.ui.watching import Change, Listed

LOOK_SECONDS = 1.0
CONTAINERS = ("install", "worker", "server")

Signature = List[Tuple[str, int, int]]


class LocalSource:
    """`namespace` None is every one that there is; each is a directory."""

    narrowed = ""

    def __init__(self, namespace: Optional[str]) -> None:
        self.namespace = namespace
        self._root = local_directory() / "objects"
        self._connections: Dict[str, LocalConnection] = {}
        self._asked: Set[Tuple[str, str]] = set()  # bundles that this command serves
        self._lock = threading.Lock()

    @property
    def where(self) -> str:
        """The directory."""
        return f"this machine, {self._root}"

    def follow(self, plural: str, most: int) -> Iterator[Change]:
        """All rows, and again whenever a file has changed."""
        before: Optional[Signature] = None
        while True:
            now = self._signature()  # of both kinds: an endpoint's status is that of its bundle
            if now != before:
                rows = [row_of(plural, item) for name in self._namespaces() for item in self._of(name).list(plural)]
                yield Listed(rows[:most], complete=len(rows) <= most)
                before = now
            yield None
            time.sleep(LOOK_SECONDS)

    def get(self, plural: str, namespace: str, name: str) -> Dict[str, Any]:
        """The object."""
        return self._of(namespace).get(name, plural)

    def pods(self, namespace: str, bundle: str) -> List[Dict[str, Any]]:
        """The processes of this command that serve the bundle, in the shape of a pod."""
        if (namespace, bundle) not in self._asked:
            return []
        states = [{"name": name, "ready": name != "install", "state": {"running": {}}} for name in CONTAINERS]
        return [{"metadata": {"name": bundle}, "status": {"phase": "Running", "containerStatuses": states}}]

    def events(self, namespace: str, kind: str, name: str) -> List[Dict[str, Any]]:
        """There are none without a cluster."""
        return []

    def children(self, namespace: str, bundle: str) -> List[Dict[str, Any]]:
        """There are none without a cluster."""
        return []

    def family(self, namespace: str, root: str, name: str, most: int) -> List[Dict[str, Any]]:
        """All bundles of the directory; the family is found among them."""
        return self._of(namespace).list(PLURAL)

    def log(self, namespace: str, pod: str, container: str, previous: bool) -> str:
        """The last lines of the process of this name."""
        return self._of(namespace).logs(pod, container, LOG_LINES)

    def predict(self, namespace: str, service: str, body: bytes, most: int) -> Answered:
        """By processes of this command, which are started where they are not there."""
        connection = self._of(namespace)
        status, headers, content = connection.post(service, body, PREDICT_SECONDS)
        try:
            bundle = str(connection.get(service, ENDPOINT_PLURAL)["spec"]["bundle"])
        except APIError:
            bundle = service
        self._asked.add((namespace, bundle))
        return Answered(status, headers.get("x-modelbundle-digest", ""), content)

    def patch(self, plural: str, namespace: str, name: str, change: Mapping[str, Any]) -> Dict[str, Any]:
        """The object after a merge patch."""
        return self._of(namespace).patch(name, change, plural)

    def _of(self, namespace: str) -> LocalConnection:
        if namespace not in self._namespaces():
            raise APIError(404, f"there is no namespace {namespace} in {self._root}", "NotFound")
        with self._lock:
            return self._connections.setdefault(namespace, LocalConnection(namespace))

    def _namespaces(self) -> List[str]:
        if self.namespace is not None:
            return [self.namespace]
        return sorted(entry.name for entry in _directories(self._root))

    def _signature(self) -> Signature:
        """Of each file its path, size and time."""
        found = []
        for name in self._namespaces():
            for plural in (PLURAL, ENDPOINT_PLURAL):
                for file in (self._root / name / plural).glob("*.json"):
                    try:
                        status = file.stat()
                    except OSError:  # deleted meanwhile
                        continue
                    found.append((str(file), status.st_size, status.st_mtime_ns))
        return sorted(found)


def _directories(root: Path) -> "List[os.DirEntry[str]]":
    try:
        with os.scandir(root) as entries:
            return [entry for entry in entries if entry.is_dir() and not entry.name.startswith(".")]
    except OSError:  # nothing was ever made
        return []
