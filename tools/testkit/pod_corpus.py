"""The rows of crd_corpus.py about what a bundle's author adds to its pods."""

from __future__ import annotations

from typing import Any

from tools.testkit.model_bundles import model_bundle

Case = tuple[str, dict[str, Any]]


def _serving(why: str, **fields: Any) -> Case:
    return why, model_bundle(serving=fields)


def _breaks(why: str, says: str, **fields: Any) -> tuple[str, dict[str, Any], str]:
    return why, model_bundle(serving=fields), says


POD_VALID: list[Case] = [
    _serving("labels", podLabels={"kueue.x-k8s.io/queue-name": "models", "team": "", "mymodelbundle.dev/a": "b"}),
    _serving("annotations", podAnnotations={"sidecar.istio.io/inject": "false", "note": "any text: {}"}),
]

POD_SCHEMA_ERRORS: list[Case] = [
    _serving("a pod label that is no label value", podLabels={"team": "a b"}),
    _serving("a pod label as a switch", podLabels={"sidecar.istio.io/inject": True}),
    _serving("too many pod labels", podLabels={f"a{number}": "" for number in range(33)}),
    _serving("a pod annotation as a number", podAnnotations={"a": 1}),
    _serving("a long pod annotation", podAnnotations={"a": "x" * 4097}),
]

_OURS = "podLabels: modelbundle.dev/*, app.kubernetes.io/managed-by and pod-template-hash"
_WALLS = "AppArmor and seccomp"

POD_RULE_ERRORS: list[tuple[str, dict[str, Any], str]] = [
    _breaks("a pod label key that is none", "podLabels has a key", podLabels={"a b": "c"}),
    _breaks("the label by which pods are found", _OURS, podLabels={"modelbundle.dev/bundle": "other"}),
    _breaks("a label below it", _OURS, podLabels={"x.modelbundle.dev/a": "b"}),
    _breaks("the label of the operator", _OURS, podLabels={"app.kubernetes.io/managed-by": "Helm"}),
    _breaks("the label of ReplicaSets", _OURS, podLabels={"pod-template-hash": "1"}),
    _breaks("a pod annotation key that is none", "podAnnotations has a key", podAnnotations={"/": "c"}),
    _breaks("a pod annotation of ours", "set by the operator", podAnnotations={"modelbundle.dev/rollout-token": "1"}),
    _breaks(
        "kubectl's own annotation",
        "set by the operator",
        podAnnotations={"kubectl.kubernetes.io/default-container": "server"},
    ),
    _breaks(
        "no AppArmor", _WALLS, podAnnotations={"container.apparmor.security.beta.kubernetes.io/worker": "unconfined"}
    ),
    _breaks("no seccomp", _WALLS, podAnnotations={"seccomp.security.alpha.kubernetes.io/pod": "unconfined"}),
]
