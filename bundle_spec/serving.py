"""What of spec.serving no schema can say: asked offline and by the operator alike. Pure, and Python 3.8+."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Callable, Iterable, Tuple

from bundle_spec.affinity import check_affinity
from bundle_spec.cpu_limits import check_cpu_limits
from bundle_spec.gpu_resource import check_gpu_resource

# each raises ValueError with the path of the field
SERVING_CHECKS: Tuple[Callable[[Mapping[str, Any]], None], ...] = (
    check_gpu_resource,
    check_affinity,
    check_cpu_limits,
)


def check_env(serving: Mapping[str, Any], of_bundle: Iterable[Mapping[str, Any]]) -> None:
    """ValueError when serving.env has a name that the bundle's own env has, or the base's whose it inherits."""
    taken = {entry["name"] for entry in of_bundle}
    for index, entry in enumerate(serving.get("env") or []):
        if entry["name"] in taken:
            raise ValueError(
                f"spec.serving.env[{index}].name is {entry['name']}, which the bundle's own env has: that is part of"
                " the digest and cannot be replaced. Use another name, or a bundle whose env leaves it out"
            )
