"""The volumes that a bundle's author asks for, and where the worker has them; a pod that asks for none has neither."""

from typing import Any

from modelbundle_operator.api.names import Serving
from modelbundle_operator.api.volumes import Volume


def author_volumes(serving: Serving) -> list[dict[str, Any]]:
    """Of the pod."""
    return [{"name": _name(volume), **_source(volume)} for volume in serving.volumes or []]


def author_mounts(serving: Serving) -> list[dict[str, Any]]:
    """Of the worker."""
    return [
        {
            "name": _name(volume),
            "mountPath": volume.mount_path,
            **({"subPath": volume.sub_path} if volume.sub_path else {}),
            **({"readOnly": True} if volume.read_only else {}),
        }
        for volume in serving.volumes or []
    ]


def _name(volume: Volume) -> str:
    """Neither a volume of ours nor one that a webhook puts in can have the same."""
    return f"volume-{volume.name}"


def _source(volume: Volume) -> dict[str, Any]:
    asked = volume.model_dump(
        by_alias=True, exclude_none=True, include={"persistent_volume_claim", "config_map", "secret"}
    )
    if volume.persistent_volume_claim and volume.read_only:  # read-only as a whole: Kubernetes leaves its owners alone
        asked["persistentVolumeClaim"]["readOnly"] = True
    return asked
