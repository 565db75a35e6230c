"""The client: `from launch import LaunchClient`, and the `modelbundle` command on the same parts.

Names are imported when they are used, so that `import launch` costs next to nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, List

if TYPE_CHECKING:
    from launch.client import LaunchClient
    from launch.cluster.connection import Connection
    from launch.hooks import PostInferenceHooks
    from launch.model_bundle import ModelBundle
    from launch.model_endpoint import (
        AsyncEndpoint,
        AsyncEndpointBatchResponse,
        EndpointRequest,
        EndpointResponse,
        EndpointResponseFuture,
        EndpointResponseStream,
        SyncEndpoint,
    )

__all__ = [
    "AsyncEndpoint",
    "AsyncEndpointBatchResponse",
    "Connection",
    "EndpointRequest",
    "EndpointResponse",
    "EndpointResponseFuture",
    "EndpointResponseStream",
    "LaunchClient",
    "ModelBundle",
    "PostInferenceHooks",
    "SyncEndpoint",
]

_MODULES = {
    "LaunchClient": "client",
    "Connection": "cluster.connection",
    "PostInferenceHooks": "hooks",
    "ModelBundle": "model_bundle",
}


def __getattr__(name: str) -> Any:
    import importlib

    if name == "__version__":
        from importlib.metadata import version

        return version("model-bundles")
    if name not in __all__:
        raise AttributeError(f"module 'launch' has no attribute {name!r}")
    return getattr(importlib.import_module(f"launch.{_MODULES.get(name, 'model_endpoint')}"), name)


def __dir__() -> List[str]:
    return [*__all__, "__version__"]
