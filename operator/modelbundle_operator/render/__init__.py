"""The objects that serve a bundle, as a pure function: no I/O, no clock, no randomness."""

from typing import Any, NamedTuple

from modelbundle_operator.api.names import ModelBundle
from modelbundle_operator.api.status import Layer
from modelbundle_operator.bundle.resolve import Resolution
from modelbundle_operator.render.config_map import config_map
from modelbundle_operator.render.deployment import deployment
from modelbundle_operator.render.service import service
from modelbundle_operator.settings import Settings

__all__ = ["Plan", "desired"]


class Plan(NamedTuple):
    """What to apply, in this order: another's Service or a quota is met before anything is made, and pods mount the
    ConfigMap and are found by the Service."""

    service: dict[str, Any]
    config_map: dict[str, Any]
    deployment: dict[str, Any]


def desired(
    bundle: ModelBundle,
    resolution: Resolution,
    settings: Settings,
    live_deployment: dict[str, Any] | None,
    replace: bool = False,
    hold: bool = False,
    layer: Layer | None = None,
) -> Plan:
    """What should exist. `live_deployment` has the template to keep; `replace` lets a pod go before its successor;
    `hold` asks for no pod."""
    return Plan(
        service(bundle, resolution),
        config_map(bundle, resolution, layer),
        deployment(bundle, resolution, settings, live_deployment, replace, hold),
    )
