"""Where the author of a bundle wants its pods: near to which nodes, and how far from one another."""

from typing import Any

from modelbundle_operator.api.names import ModelBundle
from modelbundle_operator.bundle.naming import selector


def author_placement(bundle: ModelBundle) -> dict[str, Any]:
    """The fields of a pod's spec that are asked for; none is there that is not."""
    wanted = {"affinity": _as_kept(bundle.spec.serving.affinity), "topologySpreadConstraints": _spread(bundle)}
    return {name: value for name, value in wanted.items() if value}


def _spread(bundle: ModelBundle) -> list[dict[str, Any]]:
    """Of the pods of one template: those of the former one are about to leave."""
    return [
        {
            **item.model_dump(by_alias=True),
            "labelSelector": {"matchLabels": selector(bundle.metadata.name)},
            "matchLabelKeys": ["pod-template-hash"],
        }
        for item in bundle.spec.serving.topology_spread or []
    ]


def _as_kept(value: Any) -> Any:
    """Without nulls and empty lists, which the API server does not keep: what is kept would differ forever."""
    if isinstance(value, dict):
        kept = {name: _as_kept(inner) for name, inner in value.items()}
        return {name: inner for name, inner in kept.items() if inner is not None and inner != []}
    if isinstance(value, list):
        return [_as_kept(inner) for inner in value]
    return value
