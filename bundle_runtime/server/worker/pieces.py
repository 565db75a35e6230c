"""The worker's answer in pieces: JSON text as it is, and arrays as bytes that become JSON here.

docs/reference/wire.md describes the frame.
"""

from __future__ import annotations

import orjson

from bundle_runtime.contract import tensors, wire


def assemble(payload: bytes) -> bytes:
    """The prediction as JSON text. WireError when it is no such payload."""
    head, body = wire.unpack_headed(payload)
    parts: list[bytes | memoryview] = []
    at = 0
    try:
        for piece in head["pieces"]:
            data = body[at : at + piece["size"]]
            at += piece["size"]
            if "datatype" in piece:
                elements = tensors.unpack(piece["datatype"], data, tensors.count(piece["shape"]))
                parts.append(orjson.dumps(tensors.nested(elements, piece["shape"])))
            else:
                parts.append(data)
    except (KeyError, TypeError, ValueError) as error:
        raise wire.WireError(f"an answer in pieces that do not fit: {error}") from error
    return b"".join(parts)
