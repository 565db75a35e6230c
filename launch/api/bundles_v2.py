"""LaunchClient's bundles by the names of the original's second API, in which the schemas are required."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, Dict, List, Optional, Union

from launch.api.bundle_fields import fields_of
from launch.api.bundles import BundleMethods
from launch.api.create import Wanted
from launch.api.lookup import named, owned
from launch.api.records import record_v2
from launch.api.user_warnings import warn
from launch.errors import InvalidBundleError
from launch.model_bundle import ListModelBundlesV2Response, ModelBundle, ModelBundleV2Response
from launch.packing.env_params import from_v2

if TYPE_CHECKING:
    from launch.cluster.connection import Connection


class BundleMethodsV2(BundleMethods):
    """The same bundles: what one API created, the other finds."""

    connection: "Connection"

    def create_model_bundle_from_callable_v2(
        self,
        *,
        model_bundle_name: str,
        load_predict_fn: Any,
        load_model_fn: Any,
        request_schema: Any,
        response_schema: Any,
        requirements: Optional[List[str]] = None,
        pytorch_image_tag: Optional[str] = None,
        tensorflow_version: Optional[str] = None,
        custom_base_image_repository: Optional[str] = None,
        custom_base_image_tag: Optional[str] = None,
        app_config: Union[Dict[str, Any], str, None] = None,
        metadata: Optional[Dict[str, Any]] = None,
    ) -> ModelBundle:
        """As create_model_bundle; no requirements are none, and exactly one framework is given."""
        from launch.packing.pickles.own_modules import pickle_with_own_modules
        from launch.packing.pickles.pickling import bundle_content
        from launch.packing.pickles.source_text import source_texts

        _both(request_schema, response_schema)
        content = bundle_content(load_predict_fn=load_predict_fn, load_model_fn=load_model_fn)
        image = from_v2(pytorch_image_tag, tensorflow_version, custom_base_image_repository, custom_base_image_tag)
        fields = fields_of(image, requirements, app_config, request_schema, response_schema)
        sources = source_texts(load_predict_fn=load_predict_fn, load_model_fn=load_model_fn)
        store = self._checked_store(model_bundle_name)
        with tempfile.TemporaryDirectory(prefix="model-bundle-") as directory:
            packed, by_value = pickle_with_own_modules(Path(directory, "bundle.pkl"), content)
            warn(by_value)
            return self._created(store, Wanted(model_bundle_name, fields, {**sources, **(metadata or {})}), packed)

    def create_model_bundle_from_dirs_v2(
        self,
        *,
        model_bundle_name: str,
        base_paths: List[str],
        load_predict_fn_module_path: str,
        load_model_fn_module_path: str,
        request_schema: Any,
        response_schema: Any,
        requirements_path: Optional[str] = None,
        pytorch_image_tag: Optional[str] = None,
        tensorflow_version: Optional[str] = None,
        custom_base_image_repository: Optional[str] = None,
        custom_base_image_tag: Optional[str] = None,
        app_config: Union[Dict[str, Any], str, None] = None,
        metadata: Optional[Dict[str, Any]] = None,
    ) -> ModelBundle:
        """As create_model_bundle_from_dirs; exactly one framework is given."""
        _both(request_schema, response_schema)
        image = from_v2(pytorch_image_tag, tensorflow_version, custom_base_image_repository, custom_base_image_tag)
        requirements = self._requirements_of(requirements_path, base_paths)
        fields = fields_of(image, requirements, app_config, request_schema, response_schema)
        return self._created_of_dirs(
            model_bundle_name,
            base_paths,
            load_predict_fn_module_path,
            load_model_fn_module_path,
            fields,
            metadata or {},
        )

    def get_model_bundle_v2(self, model_bundle_id: str) -> ModelBundleV2Response:
        """The bundle of this id; APIError 404 when there is none."""
        return record_v2(self.connection.get(model_bundle_id), self.connection)

    def get_latest_model_bundle_v2(self, model_bundle_name: str) -> ModelBundleV2Response:
        """The newest bundle of this name; APIError 404 when there is none."""
        return record_v2(named(self.connection, model_bundle_name), self.connection)

    def list_model_bundles_v2(self) -> ListModelBundlesV2Response:
        """The bundles that you own or that have no owner."""
        return ListModelBundlesV2Response([record_v2(bundle, self.connection) for bundle in owned(self.connection)])

    def clone_model_bundle_with_changes_v2(
        self, original_model_bundle_id: str, new_app_config: Union[Dict[str, Any], str, None] = None
    ) -> ModelBundle:
        """As clone_model_bundle_with_changes."""
        return self.clone_model_bundle_with_changes(original_model_bundle_id, new_app_config)


def _both(request_schema: Any, response_schema: Any) -> None:
    if request_schema is None or response_schema is None:
        raise InvalidBundleError(
            "request_schema and response_schema are required here: give both, as pydantic models or JSON Schemas; "
            "create_model_bundle takes none too"
        )
