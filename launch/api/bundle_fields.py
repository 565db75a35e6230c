"""The arguments of the client's create methods as fields of spec.bundle, each checked before anything else happens.

Pure but for the files that are named in them.
"""

from __future__ import annotations

from typing import Any, Dict, Mapping, Union

from launch.bundle.clone import config_fields
from launch.bundle.content import full_path
from launch.bundle.differences import CONFIG, CONFIG_JSON
from launch.errors import InvalidBundleError
from launch.packing.app_config import checked_requirements, read_app_config
from launch.packing.env_params import env_params as read_env_params
from launch.packing.schemas.models import both_or_none

Config = Union[Mapping[str, Any], str, None]


def bundle_fields(
    env_params: Mapping[str, Any],
    requirements: Any,
    app_config: Config,
    request_schema: Any,
    response_schema: Any,
) -> Dict[str, Any]:
    """All but the artifact and the functions; the arguments are those of create_model_bundle, env_params included."""
    return fields_of(read_env_params(env_params), requirements, app_config, request_schema, response_schema)


def fields_of(
    image: Mapping[str, Any], requirements: Any, app_config: Config, request_schema: Any, response_schema: Any
) -> Dict[str, Any]:
    """The same, of an image that is read already: `image` is spec.bundle.envParams."""
    fields: Dict[str, Any] = {"envParams": dict(image)}
    listed = checked_requirements(requirements) if requirements is not None else []
    if listed:
        fields["requirements"] = listed
    fields.update(_config(app_config))
    fields.update(both_or_none(request_schema, response_schema))
    return fields


def config_changed(fields: Mapping[str, Any], app_config: Config) -> Dict[str, Any]:
    """The fields with this app_config in place of theirs; {} clears it."""
    kept = {name: value for name, value in fields.items() if name not in (CONFIG, CONFIG_JSON)}
    return {**kept, **(_config(app_config) or {CONFIG: {}})}


def _config(given: Config) -> Dict[str, Any]:
    config = read_app_config(given)
    if not config:
        return {}
    try:
        return config_fields(config)[0]
    except ValueError as error:
        raise InvalidBundleError(f"app_config: {full_path(error)}") from None
