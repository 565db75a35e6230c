"""LaunchClient: the door of the ML engineer. Its methods keep the original's names; the modules beside do the work.

Nothing is asked of a cluster or a store before a method needs it, so a client constructs anywhere, without an API key.
"""

from __future__ import annotations

import os
from typing import Any, Callable, Optional

from launch.api.bundles_v2 import BundleMethodsV2
from launch.api.endpoints import EndpointMethods
from launch.api.unsupported import instead_of
from launch.connection_to import connection_to
from launch.errors import NoSuchMethodError, NotPicklableError, NotSupportedError, WrongTypeError


class LaunchClient(BundleMethodsV2, EndpointMethods):
    """A client of one namespace of one cluster.

    `endpoint` is the URL of an API server and `api_key` a bearer token for it; without them the kubeconfig decides, or
    in a pod its service account. With "local" it is a directory and processes of this machine. LAUNCH_ENDPOINT is its
    default. `namespace` is LAUNCH_NAMESPACE's, else that of the kubeconfig's `context`.
    `artifact_uri` says where artifacts go, else LAUNCH_ARTIFACT_URI, else what the operator publishes. A store that
    only the namespace's ConfigMap names is refused, unless it was accepted here: `accept_store=True` does it.
    """

    def __init__(
        self,
        api_key: Optional[str] = None,
        endpoint: Optional[str] = None,
        self_hosted: bool = False,
        use_path_with_custom_endpoint: bool = False,
        *,
        namespace: Optional[str] = None,
        context: Optional[str] = None,
        artifact_uri: Optional[str] = None,
        accept_store: bool = False,
    ) -> None:
        if use_path_with_custom_endpoint:
            raise NotSupportedError(
                "use_path_with_custom_endpoint: the endpoint is a Kubernetes API server, to which no path is added"
            )
        self.connection = connection_to(api_key, endpoint, namespace, context)
        self.self_hosted = self_hosted
        self._artifact_uri = artifact_uri or self.connection.artifact_uri
        self._accept_store = accept_store
        self._upload: Optional[Callable[[bytes, str], Any]] = None
        self._location: Optional[Callable[[], str]] = None

    def __repr__(self) -> str:
        return f"LaunchClient({self.connection!r})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, LaunchClient) and self.connection == other.connection

    def __hash__(self) -> int:
        return hash(self.connection)

    def __getattr__(self, name: str) -> Any:
        instead = instead_of(name)
        if instead is None:
            raise AttributeError(f"LaunchClient has no {name}")
        raise NoSuchMethodError(f"{name} is not part of this product: use {instead}")

    def __reduce_ex__(self, protocol: Any) -> Any:
        """Its credentials would go where the pickle goes: into an artifact, which every pod of a bundle reads."""
        raise NotPicklableError(
            "a LaunchClient cannot be pickled, as it holds credentials: make one where it is needed"
        )

    def register_upload_bundle_fn(self, upload_bundle_fn: Callable[[bytes, str], None]) -> None:
        """`upload_bundle_fn(content, url)` uploads artifacts in place of the artifact store."""
        self._upload = _function("upload_bundle_fn", upload_bundle_fn)

    def register_bundle_location_fn(self, bundle_location_fn: Callable[[], str]) -> None:
        """`bundle_location_fn()` returns the URL of the next artifact; bundles' pods must be able to read it."""
        self._location = _function("bundle_location_fn", bundle_location_fn)

    def register_upload_batch_csv_fn(self, upload_batch_csv_fn: Callable[[str, str], None]) -> None:
        """Not supported: NotSupportedError."""
        raise NotSupportedError("batch jobs are not part of this product: run predict() over your inputs in a Job")

    def register_batch_csv_location_fn(self, batch_csv_location_fn: Callable[[], str]) -> None:
        """Not supported: NotSupportedError."""
        raise NotSupportedError("batch jobs are not part of this product: run predict() over your inputs in a Job")

    def _store(self) -> Any:
        from launch.api.published import published_store
        from launch.stores.artifact_store import HookStore, store_at
        from launch.stores.store_config import store_of

        if self._upload is not None or self._location is not None:
            return HookStore(self._upload, self._location)
        if self._artifact_uri is not None:
            return store_at(self._artifact_uri)
        if os.environ.get("LAUNCH_ARTIFACT_URI"):
            return store_of(os.environ, None)
        return store_of(os.environ, published_store(self.connection, self._accept_store))


def _function(name: str, value: Any) -> Any:
    if not callable(value):
        raise WrongTypeError(f"{name} must be a function, it is a {type(value).__name__}")
    return value
