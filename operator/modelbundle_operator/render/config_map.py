"""The ConfigMap: the bundle document in a key of its own, so that it can be checked against the digest; and beside it,
where there is one, the layer of the requirements, which has hashes of its own and changes no answer."""

from typing import Any

from modelbundle_operator.api.names import CONFIG_KEY, LAYER_KEY, ModelBundle
from modelbundle_operator.api.status import Layer
from modelbundle_operator.bundle.naming import child_metadata
from modelbundle_operator.bundle.resolve import Resolution
from modelbundle_operator.render.layers import layer_text


def config_map(bundle: ModelBundle, resolution: Resolution, layer: Layer | None) -> dict[str, Any]:
    """The ConfigMap that the pods mount."""
    text = layer_text(layer)
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": child_metadata(bundle, resolution.digest, resolution.lineage.root),
        "data": {CONFIG_KEY: resolution.canonical, **({LAYER_KEY: text} if text is not None else {})},
    }
