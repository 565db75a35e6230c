"""A tag on the node that stands for one image and then for another."""

from __future__ import annotations

import hashlib
import io
import json
import os
import tarfile
import uuid
from pathlib import Path
from typing import Any

from tools.local_cluster import images, layouts
from tools.local_cluster.place import here

REPOSITORY = "docker.io/stand-in/moved"
SITE_PACKAGES = "opt/python/lib/python3.12/site-packages"


class Tag:
    """A tag of the test's own: the stand-in for Python, or that image with another label, or with a package more."""

    def __init__(self, scratch: Path) -> None:
        self.name = uuid.uuid4().hex[:8]
        self._scratch = scratch
        self._first = images.layout(next(image for image in images.all_images() if image.slug == "stand-in-python"))

    @property
    def env_params(self) -> dict[str, Any]:
        image = {"repository": REPOSITORY, "tag": self.name}
        return {"frameworkType": "custom_base_image", "customBaseImage": image}

    def is_first(self) -> None:
        self._load(self._first)

    def is_relabelled(self) -> None:
        self._load(changed(self._first, self._new()))

    def has_also(self, package: str, version: str) -> None:
        self._load(changed(self._first, self._new(), _layer(package, version)))

    def remove(self) -> None:
        layouts.ctr(here(), "images", "rm", f"{REPOSITORY}:{self.name}")

    def _new(self) -> Path:
        return self._scratch / uuid.uuid4().hex

    def _load(self, layout: Path) -> None:
        layouts.load(here(), layout, f"{REPOSITORY}:{self.name}")


def changed(layout: Path, target: Path, layer: bytes = b"") -> Path:
    """The image of a layout with one more label, and so another digest; and with one more layer where it is given."""
    blobs = target / "blobs" / "sha256"
    blobs.mkdir(parents=True)
    for blob in layouts.blobs(layout):
        os.link(blob, blobs / blob.name)
    index = json.loads((layout / "index.json").read_text())
    manifest = json.loads((blobs / index["manifests"][0]["digest"].removeprefix("sha256:")).read_text())
    config = json.loads((blobs / manifest["config"]["digest"].removeprefix("sha256:")).read_text())
    config.setdefault("config", {}).setdefault("Labels", {})["moved"] = target.name

    def written(data: bytes) -> dict[str, object]:
        digest = hashlib.sha256(data).hexdigest()
        (blobs / digest).write_bytes(data)
        return {"digest": f"sha256:{digest}", "size": len(data)}

    if layer:
        described = {"mediaType": "application/vnd.oci.image.layer.v1.tar", **written(layer)}
        manifest["layers"].append(described)
        config["rootfs"]["diff_ids"].append(described["digest"])
        config.setdefault("history", []).append({"created_by": "a package more"})
    manifest["config"] |= written(json.dumps(config).encode())
    index["manifests"][0] |= written(json.dumps(manifest).encode())
    (target / "index.json").write_text(json.dumps(index))
    return target


def _layer(package: str, version: str) -> bytes:
    """A package that has nothing but its name and version, which is what `install` asks an image for."""
    text = f"Metadata-Version: 2.1\nName: {package}\nVersion: {version}\n".encode()
    entry = tarfile.TarInfo(f"{SITE_PACKAGES}/{package}-{version}.dist-info/METADATA")
    entry.size, entry.mode = len(text), 0o644
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        archive.addfile(entry, io.BytesIO(text))
    return buffer.getvalue()
