"""What the second API's get and list methods return: the same facts as a ModelBundle in that API's shape."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any, Dict, List, Mapping, Optional

from launch.model_bundle import ModelBundle
from launch.naming import created_at
from launch.records import record

if TYPE_CHECKING:
    from launch.connection import Connection

_FLAVORS = {"cloudpickle": "cloudpickle_artifact", "zip": "zip_artifact"}
_FUNCTIONS = ("load_predict_fn", "load_model_fn")


@dataclass(frozen=True)
class BundleFlavor:
    """How the bundle is packed: `flavor` is cloudpickle_artifact or zip_artifact; `framework` are its env_params."""

    flavor: Optional[str]
    framework: Dict[str, Any]
    requirements: List[str]
    location: Optional[str]
    app_config: Optional[Dict[str, Any]]
    load_predict_fn: Optional[str] = None
    load_model_fn: Optional[str] = None
    load_predict_fn_module_path: Optional[str] = None
    load_model_fn_module_path: Optional[str] = None


@dataclass(frozen=True)
class ModelBundleV2Response:
    """`bundle` is the same with methods; the schemas lie in the bundle itself, so schema_location is None."""

    id: str
    name: str
    metadata: Dict[str, Any]
    created_at: datetime
    flavor: BundleFlavor
    model_artifact_ids: List[str] = field(default_factory=list)
    schema_location: Optional[str] = None
    bundle: Optional[ModelBundle] = field(default=None, repr=False, compare=False)

    @property
    def model_bundle_id(self) -> str:
        return self.id


@dataclass(frozen=True)
class ListModelBundlesV2Response:
    """The newest first."""

    model_bundles: List[ModelBundleV2Response]


def response(bundle: Mapping[str, Any], connection: "Connection") -> ModelBundleV2Response:
    known = record(bundle, connection)
    metadata = dict(known.metadata or {})
    sources = {name: metadata.pop(name, None) for name in _FUNCTIONS}
    fields = bundle["spec"]["bundle"]
    return ModelBundleV2Response(
        id=str(known.id),
        name=known.name,
        metadata=metadata,
        created_at=datetime.fromtimestamp(created_at(bundle) / 10**9, tz=timezone.utc),
        flavor=BundleFlavor(
            flavor=_FLAVORS.get(known.packaging_type or ""),
            framework=known.env_params or {},
            requirements=known.requirements or [],
            location=known.location,
            app_config=known.app_config,
            load_predict_fn=sources["load_predict_fn"],
            load_model_fn=sources["load_model_fn"],
            load_predict_fn_module_path=fields.get("loadPredictFn"),
            load_model_fn_module_path=fields.get("loadModelFn"),
        ),
        bundle=known,
    )
