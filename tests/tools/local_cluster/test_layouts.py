"""Loading only what is missing: the archive that goes to containerd is an image whose known layers stay at home."""

import hashlib
import io
import json
import tarfile
from pathlib import Path

from tools.local_cluster import layouts


def make_layout(directory: Path, layers: list[bytes]) -> Path:
    blobs = directory / "blobs" / "sha256"
    blobs.mkdir(parents=True, exist_ok=True)

    def add(data: bytes) -> dict[str, object]:
        digest = hashlib.sha256(data).hexdigest()
        (blobs / digest).write_bytes(data)
        return {"digest": f"sha256:{digest}", "size": len(data)}

    manifest = {"config": add(b"{}"), "layers": [add(layer) for layer in layers]}
    (directory / "index.json").write_text(json.dumps({"manifests": [add(json.dumps(manifest).encode())]}))
    return directory


def test_an_archive_names_the_image_and_leaves_out_what_is_known(tmp_path: Path) -> None:
    layout = make_layout(tmp_path / "one", [b"base", b"source"])
    included = [blob for blob in layouts.blobs(layout) if blob.read_bytes() != b"base"]
    target = io.BytesIO()
    layouts.write_archive(target, layout, "docker.io/a/b:1", included)
    with tarfile.open(fileobj=io.BytesIO(target.getvalue())) as archive:
        names = archive.getnames()
        index = archive.extractfile("index.json")
        assert index is not None
        annotations = json.load(index)["manifests"][0]["annotations"]
    assert annotations == {"io.containerd.image.name": "docker.io/a/b:1"}
    assert f"blobs/sha256/{hashlib.sha256(b'source').hexdigest()}" in names
    assert f"blobs/sha256/{hashlib.sha256(b'base').hexdigest()}" not in names


def test_layouts_share_equal_layers_and_drop_the_rest(tmp_path: Path) -> None:
    one = make_layout(tmp_path / "one", [b"base", b"old"])
    two = tmp_path / "two"
    layouts.seed(two, [one])
    make_layout(two, [b"new"])
    layouts.trim(two)
    assert {blob.read_bytes() for blob in (two / "blobs" / "sha256").iterdir()} >= {b"new"}
    assert hashlib.sha256(b"old").hexdigest() not in {blob.name for blob in (two / "blobs" / "sha256").iterdir()}
    assert b"old" in {blob.read_bytes() for blob in (one / "blobs" / "sha256").iterdir()}
