"""A clone as a manifest: cloneFrom with the base's digest, and the fields that are to differ, each written whole. Pure.

What a clone sets replaces the whole field. So a change of one value inside appConfig is written as the base's appConfig
with that value changed: the manifest then says all of it, whatever the base was.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any, Dict, Optional, Tuple

from bundle_spec.canonical import canonical
from bundle_spec.exact_values import check_canonical, check_survives
from bundle_spec.names import API_VERSION, KIND
from launch.bundle.content import FIELDS, Content, ContentError, content_of_manifest, full_path
from launch.bundle.differences import CONFIG, CONFIG_JSON, MISSING, app_config, same


def clone_of(base: Content, name: str, wanted: Mapping[str, Any], replicas: Optional[int]) -> Tuple[Content, str]:
    """The clone with its manifest, and what is to be said about it. `wanted` are the base's fields, changed.

    Served as the base is, as far as that is known; ContentError when what it would run is not a bundle.
    """
    fields, note = _to_write(base.fields, wanted)
    bundle = {"cloneFrom": {"name": base.name, "digest": base.digest}, **fields}
    spec: Dict[str, Any] = {"bundle": bundle}
    serving = serving_of(base.manifest)
    if replicas is not None:
        serving["replicas"] = replicas
    if serving:
        spec["serving"] = serving
    manifest = {"apiVersion": API_VERSION, "kind": KIND, "metadata": {"name": name}, "spec": spec}
    return content_of_manifest(manifest, base), note


def serving_of(manifest: Mapping[str, Any]) -> Dict[str, Any]:
    """spec.serving without the roll-out token, which is an order given once."""
    serving = dict((manifest.get("spec") or {}).get("serving") or {})
    rollout = {name: value for name, value in (serving.pop("rollout", None) or {}).items() if name != "token"}
    return {**serving, **({"rollout": rollout} if rollout else {})}


def with_env(fields: Mapping[str, Any], entries: Iterable[Tuple[str, Optional[str]]]) -> Dict[str, Any]:
    """Variables set by name and value, or removed (None); ContentError when there is none to remove."""
    env = {entry["name"]: entry.get("value", "") for entry in fields.get("env") or []}
    for name, value in entries:
        if value is not None:
            env[name] = value
        elif env.pop(name, None) is None:
            raise ContentError(f"--env {name}-: the base has no variable {name} that could be removed")
    return {**fields, "env": [{"name": name, "value": value} for name, value in env.items()]}


def _to_write(base: Mapping[str, Any], wanted: Mapping[str, Any]) -> Tuple[Dict[str, Any], str]:
    config, note = _config(base, wanted)
    others = {name: value for name, value in wanted.items() if name not in (CONFIG, CONFIG_JSON)}
    fields = {**{name: _survives(name, value) for name, value in others.items()}, **config}
    changed = {name: value for name, value in fields.items() if not same(base.get(name, MISSING), value)}
    return {name: changed[name] for name in FIELDS if name in changed}, note


def _config(base: Mapping[str, Any], wanted: Mapping[str, Any]) -> Tuple[Dict[str, Any], str]:
    """appConfig as JSON text where a value of it would not survive, or where the base has it as text."""
    value = app_config(wanted)
    if value is MISSING:
        return {}, ""
    path = f"$.{CONFIG}"
    text = _json_text(value, path)
    if same(value, app_config(base)):
        return {name: base[name] for name in (CONFIG, CONFIG_JSON) if name in base}, ""
    if CONFIG_JSON in wanted:
        return {CONFIG_JSON: wanted[CONFIG_JSON]}, ""
    fields, note = config_fields(value)
    return ({CONFIG_JSON: text} if CONFIG_JSON in base and value else fields), note


def config_fields(value: Mapping[str, Any]) -> Tuple[Dict[str, Any], str]:
    """appConfig, or appConfigJSON and why: a value of it would not come back as it is."""
    path = f"$.{CONFIG}"
    text = _json_text(value, path)
    try:
        check_survives(value, path)
    except ValueError as error:
        return {CONFIG_JSON: text}, f"written as appConfigJSON: {full_path(error)}"
    return {CONFIG: value}, ""


def _json_text(value: Any, path: str) -> str:
    """ValueError where even JSON text cannot hold it: keys that are not strings, NaN, dates."""
    try:
        text = json.dumps(value, ensure_ascii=False, allow_nan=False)
        if json.loads(text) == value:
            return text
    except (TypeError, ValueError):
        pass
    check_canonical(value, path)
    raise ValueError(f"{path} cannot be written as JSON")


def _survives(name: str, value: Any) -> Any:
    """In a schema 1.0 and 1 mean the same, so it is written as it comes back."""
    path = f"$.{name}"
    try:
        check_canonical(value, path)
        if isinstance(value, Mapping):
            value = json.loads(canonical(value))
        check_survives(value, path)
    except ValueError as error:
        raise ContentError(full_path(error)) from None
    return value
