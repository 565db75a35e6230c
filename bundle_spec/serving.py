"""What of spec.serving no schema can say: asked offline and by the operator alike. Pure, and Python 3.8+."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Callable, Tuple

from bundle_spec.affinity import check_affinity
from bundle_spec.gpu_resource import check_gpu_resource

# each raises ValueError with the path of the field
SERVING_CHECKS: Tuple[Callable[[Mapping[str, Any]], None], ...] = (check_gpu_resource, check_affinity)
