"""What the cluster would refuse of a ModelBundle, said offline: by the API server's schema, then by the operator.

Not said here: what needs the cluster (a name that is taken, quotas, webhooks, admission policies, the operator's
MODELBUNDLE_REPLICAS_MAX), that spec.bundle may not change (the CEL rule `self == oldSelf`), whether a schema is JSON
Schema (`serve` asks a validator, as the operator does), and what is wrong in what a clone inherits. Python 3.8+.
"""

from __future__ import annotations

import functools
import json
import pkgutil
from collections.abc import Mapping
from typing import Any, Callable, Dict, List

from bundle_spec.process_text import check_process_text
from bundle_spec.requirements import check_requirements
from bundle_spec.schema_limits import problem as schema_problem
from bundle_spec.serving import SERVING_CHECKS, check_env
from bundle_spec.structural import violations
from bundle_spec.unknown_fields import unknown_fields

_SCHEMAS = ("requestSchema", "responseSchema")
_REQUIREMENTS = "spec.bundle.requirements"
_ANY_URI = "file:///bundle"


def refusals(manifest: Mapping[str, Any], *, local: bool = False) -> List[str]:
    """Each reason, beginning with the path of a field; empty when the cluster would take the bundle.

    With `local` the artifact's URI may be a path too, as `modelbundle serve` reads one.
    """
    found = violations(_with_uri(manifest) if local else manifest, _schema())
    if not found:
        spec = manifest["spec"]
        own_env = spec["bundle"].get("env") or []
        checks = [*SERVING_CHECKS, lambda serving: check_env(serving, own_env)]
        return content_refusals(spec["bundle"]) + _refused_by(checks, spec.get("serving") or {})
    if any(line.startswith(_REQUIREMENTS) for line in found):  # PEP 508 says more than a pattern
        better = _refused_by([_check_requirements], manifest["spec"]["bundle"])
        found = [line for line in found if not (better and line.startswith(_REQUIREMENTS))] + better
    return found


def unknown(manifest: Mapping[str, Any]) -> List[str]:
    """Each field below spec that a ModelBundle does not have: kubectl refuses the file."""
    return unknown_fields(_object(manifest, "spec"), _schema()["properties"]["spec"], "spec")


def content_refusals(fields: Mapping[str, Any]) -> List[str]:
    """What the operator would refuse of these fields of spec.bundle: a bundle's own, or what a clone inherits too."""
    checks: List[Callable[[Any], None]] = [check_process_text, _check_requirements]
    if not fields.get("cloneFrom"):
        checks += [_check_functions, _check_pair]
    return _refused_by([*checks, _check_schemas], fields)


def _refused_by(checks: List[Callable[[Any], None]], fields: Mapping[str, Any]) -> List[str]:
    found = []
    for check in checks:
        try:
            check(fields)
        except ValueError as error:
            found.append(str(error).replace("$.", "spec.bundle."))
    return found


@functools.lru_cache(maxsize=None)
def _schema() -> Dict[str, Any]:
    text = pkgutil.get_data("bundle_spec", "modelbundle.json")
    assert text is not None
    schema: Dict[str, Any] = json.loads(text)
    return schema


def _with_uri(manifest: Mapping[str, Any]) -> Mapping[str, Any]:
    """The manifest with an address where a path stands."""
    spec = _object(manifest, "spec")
    bundle = _object(spec, "bundle")
    artifact = _object(bundle, "artifact")
    uri = artifact.get("uri")
    if not isinstance(uri, str) or not uri or "://" in uri:
        return manifest
    return {**manifest, "spec": {**spec, "bundle": {**bundle, "artifact": {**artifact, "uri": _ANY_URI}}}}


def _object(value: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = value.get(name)
    return found if isinstance(found, Mapping) else {}


def _check_requirements(fields: Mapping[str, Any]) -> None:
    check_requirements(fields.get("requirements"))


def _check_functions(fields: Mapping[str, Any]) -> None:
    named = [name for name in ("loadPredictFn", "loadModelFn") if fields.get(name)]
    if named and fields["artifact"]["packaging"] != "zip":
        raise ValueError(f"$.{named[0]} goes with packaging zip only: a cloudpickle has its functions")


def _check_pair(fields: Mapping[str, Any]) -> None:
    given = [name for name in _SCHEMAS if fields.get(name)]
    if len(given) == 1:
        raise ValueError(f"spec.bundle has {given[0]} alone: give both schemas, or none")


def _check_schemas(fields: Mapping[str, Any]) -> None:
    for name in _SCHEMAS:
        problem = schema_problem(fields[name]) if fields.get(name) else None
        if problem:
            raise ValueError(f"$.{name}{problem}")
