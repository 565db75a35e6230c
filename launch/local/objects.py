"""Bundles and endpoints in a directory of this machine, as the API server would keep them: a JSON file each.

What is written is written whole, and one writer after the other. `spec.bundle` never changes, as in a cluster.
"""

from __future__ import annotations

import contextlib
import json
import os
import time
import uuid
from pathlib import Path
from typing import Any, Dict, Iterator, List, Mapping, Optional

from bundle_spec.names import ENDPOINT_KIND, ENDPOINT_PLURAL, KIND, PLURAL
from launch.cluster.api import checked
from launch.errors import APIError

KINDS = {PLURAL: KIND, ENDPOINT_PLURAL: ENDPOINT_KIND}
Object = Dict[str, Any]


class Objects:
    """Those of one namespace, which is a directory."""

    def __init__(self, directory: Path, namespace: str) -> None:
        self.directory, self.namespace = directory / checked(namespace), namespace

    def get(self, plural: str, name: str) -> Object:
        """APIError 404 when there is none."""
        try:
            found: Object = json.loads(self._file(plural, name).read_text(encoding="utf-8"))
        except FileNotFoundError:
            raise APIError(404, f"there is no {KINDS[plural]} {name} in {self.directory}", "NotFound") from None
        return found

    def list(self, plural: str, selector: str = "") -> List[Object]:
        """By their names; `selector` as in the API: a=b, a, !a, joined by commas."""
        folder = self.directory / plural
        names = sorted(file.stem for file in folder.glob("*.json")) if folder.is_dir() else []
        found = []
        for name in names:
            with contextlib.suppress(APIError):  # deleted meanwhile
                found.append(self.get(plural, name))
        return [item for item in found if _selected(item["metadata"].get("labels") or {}, selector)]

    def create(self, plural: str, manifest: Mapping[str, Any], status: Mapping[str, Any], dry_run: bool) -> Object:
        """APIError 409 when one of this name is there."""
        name = manifest["metadata"]["name"]
        moment = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        metadata = {"namespace": self.namespace, "uid": str(uuid.uuid4()), "creationTimestamp": moment, "generation": 1}
        made = {**manifest, "metadata": {**manifest["metadata"], **metadata}, "status": dict(status)}
        with self._alone():
            if self._file(plural, name).exists():
                raise APIError(409, f"the {KINDS[plural]} {name} exists already in {self.directory}", "AlreadyExists")
            if not dry_run:
                self._write(plural, made)
        return made

    def patch(self, plural: str, name: str, change: Mapping[str, Any]) -> Object:
        """A merge patch: what is None is removed."""
        with self._alone():
            before = self.get(plural, name)
            after: Object = _merged(before, change)
            if after["spec"] != before["spec"]:
                if plural == PLURAL and after["spec"]["bundle"] != before["spec"]["bundle"]:
                    raise APIError(422, f"spec.bundle of {name} is immutable: clone it, or create another", "Invalid")
                after["metadata"]["generation"] = before["metadata"]["generation"] + 1
            self._write(plural, after)
        return after

    def delete(self, plural: str, name: str) -> None:
        """APIError 404 when there is none."""
        with self._alone():
            self.get(plural, name)
            self._file(plural, name).unlink()

    def _file(self, plural: str, name: str) -> Path:
        return self.directory / plural / f"{checked(name)}.json"

    def _write(self, plural: str, item: Object) -> None:
        file = self._file(plural, item["metadata"]["name"])
        file.parent.mkdir(parents=True, exist_ok=True)
        partial = file.with_suffix(f".{os.getpid()}")
        partial.write_text(json.dumps(item, ensure_ascii=False), encoding="utf-8")
        partial.replace(file)

    @contextlib.contextmanager
    def _alone(self) -> Iterator[None]:
        import fcntl  # not on Windows, where this package imports all the same

        self.directory.mkdir(parents=True, exist_ok=True)
        with (self.directory / ".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield


def _merged(value: Any, change: Any) -> Any:
    if not isinstance(change, Mapping):
        return change
    kept: Dict[str, Any] = dict(value) if isinstance(value, Mapping) else {}
    for name, entry in change.items():
        if entry is None:
            kept.pop(name, None)
        else:
            kept[name] = _merged(kept.get(name), entry)
    return kept


def _selected(labels: Mapping[str, Optional[str]], selector: str) -> bool:
    for part in filter(None, selector.split(",")):
        name, has_value, value = part.partition("=")
        if name.startswith("!"):
            fits = name[1:] not in labels
        else:
            fits = labels.get(name) == value if has_value else name in labels
        if not fits:
            return False
    return True
