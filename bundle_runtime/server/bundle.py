"""What is served: one bundle, under its name and digest, with its schemas compiled."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bundle_runtime.server.schemas import compile_schema


class ServedBundle:
    """``request_schema_json`` and ``response_schema_json`` are the schemas as the bundle has them, None without one.
    ValueError or jsonschema_rs.ReferencingError when one cannot be used."""

    def __init__(self, document: Mapping[str, Any], digest: str, name: str) -> None:
        self.digest = digest
        self.name = name
        self.request_schema_json = document.get("requestSchema")
        self.response_schema_json = document.get("responseSchema")
        self.request_schema = compile_schema(self.request_schema_json)
        self.response_schema = compile_schema(self.response_schema_json)
