"""LAUNCH_ENDPOINT=local: the client's cluster is a directory of this machine, and processes of it serve.

What the client asks of an API server is answered from files; a bundle is served by the process that asks it, as
`modelbundle serve` would, from its first request or `wait()` until the process ends. So the same code runs without a
cluster and with one.
"""

from __future__ import annotations

import getpass
import os
import time
from pathlib import Path
from typing import Any, Dict, Iterator, List, Mapping, NoReturn, Optional, Tuple

from bundle_spec.names import ENDPOINT_PLURAL, PLURAL, ConditionType, Reason
from launch.bundle.content import Content, content_of_manifest, content_of_object
from launch.cluster.connection import Connection
from launch.cluster.posting import Answer, Streamed, post_to_url, stream_from_url
from launch.errors import APIError, BundleFailedError
from launch.local.objects import Object, Objects
from launch.local.served import Served, log_of, served, stop

LOCAL = "local"  # what `endpoint` and LAUNCH_ENDPOINT are for it
LOOK_SECONDS = 0.2


def local_directory() -> Path:
    """Where everything lies: LAUNCH_LOCAL_DIR, else the user's data directory."""
    data = os.environ.get("XDG_DATA_HOME") or "~/.local/share"
    return Path(os.environ.get("LAUNCH_LOCAL_DIR") or Path(data, "model-bundles")).expanduser().resolve()


class LocalConnection(Connection):
    """A Connection to a directory; `artifact_uri` is where its artifacts go."""

    def __init__(self, namespace: Optional[str] = None) -> None:
        super().__init__(endpoint=LOCAL, namespace=namespace)
        self._objects = Objects(local_directory() / "objects", self._wanted or "default")
        self._failed: Dict[str, Tuple[Any, BundleFailedError]] = {}
        artifacts = local_directory() / "artifacts"
        artifacts.mkdir(parents=True, exist_ok=True)
        self.artifact_uri = artifacts.as_uri()

    def __repr__(self) -> str:
        return f"Connection(local, {self._objects.directory})"

    def place(self) -> NoReturn:
        """APIError: there is no API server."""
        raise APIError(0, "this needs a cluster, and endpoint, or LAUNCH_ENDPOINT, says local: leave it out")

    @property
    def namespace(self) -> str:
        """A directory of objects."""
        return self._objects.namespace

    def user(self) -> str:
        """The user of this machine."""
        try:
            return getpass.getuser()
        except (OSError, KeyError, ImportError):  # a user without a name
            return LOCAL

    def published(self) -> Dict[str, str]:
        """Nothing is published here."""
        return {}

    def get(self, name: str, plural: str = PLURAL) -> Dict[str, Any]:
        """The object with its status."""
        return self._with_status(plural, self._objects.get(plural, name))

    def list(self, plural: str = PLURAL, selector: str = "") -> List[Dict[str, Any]]:
        """All of the namespace."""
        return [self._with_status(plural, found) for found in self._objects.list(plural, selector)]

    def create(self, manifest: Mapping[str, Any], plural: str = PLURAL, dry_run: bool = False) -> Dict[str, Any]:
        """Keep the object; ContentError where it is not a bundle."""
        status: Dict[str, Any] = {}
        if plural == PLURAL:
            content = self._content(manifest)
            record = {"document": content.canonical.decode("utf-8"), "uri": content.fields["artifact"]["uri"]}
            status = {"digest": content.digest, "resolved": record}
        return self._with_status(plural, self._objects.create(plural, manifest, status, dry_run))

    def patch(self, name: str, change: Mapping[str, Any], plural: str = PLURAL) -> Dict[str, Any]:
        """Merge the change; a bundle that has no replicas any more is not served from then on."""
        changed = self._objects.patch(plural, name, change)
        if plural == PLURAL and not _replicas(changed):
            stop(self._place_of(name))
        return self._with_status(plural, changed)

    def delete(self, name: str, plural: str = PLURAL) -> None:
        """Remove the object, and end what serves it here."""
        self._objects.delete(plural, name)
        if plural == PLURAL:
            stop(self._place_of(name))

    def watch(self, plural: str, name: str, seconds: float) -> Iterator[Optional[Dict[str, Any]]]:
        """The object once its bundle is served or cannot be, and at each change; None once it is deleted."""
        deadline, last = time.monotonic() + seconds, None
        while True:
            try:
                self._try_to_serve(self._objects.get(plural, name)["spec"]["bundle"] if plural != PLURAL else name)
                found = self.get(name, plural)
            except APIError as error:
                if last is None or error.status != 404:
                    raise
                yield None
                return
            if found != last:
                yield found
            last = found
            if time.monotonic() > deadline:
                return
            time.sleep(LOOK_SECONDS)

    def post(self, service: str, body: bytes, timeout: float, headers: Optional[Mapping[str, str]] = None) -> Answer:
        """To the bundle of this id, or that of the endpoint of this name; it is served from here on."""
        return post_to_url(self._url(service), body, timeout, headers)

    def stream(
        self, service: str, body: bytes, timeout: float, headers: Optional[Mapping[str, str]] = None
    ) -> Streamed:
        """The same for an answer that comes item by item."""
        return stream_from_url(self._url(service), body, timeout, headers)

    def logs(self, bundle: str, container: str, tail: Optional[int]) -> str:
        """What the process of this name wrote, where this process serves the bundle."""
        lines = log_of(self._place_of(bundle), container) or []
        return "".join(line + "\n" for line in (lines if tail is None else lines[len(lines) - tail :]))

    def _key(self) -> Tuple[Optional[str], ...]:
        return (LOCAL, str(self._objects.directory))

    def _place_of(self, name: str) -> Tuple[str, str]:
        return (str(self._objects.directory), name)

    def _content(self, manifest: Mapping[str, Any]) -> Content:
        asked = manifest["spec"]["bundle"].get("cloneFrom")
        base = content_of_object(self._objects.get(PLURAL, asked["name"])) if asked else None
        return content_of_manifest(manifest, base)

    def _url(self, service: str) -> str:
        try:
            service = self._objects.get(ENDPOINT_PLURAL, service)["spec"]["bundle"]
        except APIError as error:
            if error.status != 404:
                raise
        return self._serve(self._objects.get(PLURAL, service)).url + "/predict"

    def _serve(self, bundle: Object) -> Served:
        name = bundle["metadata"]["name"]
        if not _replicas(bundle):
            raise APIError(503, f"{name} is stored, not served: deploy it first", "ServiceUnavailable")
        fields = content_of_object(bundle).fields
        manifest = {**bundle, "spec": {**bundle["spec"], "bundle": fields}}
        return served(self._place_of(name), (bundle["metadata"]["uid"], bundle["metadata"]["generation"]), manifest)

    def _try_to_serve(self, name: str) -> None:
        """What it fails by is in its status until it is changed."""
        try:
            bundle = self._objects.get(PLURAL, name)
        except APIError:  # of an endpoint: its status says so
            return
        version = bundle["metadata"]["generation"]
        if not _replicas(bundle) or self._failed.get(name, (None,))[0] == version:
            return
        try:
            self._serve(bundle)
        except BundleFailedError as error:
            self._failed[name] = version, error

    def _with_status(self, plural: str, item: Object) -> Object:
        generation, name = item["metadata"]["generation"], item["metadata"]["name"]
        status = {**(item.get("status") or {}), "observedGeneration": generation}
        if plural == PLURAL:
            version, error = self._failed.get(name, (None, None))
            status["readyReplicas"] = _replicas(item)
            status["conditions"] = _conditions(_replicas(item), str(error) if version == generation else "")
        else:
            bundle = item["spec"]["bundle"]
            try:
                found = self.get(bundle)
            except APIError as error:
                status["conditions"] = _ready("False", Reason.BUNDLE_NOT_FOUND, str(error))
            else:
                status.update(bundle=bundle, conditions=found["status"]["conditions"])
        return {**item, "status": status}


def _replicas(bundle: Mapping[str, Any]) -> int:
    return int((bundle["spec"].get("serving") or {}).get("replicas", 1))


def _conditions(replicas: int, error: str) -> List[Dict[str, str]]:
    if error:
        stalled = {"type": ConditionType.STALLED.value, "status": "True", "reason": "Failed", "message": error}
        return [*_ready("False", "Failed", error), stalled]
    if not replicas:
        return _ready("True", Reason.STORED, "Stored, not served.")
    return _ready("True", Reason.SERVING, "Served by the process that asks it.")


def _ready(status: str, reason: str, message: str) -> List[Dict[str, str]]:
    return [{"type": ConditionType.READY.value, "status": status, "reason": str(reason), "message": message}]
