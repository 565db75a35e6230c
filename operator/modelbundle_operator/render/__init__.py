"""The objects that serve a bundle, as a pure function: no I/O, no clock, no randomness."""

from dataclasses import dataclass
from typing import Any

from ..api import ModelBundle
from ..resolve import Resolution
from ..settings import Settings
from .config_map import config_map
from .deployment import deployment
from .service import service

__all__ = ["Plan", "desired"]


@dataclass(frozen=True)
class Plan:
    """What to apply, in this order."""

    config_map: dict[str, Any]
    service: dict[str, Any]
    deployment: dict[str, Any]


def desired(
    bundle: ModelBundle,
    resolution: Resolution,
    settings: Settings,
    live_deployment: dict[str, Any] | None,
    replace: bool = False,
) -> Plan:
    """What should exist. `live_deployment` has the template to keep; `replace` lets a pod go before its successor."""
    return Plan(
        config_map(bundle, resolution),
        service(bundle, resolution),
        deployment(bundle, resolution, settings, live_deployment, replace),
    )
