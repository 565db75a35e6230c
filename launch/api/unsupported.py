"""Methods of the original's client that are not part of this product, and what to use in their place."""

from __future__ import annotations

from typing import Mapping, Optional

_IMAGES = "a Deployment of your own: such an image serves itself"
_BATCH = "a Kubernetes Job that calls the endpoint"
_LLM = "a bundle whose load_model_fn loads the model"
_TRAINING = "a training Job, whose result becomes a bundle"
_FILES = "the artifact store itself"

_PARTS: Mapping[str, str] = {
    "runnable_image": _IMAGES,
    "batch": _BATCH,
    "llm_": _LLM,
    "completions_": _LLM,
    "fine_tune": _TRAINING,
    "model_download": _FILES,
    "_file": _FILES,
}
_VERBS = ("create_", "get_", "list_", "delete_", "update_", "cancel_", "upload_", "completions_", "batch_", "model_")


def instead_of(name: str) -> Optional[str]:
    """What to use in place of the method; None for a name that the original does not have either."""
    if not name.startswith(_VERBS):
        return None
    return next((instead for part, instead in _PARTS.items() if part in name), None)
