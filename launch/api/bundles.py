"""LaunchClient's bundles: make, clone, list and get them, by the names and manners of the original's first API."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, Dict, List, Mapping, Optional, Union

from launch.api.bundle_fields import bundle_fields, config_changed
from launch.api.create import Wanted, clone, content_in_cluster, create
from launch.api.lookup import found, named, owned
from launch.api.records import record
from launch.api.user_warnings import warn
from launch.bundle.naming import object_name
from launch.errors import InvalidBundleError, WrongTypeError
from launch.model_bundle import ModelBundle
from launch.packing.app_config import requirements_of_file

if TYPE_CHECKING:
    from launch.cluster.connection import Connection


class BundleMethods:
    """What LaunchClient can do with bundles."""

    connection: "Connection"

    def _store(self) -> Any:
        raise NotImplementedError

    def create_model_bundle(
        self,
        model_bundle_name: str,
        env_params: Dict[str, Any],
        *,
        load_predict_fn: Any = None,
        predict_fn_or_cls: Any = None,
        requirements: Optional[List[str]] = None,
        model: Any = None,
        load_model_fn: Any = None,
        app_config: Union[Dict[str, Any], str, None] = None,
        globals_copy: Optional[Dict[str, Any]] = None,
        request_schema: Any = None,
        response_schema: Any = None,
    ) -> ModelBundle:
        """Pickle the functions and the model, upload the pickle, and create an immutable bundle of it, not served yet.

        Give exactly one of: `predict_fn_or_cls`; `load_predict_fn` and `model`; `load_predict_fn` and `load_model_fn`.
        `env_params` names the image: {"framework_type": "pytorch", "pytorch_image_tag": ...}, {"framework_type":
        "tensorflow", "tensorflow_version": ...} or {"framework_type": "custom_base_image", "ecr_repo": ...,
        "image_tag": ...}. `requirements` are pip's lines that the image may lack; None finds them from what your
        functions import. `app_config` is a dict or the path of a YAML file. Modules in `globals_copy`, and your own
        that are in no package, are pickled by value. The schemas, both or none, are pydantic models or JSON Schemas;
        requests and predictions are checked against them. The same name and content give the bundle that is there.
        InvalidBundleError, NotPicklableError, StoreError and APIError say what to do; then nothing was left behind.
        """
        from launch.packing.foreseen import foreseen, of_local_modules, of_names
        from launch.packing.image_python import of_image
        from launch.packing.pickles.files_named import left_beside
        from launch.packing.pickles.inferred import inferred_requirements, local_modules, without_framework
        from launch.packing.pickles.own_modules import pickle_with_own_modules
        from launch.packing.pickles.pickling import bundle_content
        from launch.packing.pickles.source_text import source_texts

        content = bundle_content(
            model=model,
            load_predict_fn=load_predict_fn,
            load_model_fn=load_model_fn,
            predict_fn_or_cls=predict_fn_or_cls,
        )
        fields = bundle_fields(env_params, requirements, app_config, request_schema, response_schema)
        sources = source_texts(
            load_predict_fn=load_predict_fn, load_model_fn=load_model_fn, predict_fn_or_cls=predict_fn_or_cls
        )
        warn([*of_image(fields["envParams"]), *of_names(fields.get("requirements", []))])
        warn(filter(None, [left_beside([load_predict_fn, load_model_fn, predict_fn_or_cls])]))
        store = self._checked_store(model_bundle_name)
        with tempfile.TemporaryDirectory(prefix="model-bundle-") as directory:
            file = Path(directory, "bundle.pkl")
            packed, by_value = pickle_with_own_modules(file, content, globals_copy)
            warn(by_value)
            if requirements is None:
                pins, doubts = inferred_requirements(content, file)
                pins = without_framework(pins, fields["envParams"]["frameworkType"])
                warn(doubts)
                fields = {**fields, **({"requirements": pins} if pins else {})}
            else:
                warn(of_local_modules(local_modules(content, file)))
            warn(foreseen(content, file, fields.get("requirements", [])))
            return self._created(store, Wanted(model_bundle_name, fields, sources), packed)

    def create_model_bundle_from_dirs(
        self,
        *,
        model_bundle_name: str,
        base_paths: List[str],
        requirements_path: Optional[str] = None,
        env_params: Dict[str, Any],
        load_predict_fn_module_path: Optional[str] = None,
        load_model_fn_module_path: str,
        app_config: Union[Dict[str, Any], str, None] = None,
        request_schema: Any = None,
        response_schema: Any = None,
        load_predict_fn: Optional[str] = None,
    ) -> ModelBundle:
        """Zip the folders, upload the zip, and create an immutable bundle of it, not served yet.

        `load_predict_fn_module_path` (or `load_predict_fn`) and `load_model_fn_module_path` are dotted paths of
        functions in the folders, such as predict.my_load_predict_fn. `requirements_path` is looked for in the working
        directory and in the folders. What will hardly work (a file that is not Python, a missing requirements
        file) is a LaunchWarning; what cannot work is an InvalidBundleError, before anything is uploaded. The other
        arguments are those of create_model_bundle.
        """
        if (load_predict_fn is None) == (load_predict_fn_module_path is None):
            raise InvalidBundleError("give load_predict_fn_module_path, the dotted path of load_predict_fn, once")
        requirements = self._requirements_of(requirements_path, base_paths)
        fields = bundle_fields(env_params, requirements, app_config, request_schema, response_schema)
        return self._created_of_dirs(
            model_bundle_name,
            base_paths,
            load_predict_fn_module_path or str(load_predict_fn),
            load_model_fn_module_path,
            fields,
            {},
        )

    def clone_model_bundle_with_changes(
        self, model_bundle: Union[ModelBundle, str], app_config: Union[Dict[str, Any], str, None] = None
    ) -> ModelBundle:
        """A new bundle that differs from the given one (or the one of this id) in its app_config alone.

        None keeps the app_config, {} clears it. The clone has the same name, of which it is the newest.
        """
        base = found(self.connection, model_bundle)
        content = content_in_cluster(self.connection, base)
        fields = content.fields if app_config is None else config_changed(content.fields, app_config)
        made = clone(self.connection, base, content, fields)
        return record(made.object, self.connection, made.content)

    def list_model_bundles(
        self, *, model_name: Optional[str] = None, order_by: str = "newest", everybody: bool = False
    ) -> List[ModelBundle]:
        """The bundles that you own or that have no owner, of one name if you give it; `order_by` newest or oldest.

        `everybody=True` lists those of others in the namespace too.
        """
        if model_name is not None and not isinstance(model_name, str):
            raise WrongTypeError(f"model_name must be a text, it is a {type(model_name).__name__}")
        if order_by not in ("newest", "oldest"):
            raise InvalidBundleError(f"order_by is newest or oldest, not {order_by!r}")
        bundles = [record(bundle, self.connection) for bundle in owned(self.connection, model_name, everybody)]
        return bundles if order_by == "newest" else bundles[::-1]

    def get_model_bundle(self, model_bundle: Union[ModelBundle, str]) -> ModelBundle:
        """The newest bundle of this name; a ModelBundle with an id is read again. APIError 404 when there is none."""
        return record(named(self.connection, model_bundle), self.connection)

    def delete_model_bundle(self, model_bundle: Union[ModelBundle, str]) -> None:
        """Remove the bundle and its pods from the cluster; the artifact stays in the store."""
        self.connection.delete(found(self.connection, model_bundle)["metadata"]["name"])

    def _checked_store(self, name: str) -> Any:
        """The store, after every check that needs no packing, which may take minutes."""
        object_name(name, f"sha256:{'0' * 64}")
        return self._reachable_store()

    def _reachable_store(self) -> Any:
        """The store, after it and the API server have answered: what is packed can be uploaded and created."""
        store = self._store()
        store.check()
        self.connection.user()
        return store

    def _created(self, store: Any, wanted: Wanted, packed: Any) -> ModelBundle:
        made = create(self.connection, store, wanted, packed)
        return record(made.object, self.connection, made.content)

    def _requirements_of(self, path: Optional[str], base_paths: List[str]) -> List[str]:
        if path is None:
            return []
        requirements, doubts = requirements_of_file(path, base_paths)
        warn(doubts)
        return requirements

    def _created_of_dirs(
        self,
        name: str,
        base_paths: List[str],
        load_predict_fn: str,
        load_model_fn: str,
        fields: Mapping[str, Any],
        metadata: Mapping[str, Any],
    ) -> ModelBundle:
        from launch.packing.archives.archive import archive_to
        from launch.packing.foreseen import of_names

        warn(of_names(fields.get("requirements", [])))
        store = self._checked_store(name)
        with tempfile.TemporaryDirectory(prefix="model-bundle-") as directory:
            made = archive_to(Path(directory, "bundle.zip"), base_paths, load_predict_fn, load_model_fn)
            warn(made.warnings)
            functions = {"loadPredictFn": made.load_predict_fn, "loadModelFn": made.load_model_fn}
            return self._created(store, Wanted(name, {**fields, **functions}, metadata), made.packed)
