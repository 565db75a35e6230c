"""The layer of a bundle's requirements (docs/adr/0038): what it depends on, and how pods and its Job have it.

Nothing of it stands in a pod template but an empty volume: where the layer is stands in the ConfigMap, so a pod of an
older template than the layer has it too.
"""

from typing import Any

from bundle_runtime.contract.layer import LayerReference, layer_uri
from bundle_runtime.contract.layout import Layout
from bundle_spec.quantity import amount
from modelbundle_operator.api.names import ModelBundle, Serving
from modelbundle_operator.api.resources import SizeLimits
from modelbundle_operator.api.status import Layer
from modelbundle_operator.bundle.images import worker_image
from modelbundle_operator.bundle.resolve import Resolution
from modelbundle_operator.render.hashes import compact, hash_of
from modelbundle_operator.render.surroundings import artifact_secret
from modelbundle_operator.settings import Settings

LAYER_VOLUME = "layer"
_ANY_SHA256 = "0" * 64


def wants_layer(resolution: Resolution, settings: Settings) -> bool:
    """Whether it installs anything, and the operator is to do so once."""
    return bool(settings.precheck and settings.layers and resolution.document.get("requirements"))


def why_no_layer(resolution: Resolution, settings: Settings) -> str:
    """In words, why none can be stored; empty where one can, and where none is wanted."""
    if not wants_layer(resolution, settings) or layer_uri(resolution.uri, _ANY_SHA256) is not None:
        return ""
    return "it would be kept beside the artifact, for which that has to be at s3://BUCKET/KEY, and KEY not too long"


def layer_inputs(bundle: ModelBundle, resolution: Resolution, settings: Settings) -> str:
    """Hash of what is installed, of where from, and of the bucket and the keys: who has the same may use the same
    layer. Empty where there can be none."""
    if not wants_layer(resolution, settings) or why_no_layer(resolution, settings):
        return ""
    return hash_of(
        {
            "image": worker_image(resolution.document, settings),
            "requirements": resolution.document["requirements"],
            "indexes": [*settings.extra_package_indexes, settings.package_index],
            "strategy": settings.package_index_strategy,
            "artifactSecret": artifact_secret(bundle.spec.serving, resolution.uri, settings),
            "bucket": resolution.uri.partition("://")[2].partition("/")[0],
        }
    )


def layer_text(layer: Layer | None) -> str | None:
    """What the ConfigMap says of it; None where there is none."""
    if layer is None or layer.uri is None:
        return None
    reference = LayerReference(layer.digest or "", layer.sha256 or "", layer.uri, layer.bytes or 0)
    return compact(reference.as_dict())


def layer_mounts(resolution: Resolution, read_only: bool = True) -> list[dict[str, Any]]:
    """Of prepare, which fetches it, and of install and worker, which read it: where there is anything to install."""
    if not resolution.document.get("requirements"):
        return []
    mount = {"name": LAYER_VOLUME, "mountPath": Layout().layer_volume}
    return [{**mount, "readOnly": True} if read_only else mount]


def layer_volumes(serving: Serving, resolution: Resolution) -> list[dict[str, Any]]:
    """As large as what install may put in place."""
    most = (serving.size_limits or SizeLimits()).requirements
    limit = {} if most is None else {"sizeLimit": str(most)}
    return [{"name": LAYER_VOLUME, "emptyDir": limit}] if resolution.document.get("requirements") else []


def layer_option(serving: Serving, resolution: Resolution) -> list[str]:
    """For prepare, where the volume is limited: it leaves a layer that is larger, before the pod is evicted for it."""
    most = amount((serving.size_limits or SizeLimits()).requirements)
    return ["--layer-bytes", str(int(most))] if most is not None and resolution.document.get("requirements") else []
