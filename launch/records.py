"""From an object of the cluster to the ModelBundle in the user's hands. Pure but for the connection that it carries."""

from __future__ import annotations

import json
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any, Dict, Mapping, Optional

from launch.content import Content, ContentError, content_of_object
from launch.differences import MISSING, app_config
from launch.model_bundle import ModelBundle
from launch.naming import METADATA, created_at, given_name

if TYPE_CHECKING:
    from launch.connection import Connection

_SNAKE = {"frameworkType": "framework_type", "pytorchImageTag": "pytorch_image_tag"}
_SNAKE["tensorflowVersion"] = "tensorflow_version"


def record(bundle: Mapping[str, Any], connection: "Connection", content: Optional[Content] = None) -> ModelBundle:
    """`content` where it is known already; a clone that the operator has not resolved has none."""
    if content is None:
        try:
            content = content_of_object(bundle)
        except ContentError:
            content = None
    values: Mapping[str, Any] = content.fields if content else bundle["spec"]["bundle"]
    config = app_config(values)
    artifact = values.get("artifact") or {}
    made = ModelBundle(
        name=given_name(bundle),
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
    return datetime.fromtimestamp(nanoseconds / 10**9, tz=timezone.utc).isoformat()
