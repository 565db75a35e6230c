"""The client: `from launch import LaunchClient, LaunchError`, and the `modelbundle` command on the same parts.

Names are imported when they are used, so that `import launch` costs next to nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, List

if TYPE_CHECKING:
    from launch.client import LaunchClient
    from launch.cluster.connection import Connection
    from launch.errors import (
        APIError,
        BundleFailedError,
        InvalidBundleError,
        LaunchError,
        LaunchWarning,
        NoSuchMethodError,
        NotPicklableError,
        NotSupportedError,
        PredictionError,
        StoreError,
        WaitTimeoutError,
        WrongTypeError,
    )
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
    "APIError",
    "AsyncEndpoint",
    "AsyncEndpointBatchResponse",
    "BundleFailedError",
    "Connection",
    "EndpointRequest",
    "EndpointResponse",
    "EndpointResponseFuture",
    "EndpointResponseStream",
    "InvalidBundleError",
    "LaunchClient",
    "LaunchError",
    "LaunchWarning",
    "ModelBundle",
    "NoSuchMethodError",
    "NotPicklableError",
    "NotSupportedError",
    "PostInferenceHooks",
    "PredictionError",
    "StoreError",
    "SyncEndpoint",
    "WaitTimeoutError",
    "WrongTypeError",
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
    module = "errors" if name.endswith(("Error", "Warning")) else _MODULES.get(name, "model_endpoint")
    return getattr(importlib.import_module(f"launch.{module}"), name)


def __dir__() -> List[str]:
    return [*__all__, "__version__"]
