"""What one server takes: set by its user (serving in the ModelBundle), or made of what its container has."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from bundle_runtime.server.container import DEFAULT_MEMORY_LIMIT_BYTES
from bundle_spec.connection_age import CONNECTION_SECONDS, DEFAULT_IDLE_SECONDS
from bundle_spec.request_size import DEFAULT_REQUEST_BYTES

SETTING = "serving.maxRequestBytes"
# of the container's memory for each connection: itself, the request that it waits for, and its kernel's buffers
CONNECTION_BYTES = 256 * 1024
CONNECTIONS_MIN = 16
FILES_RESERVED = 96  # probes, the worker, the log, and those that are about to be closed
DEFAULT_FILES = 1024
MEMORY_SETTING = "serving.serverResources.memory"


@dataclass(frozen=True)
class Limits:
    """Bytes, seconds and numbers; the names of the settings are those of spec.serving."""

    request_bytes: int = DEFAULT_REQUEST_BYTES  # of a body, as it comes and once it is decompressed
    idle_seconds: float = DEFAULT_IDLE_SECONDS  # of a connection without a request
    memory_bytes: int = DEFAULT_MEMORY_LIMIT_BYTES  # that the container gives to the server
    files: int = DEFAULT_FILES  # that the process may have open

    @property
    def connections(self) -> int:
        """The most that may be open at once."""
        return max(CONNECTIONS_MIN, min(self.memory_bytes // CONNECTION_BYTES, self.files - FILES_RESERVED))

    def described(self) -> dict[str, Any]:
        """For those who ask the server."""
        return {
            "maxRequestBytes": self.request_bytes,
            "idleSeconds": self.idle_seconds,
            "connectionSeconds": CONNECTION_SECONDS,
            "memoryBytes": self.memory_bytes,
            "maxConnections": self.connections,
        }


DEFAULT_LIMITS = Limits()
