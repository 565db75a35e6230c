"""A client that draws the bundle's manifest where LaunchClient would create the bundle: for `render` and `serve`."""

from __future__ import annotations

from typing import Any

from bundle_spec.names import BUNDLE_NAME
from launch.api.create import Wanted, draft
from launch.client import LaunchClient
from launch.errors import APIError, StoreError
from launch.model_bundle import ModelBundle
from launch.stores.artifact import Packed


class Drafting(LaunchClient):
    """`manifest` is that of the last bundle; with `upload` its artifact is in the store."""

    def __init__(self, serving: Any, upload: bool, **options: Any) -> None:
        super().__init__(**options)
        self.serving, self.upload = serving, upload
        self.manifest: Any = None

    def _store(self) -> Any:
        try:
            return super()._store()
        except APIError as error:
            if error.status:
                raise
            raise StoreError(
                "it is not known where artifacts go: give --artifact-uri s3://BUCKET/PREFIX (or a directory), or set "
                f"LAUNCH_ARTIFACT_URI. What a cluster publishes could not be asked: {str(error).splitlines()[0]}"
            ) from None

    def _reachable_store(self) -> Any:
        store = self._store()
        if self.upload:
            store.check()
        return store

    def _created(self, store: Any, wanted: Wanted, packed: Packed) -> ModelBundle:
        content = draft(wanted._replace(serving=self.serving, metadata={}), packed, store.uri_of(packed))
        metadata = content.manifest["metadata"]
        named = {key: {BUNDLE_NAME: metadata[key][BUNDLE_NAME]} for key in ("labels", "annotations")}
        self.manifest = {**content.manifest, "metadata": {"name": content.name, **named}}
        if self.upload:
            store.put(packed)
        return ModelBundle(name=wanted.name, id=content.name)
