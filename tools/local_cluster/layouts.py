"""Images in the cache as OCI layouts, and the loading of only those layers that a cluster lacks.

A change of the product's source changes one small layer of a large image. Layouts share what is equal by hard links,
and the import stream leaves out what the cluster's containerd already has, so such a change loads in a second.
"""

import io
import json
import os
import subprocess
import tarfile
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import IO, Any

from tools.local_cluster.errors import ClusterError, NotUpError
from tools.local_cluster.place import Place
from tools.local_cluster.shell import run


def seed(layout: Path, others: Iterable[Path]) -> None:
    """Link the blobs of other layouts into a new one: its writer then writes only what is new."""
    blobs = layout / "blobs" / "sha256"
    blobs.mkdir(parents=True)
    for other in others:
        for blob in (other / "blobs" / "sha256").glob("*"):
            with suppress(FileExistsError, FileNotFoundError):
                os.link(blob, blobs / blob.name)


def trim(layout: Path) -> None:
    """Drop the blobs that the layout's image does not use."""
    used = {path.name for path in blobs(layout)}
    for blob in (layout / "blobs" / "sha256").iterdir():
        if blob.name not in used:
            blob.unlink()


def blobs(layout: Path) -> list[Path]:
    """Manifest, configuration and layers of the one image in a layout."""
    manifest = _blob(layout, _index(layout)["manifests"][0])
    document = json.loads(manifest.read_text())
    return [manifest, *(_blob(layout, part) for part in (document["config"], *document["layers"]))]


def load(place: Place, layout: Path, name: str) -> None:
    """Load a layout's image under `name`."""
    known = set(ctr(place, "content", "ls", "--quiet").split())
    missing = [blob for blob in blobs(layout) if f"sha256:{blob.name}" not in known]
    try:
        _import(place, layout, name, missing)
    except ClusterError:
        if len(missing) == len(blobs(layout)):
            raise
        _import(place, layout, name, blobs(layout))  # what it had may just have been collected as garbage


def load_archive(place: Place, archive: Path) -> None:
    ctr(place, "images", "import", str(archive))


def ctr(place: Place, *arguments: str) -> str:
    return run(_ctr(place, *arguments))


def _import(place: Place, layout: Path, name: str, included: list[Path]) -> None:
    process = subprocess.Popen(
        _ctr(place, "images", "import", "-"), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    assert process.stdin is not None
    assert process.stdout is not None
    with suppress(BrokenPipeError):  # what ctr says when it ends early counts, not that it ended
        write_archive(process.stdin, layout, name, included)
        process.stdin.close()
    said = process.stdout.read().decode(errors="replace")
    if process.wait() != 0:
        raise ClusterError(f"containerd did not take {name}: {said.strip()}", f"containerd's log: {place.logs}")


def write_archive(target: IO[bytes], layout: Path, name: str, included: list[Path]) -> None:
    """An OCI archive of the layout's image that carries the blobs `included` only."""
    index = _index(layout)
    index["manifests"][0]["annotations"] = {"io.containerd.image.name": name}
    with tarfile.open(fileobj=target, mode="w|") as archive:
        for member, text in (("oci-layout", '{"imageLayoutVersion": "1.0.0"}'), ("index.json", json.dumps(index))):
            entry = tarfile.TarInfo(member)
            entry.size = len(text.encode())
            archive.addfile(entry, io.BytesIO(text.encode()))
        for blob in included:
            archive.add(blob, f"blobs/sha256/{blob.name}")


def _index(layout: Path) -> dict[str, Any]:
    document: dict[str, Any] = json.loads((layout / "index.json").read_text())
    return document


def _blob(layout: Path, descriptor: dict[str, Any]) -> Path:
    return layout / "blobs" / "sha256" / str(descriptor["digest"]).removeprefix("sha256:")


def _ctr(place: Place, *arguments: str) -> list[str]:
    if not place.containerd_socket.exists():
        raise NotUpError(f"the cluster of {place.shown} is not up", "start it with `python -m tools.local_cluster up`")
    return ["ctr", "--address", str(place.containerd_socket), "--namespace", "k8s.io", *arguments]
