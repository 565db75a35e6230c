"""Which affinity a bundle can give its pods: the fields that Kubernetes knows, and not too much of them.

The CRD takes any object there, as a copy of the type would be larger than all that the CRD says of a bundle. So a
misspelt field, which the API server would drop without a word, is found here. Values are the API server's to check,
which names them. Pure, and Python 3.8+.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, List, Tuple

from bundle_spec.json_path import below

LARGEST = 16 * 1024  # bytes of JSON
_DEEPEST = 12  # one that uses every field is 8 levels deep
_MOST_VALUES = 2_000
_WHEN = ("requiredDuringSchedulingIgnoredDuringExecution", "preferredDuringSchedulingIgnoredDuringExecution")
_KINDS = ("nodeAffinity", "podAffinity", "podAntiAffinity")
_LABELS = "matchLabels"
_FIELDS = frozenset(
    {
        "nodeSelectorTerms", "matchExpressions", "matchFields", "key", "operator", "values", "weight", "preference",
        "podAffinityTerm", "labelSelector", _LABELS, "matchLabelKeys", "mismatchLabelKeys", "namespaces",
        "namespaceSelector", "topologyKey",
    }
)  # fmt: skip


def check_affinity(serving: Mapping[str, Any]) -> None:
    """ValueError names a field of serving.affinity that is none of a pod's affinity, or says that it is too large."""
    left: List[Tuple[str, int, Any]] = [("spec.serving.affinity", 0, serving.get("affinity") or {})]
    values = 0
    while left:
        path, depth, value = left.pop()
        values += 1
        if depth > _DEEPEST or values > _MOST_VALUES:
            raise ValueError(f"{path} is nested more deeply, or has more values, than an affinity needs: write less")
        if isinstance(value, Mapping):
            left += [(_checked(path, depth, name), depth + 1, inner) for name, inner in value.items()]
        elif isinstance(value, list):
            left += [(below(path, index), depth + 1, inner) for index, inner in enumerate(value)]
    size = len(json.dumps(serving.get("affinity")))
    if size > LARGEST:
        raise ValueError(f"spec.serving.affinity has {size} bytes as JSON, {LARGEST} are allowed: write less")


def _checked(path: str, depth: int, name: Any) -> str:
    known = {0: _KINDS, 1: _WHEN}.get(depth, _FIELDS)
    if name in known or path.endswith(f".{_LABELS}"):
        return below(path, str(name))
    likely = f": there are {', '.join(known)}" if depth < 2 else ", as Kubernetes has it in a pod"
    raise ValueError(f"{below(path, str(name))} is not a field of an affinity{likely}")
