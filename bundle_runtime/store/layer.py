"""From the requirements directory to a layer in the store: packed, then uploaded, then named."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from bundle_runtime.artifacts.retry import shown
from bundle_runtime.artifacts.upload import upload
from bundle_runtime.contract.layer import DESCRIPTION, FROM_LAYER, MAX_PACKED_BYTES, LayerReference, layer_uri
from bundle_runtime.contract.layout import Layout
from bundle_runtime.layers.members import LayerError
from bundle_runtime.layers.pack import Packed, pack


def store_layer(layout: Layout, artifact_uri: str) -> tuple[LayerReference, Packed]:
    """The layer as it is in the store now; a LayerError or RuntimeFailure says why there is none."""
    if layer_uri(artifact_uri, "0" * 64) is None:
        raise LayerError(
            f"nothing can be stored beside {shown(artifact_uri)}: layers are kept in the bucket of an artifact at "
            "s3://BUCKET/KEY, whose key is not too long"
        )
    tree = Path(layout.requirements_dir)
    if os.path.lexists(tree / FROM_LAYER):
        raise LayerError("the requirements come from a layer already")
    if not (tree / DESCRIPTION).is_file():
        raise LayerError(f"install has left no {DESCRIPTION} in {tree}: it installed nothing, or is of another version")
    with tempfile.TemporaryDirectory(prefix="modelbundle-layer-") as scratch:
        file = Path(scratch) / "packed"
        packed = pack(tree, file)
        uri = layer_uri(artifact_uri, packed.sha256)
        if uri is None or packed.bytes > MAX_PACKED_BYTES:
            raise LayerError(f"it is packed to {packed.bytes} bytes; {MAX_PACKED_BYTES} are allowed")
        upload(file, uri)
    return LayerReference(packed.digest, packed.sha256, uri, packed.bytes), packed
