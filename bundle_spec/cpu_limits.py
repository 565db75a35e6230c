"""That no container asks for more CPU than it may use. Pure, and Python 3.8+."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bundle_spec.quantity import amount


def check_cpu_limits(serving: Mapping[str, Any]) -> None:
    """ValueError names a limit that is nothing, or less than what is asked for."""
    for name in ("resources", "serverResources"):
        asked = serving.get(name) or {}
        limit = asked.get("cpuLimit")
        if limit is None:
            continue
        most = amount(limit) or 0
        if not most:
            raise ValueError(f"spec.serving.{name}.cpuLimit is {limit}: give some CPU, or leave it out for no limit")
        if (amount(asked.get("cpu")) or 0) > most:
            raise ValueError(
                f"spec.serving.{name}.cpu is {asked['cpu']}, more than its cpuLimit, {limit}: ask for less, or raise"
                " the limit"
            )
