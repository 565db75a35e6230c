"""The ConfigMap: the bundle document, and nothing else, so that its one key can be checked against the digest."""

from typing import Any

from modelbundle_operator.api.names import CONFIG_KEY, ModelBundle
from modelbundle_operator.bundle.naming import child_metadata
from modelbundle_operator.bundle.resolve import Resolution


def config_map(bundle: ModelBundle, resolution: Resolution) -> dict[str, Any]:
    """The ConfigMap that the pods mount."""
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": child_metadata(bundle, resolution.digest, resolution.lineage.root),
        "data": {CONFIG_KEY: resolution.canonical},
    }
