"""From an object of the cluster to the ModelBundle in the user's hands. Pure but for the connection that it carries."""

from __future__ import annotations

import json
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any, Dict, Mapping, Optional

from bundle_spec.names import METADATA
from launch.bundle.content import Content, known_content
from launch.bundle.differences import MISSING, app_config
from launch.bundle.naming import created_at, display_name
from launch.model_bundle import BundleFlavor, ModelBundle, ModelBundleV2Response

if TYPE_CHECKING:
    from launch.cluster.connection import Connection

_FLAVORS = {"cloudpickle": "cloudpickle_artifact", "zip": "zip_artifact"}
_FUNCTIONS = ("load_predict_fn", "load_model_fn")
_SNAKE = {"frameworkType": "framework_type", "pytorchImageTag": "pytorch_image_tag"}
_SNAKE["tensorflowVersion"] = "tensorflow_version"


def record(bundle: Mapping[str, Any], connection: "Connection", content: Optional[Content] = None) -> ModelBundle:
    """`content` where it is known already; a clone that the operator has not resolved has none."""
    if content is None:
        content = known_content(bundle)
    values: Mapping[str, Any] = content.fields if content else bundle["spec"]["bundle"]
    config = app_config(values)
    artifact = values.get("artifact") or {}
    made = ModelBundle(
        name=display_name(bundle),
        id=bundle["metadata"]["name"],
        env_params=env_params_of(values.get("envParams") or {}),
        location=artifact.get("uri"),
        metadata=metadata_of(bundle),
        packaging_type=artifact.get("packaging"),
        requirements=list(values.get("requirements") or []),
        app_config=None if config is MISSING else config,
        created_at=moment(created_at(bundle)),
        digest=content.digest if content else None,
    )
    made._connection = connection
    return made


def env_params_of(fields: Mapping[str, Any]) -> Dict[str, Any]:
    """In the words of the client's env_params."""
    found = {_SNAKE[name]: value for name, value in fields.items() if name in _SNAKE}
    image = fields.get("customBaseImage")
    if image:
        tag = "@".join(part for part in (image.get("tag"), image.get("digest")) if part)
        found.update({"ecr_repo": image["repository"], "image_tag": tag})
    return found


def metadata_of(bundle: Mapping[str, Any]) -> Dict[str, Any]:
    """What the client keeps beside the bundle: the functions' sources, and what the user gave."""
    text = (bundle["metadata"].get("annotations") or {}).get(METADATA)
    try:
        found = json.loads(text) if text else {}
    except ValueError:
        found = {}
    return found if isinstance(found, dict) else {}


def moment(nanoseconds: int) -> str:
    """Nanoseconds since 1970 as ISO 8601, in UTC."""
    return datetime.fromtimestamp(nanoseconds / 10**9, tz=timezone.utc).isoformat()


def record_v2(bundle: Mapping[str, Any], connection: "Connection") -> ModelBundleV2Response:
    """The same facts in the second API's shape."""
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
