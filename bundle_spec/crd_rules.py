"""The CEL rules of the CRD in Python: what the API server says of several fields at once, said without one.

A rule is known by its text, so one that is changed there without its counterpart here is missed by a test, not by a
user. Not here is the one rule that needs the object as it was before: `self == oldSelf` of spec.bundle. Pure, and
Python 3.8+.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Callable, Dict, List

# rules that cannot be asked about a file alone
NOT_OFFLINE = ("self == oldSelf",)

_KEY = r"([a-z0-9]([-a-z0-9.]*[a-z0-9])?/)?[A-Za-z0-9]([A-Za-z0-9_.-]*[A-Za-z0-9])?"
_NAME = r"[a-z]([-a-z0-9]*[a-z0-9])?"
_OWN_PREFIX = "^([^/]*[.])?modelbundle[.]dev/"
_TAKEN_PATHS = (
    "^/(modelbundle|tmp|dev|proc|sys|run/secrets|var/run/secrets)(/|$)|^/(bin|etc|lib|lib64|opt|run|sbin|usr|var)$"
)
_CONFINEMENT = "^([^/]*[.])?(apparmor|seccomp)[.]security[.](alpha|beta)[.]kubernetes[.]io/"


def _has(value: Any, name: str) -> bool:
    return value.get(name) is not None


def _goes_with(kind: str, field: str) -> Dict[str, Callable[[Any], bool]]:
    """The two rules of a framework's own field."""
    return {
        f"self.frameworkType != '{kind}' || has(self.{field})": lambda it: (
            it["frameworkType"] != kind or _has(it, field)
        ),
        f"self.frameworkType == '{kind}' || !has(self.{field})": lambda it: (
            it["frameworkType"] == kind or not _has(it, field)
        ),
    }


def _functions(bundle: Any) -> List[bool]:
    return [_has(bundle, name) for name in ("loadPredictFn", "loadModelFn")]


def _is_zip(bundle: Any) -> bool:
    return bool(bundle["artifact"]["packaging"] == "zip")


def _name_fits(manifest: Any) -> bool:
    """Of a file without a name nothing is said: `serve` needs none."""
    name = (manifest.get("metadata") or {}).get("name")
    return name is None or (isinstance(name, str) and len(name) <= 52 and re.fullmatch(_NAME, name) is not None)


def _names_once(entries: Any) -> bool:
    return len({entry["name"] for entry in entries}) == len(entries)


def _are_label_keys(selector: Any) -> bool:
    return all(len(key) <= 317 and re.fullmatch(_KEY, key, re.ASCII) for key in selector)


def _none_matches(pattern: str) -> Callable[[Any], bool]:
    return lambda keys: not any(re.search(pattern, key) for key in keys)


def _lie_apart(volumes: Any) -> bool:
    paths = [volume["mountPath"] + "/" for volume in volumes]
    return all(sum(other.startswith(path) for other in paths) == 1 for path in paths)


def _one_source(volume: Any) -> bool:
    return sum(_has(volume, kind) for kind in ("persistentVolumeClaim", "configMap", "secret")) == 1


# whether the value that the rule stands at keeps it; asked only where the schema around it has found nothing
RULES: Mapping[str, Callable[[Any], bool]] = {
    f"size(self.metadata.name) <= 52 && self.metadata.name.matches('^{_NAME}$')": _name_fits,
    "has(self.artifact) != has(self.cloneFrom)": lambda it: _has(it, "artifact") != _has(it, "cloneFrom"),
    "!has(self.artifact) || has(self.envParams)": lambda it: not _has(it, "artifact") or _has(it, "envParams"),
    "!has(self.artifact) || self.artifact.packaging != 'zip'"
    " || (has(self.loadPredictFn) && has(self.loadModelFn))": lambda it: (
        not _has(it, "artifact") or not _is_zip(it) or all(_functions(it))
    ),
    "!has(self.artifact) || self.artifact.packaging == 'zip'"
    " || (!has(self.loadPredictFn) && !has(self.loadModelFn))": lambda it: (
        not _has(it, "artifact") or _is_zip(it) or not any(_functions(it))
    ),
    "self.matches('^[0-9a-f]{64}$')": lambda it: re.fullmatch("[0-9a-f]{64}", it) is not None,
    **_goes_with("pytorch", "pytorchImageTag"),
    **_goes_with("tensorflow", "tensorflowVersion"),
    **_goes_with("custom_base_image", "customBaseImage"),
    "!self.contains('://')": lambda it: "://" not in it,
    "!self.matches(':[^/]*$')": lambda it: ":" not in it.rpartition("/")[2],
    "has(self.tag) || has(self.digest)": lambda it: _has(it, "tag") or _has(it, "digest"),
    "!self.matches('^(PYTHON|LD_|MODELBUNDLE_)|^(PATH|HOME|TMPDIR)$')": lambda it: (
        not re.match(r"PYTHON|LD_|MODELBUNDLE_|(PATH|HOME|TMPDIR)\Z", it)
    ),
    "!self.matches('^(NVIDIA|HIP|ROCR|HABANA)_')": lambda it: not re.match("(NVIDIA|HIP|ROCR|HABANA)_", it),
    "self.all(e, self.exists_one(other, other.name == e.name))": _names_once,
    f"self.all(key, size(key) <= 317 && key.matches('^{_KEY}$'))": _are_label_keys,
    "has(self.secretRef) != has(self.configMapRef)": lambda it: _has(it, "secretRef") != _has(it, "configMapRef"),
    f"self.all(key, !key.matches('{_OWN_PREFIX}')"
    " && !(key in ['app.kubernetes.io/managed-by', 'pod-template-hash']))": _none_matches(
        rf"{_OWN_PREFIX}|^(app\.kubernetes\.io/managed-by|pod-template-hash)\Z"
    ),
    f"self.all(key, !key.matches('{_OWN_PREFIX}|^kubectl[.]kubernetes[.]io/default-container$'))": _none_matches(
        rf"{_OWN_PREFIX}|^kubectl[.]kubernetes[.]io/default-container\Z"
    ),
    f"self.all(key, !key.matches('{_CONFINEMENT}'))": _none_matches(_CONFINEMENT),
    "self.all(e, self.exists_one(other, (other.mountPath + '/').startsWith(e.mountPath + '/')))": _lie_apart,
    "!self.matches('(^|/)[.][.]?(/|$)')": lambda it: not re.search(r"(^|/)\.\.?(/|\Z)", it),
    f"!self.matches('{_TAKEN_PATHS}')": lambda it: not re.search(_TAKEN_PATHS.replace("$", r"\Z"), it),
    "(has(self.persistentVolumeClaim) ? 1 : 0) + (has(self.configMap) ? 1 : 0)"
    " + (has(self.secret) ? 1 : 0) == 1": _one_source,
    "!has(self.readOnly) || self.readOnly || has(self.persistentVolumeClaim)": lambda it: (
        it.get("readOnly") is not False or _has(it, "persistentVolumeClaim")
    ),
    "self.all(e, self.exists_one(other, other.topologyKey == e.topologyKey))": lambda it: (
        len({entry["topologyKey"] for entry in it}) == len(it)
    ),
    "has(self.secretKeyRef) != has(self.configMapKeyRef)": lambda it: (
        _has(it, "secretKeyRef") != _has(it, "configMapKeyRef")
    ),
}
