"""A layer of requirements from one root to another, as the container `store` packs it and prepare unpacks it."""

from __future__ import annotations

import json
from pathlib import Path

from bundle_runtime.contract.layer import LayerReference, layer_uri
from bundle_runtime.contract.layout import Layout
from bundle_runtime.layers.pack import pack
from bundle_runtime.layers.unpack import unpack

ARTIFACT = "s3://models/a/bundle.pkl"


def put_layer(source: Layout, target: Layout) -> LayerReference:
    """What install left below `source` is the unpacked layer of `target`."""
    Path(target.layer_volume).mkdir(parents=True)
    file = Path(target.layer_volume) / "packed"
    packed = pack(Path(source.requirements_dir), file)
    unpack(file, Path(target.layer_dir))
    file.unlink()
    uri = layer_uri(ARTIFACT, packed.sha256)
    assert uri is not None
    reference = LayerReference(packed.digest, packed.sha256, uri, packed.bytes)
    Path(target.layer_mark_file).write_text(json.dumps(reference.as_dict()))
    return reference
