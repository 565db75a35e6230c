"""Which image a bundle's worker runs in."""

from bundle_spec.document import BundleDocument
from modelbundle_operator.settings import Settings


def worker_image(document: BundleDocument, settings: Settings) -> str:
    """The full reference for envParams of a bundle document; an image of the user's own is taken as it is written."""
    params = document["envParams"]
    match params["frameworkType"]:
        case "pytorch":
            return f"{_mirrored(settings.pytorch_repository, settings)}:{params['pytorchImageTag']}"
        case "tensorflow":
            return f"{_mirrored(settings.tensorflow_repository, settings)}:{params['tensorflowVersion']}"
        case _:
            image = params["customBaseImage"]
            tag = f":{image['tag']}" if "tag" in image else ""
            digest = f"@{image['digest']}" if "digest" in image else ""
            return f"{image['repository']}{tag}{digest}"


def _mirrored(repository: str, settings: Settings) -> str:
    return f"{settings.image_mirror}/{repository}" if settings.image_mirror else repository
