"""The arguments of the client's create methods as fields of spec.bundle, each checked before anything else happens.

Pure but for the files that are named in them.
"""

from __future__ import annotations

from typing import Any, Dict, List, Mapping, Union

from launch.clone import config_fields
from launch.content import full_path
from launch.differences import CONFIG, CONFIG_JSON
from launch.errors import InvalidBundleError, WrongTypeError

Config = Union[Mapping[str, Any], str, None]


def bundle_fields(
    env_params: Mapping[str, Any],
    requirements: Any,
    app_config: Config,
    request_schema: Any,
    response_schema: Any,
) -> Dict[str, Any]:
    """All but the artifact and the functions."""
    from launch.env_params import env_params as read_env_params

    return fields_of(read_env_params(env_params), requirements, app_config, request_schema, response_schema)


def fields_of(
    image: Mapping[str, Any], requirements: Any, app_config: Config, request_schema: Any, response_schema: Any
) -> Dict[str, Any]:
    from launch.schemas import both_or_none

    fields: Dict[str, Any] = {"envParams": dict(image)}
    listed = _requirements(requirements)
    if listed:
        fields["requirements"] = listed
    fields.update(_config(app_config))
    fields.update(both_or_none(request_schema, response_schema))
    return fields


def config_changed(fields: Mapping[str, Any], app_config: Config) -> Dict[str, Any]:
    """The fields with this app_config in place of theirs; {} clears it."""
    kept = {name: value for name, value in fields.items() if name not in (CONFIG, CONFIG_JSON)}
    return {**kept, **(_config(app_config) or {CONFIG: {}})}


def _requirements(given: Any) -> List[str]:
    if given is None:
        return []
    if isinstance(given, str) or not isinstance(given, (list, tuple)):
        raise WrongTypeError(
            f"requirements must be a list of texts such as 'numpy==1.24.4', it is a {type(given).__name__}"
        )
    for entry in given:
        if not isinstance(entry, str):
            raise WrongTypeError(f"requirements must hold texts, one of them is {entry!r}")
    return [entry.strip() for entry in given if entry.strip()]


def _config(given: Config) -> Dict[str, Any]:
    from launch.app_config import read_app_config

    config = read_app_config(given)
    if not config:
        return {}
    try:
        return config_fields(config)[0]
    except ValueError as error:
        raise InvalidBundleError(f"app_config: {full_path(error)}") from None
