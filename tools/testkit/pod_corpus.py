"""The rows of crd_corpus.py about what a bundle's author adds to its pods."""

from __future__ import annotations

from typing import Any

from tools.testkit.model_bundles import model_bundle

Case = tuple[str, dict[str, Any]]


def _serving(why: str, **fields: Any) -> Case:
    return why, model_bundle(serving=fields)


def _breaks(why: str, says: str, **fields: Any) -> tuple[str, dict[str, Any], str]:
    return why, model_bundle(serving=fields), says


CLAIM: dict[str, Any] = {"name": "w", "mountPath": "/models", "persistentVolumeClaim": {"claimName": "weights"}}
SECRET: dict[str, Any] = {"name": "s", "mountPath": "/cert", "secret": {"secretName": "cert"}}

GPU_TYPES = {"key": "gpu", "operator": "In", "values": ["a100", "h100"]}
NODES = {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": [{"matchExpressions": [GPU_TYPES]}]}}
ZONES = {"topologyKey": "topology.kubernetes.io/zone", "maxSkew": 2, "whenUnsatisfiable": "DoNotSchedule"}

TOKEN: dict[str, Any] = {"name": "HF_TOKEN", "valueFrom": {"secretKeyRef": {"name": "hf", "key": "token"}}}


def _without(volume: dict[str, Any], name: str) -> dict[str, Any]:
    return {key: value for key, value in volume.items() if key != name}


# as YAML reads what people write in a pod: .5, 1.0 and 1e9 are numbers, 1E and 8Gi are texts
_QUANTITIES: list[Any] = [2, 0.5, 1.0, 1e9, "0.5", ".5", "5.", "500m", "1E", "8Gi", "2Ei", "1e3", "1.5E-3", "100u"]

POD_VALID: list[Case] = [
    _serving("labels", podLabels={"kueue.x-k8s.io/queue-name": "models", "team": "", "mymodelbundle.dev/a": "b"}),
    _serving("annotations", podAnnotations={"sidecar.istio.io/inject": "false", "note": "any text: {}"}),
    _serving("a claim, a Secret and a ConfigMap", volumes=[
        {**CLAIM, "readOnly": False, "subPath": "llama/v3"}, SECRET,
        {"name": "c", "mountPath": "/models-of-mine/.c", "configMap": {"name": "c", "optional": True}},
    ]),
    _serving("affinity", affinity={"nodeAffinity": NODES, "podAntiAffinity": {}}),
    _serving("a spread over hosts and zones", topologySpread=[{"topologyKey": "kubernetes.io/hostname"}, ZONES]),
    _serving("a scheduler", schedulerName="gpu.binpacking-scheduler"),
    _serving("keys of a Secret and a ConfigMap", env=[
        TOKEN, {"name": "MODE", "valueFrom": {"configMapKeyRef": {"name": "c", "key": "a.b_C-d", "optional": True}}},
    ]),
    *(_serving(f"the quantity {quantity!r}", resources={"cpu": quantity}) for quantity in _QUANTITIES),
    _serving("CPU limits", resources={"cpu": 1, "cpuLimit": "1500m"}, serverResources={"cpuLimit": 1}),
    _serving("prepare's resources", prepareResources={"cpu": "100m", "memory": "256Mi"}),
    _serving("sizes", sizeLimits={"artifact": "10Gi", "requirements": "5Gi", "tmp": "20Gi", "shm": "1Gi"}),
]  # fmt: skip

POD_SCHEMA_ERRORS: list[Case] = [
    _serving("a pod label that is no label value", podLabels={"team": "a b"}),
    _serving("a pod label as a switch", podLabels={"sidecar.istio.io/inject": True}),
    _serving("too many pod labels", podLabels={f"a{number}": "" for number in range(33)}),
    _serving("a pod annotation as a number", podAnnotations={"a": 1}),
    _serving("a long pod annotation", podAnnotations={"a": "x" * 4097}),
    _serving("a volume without a name", volumes=[_without(CLAIM, "name")]),
    _serving("a volume without a place", volumes=[_without(CLAIM, "mountPath")]),
    _serving("a volume at a relative path", volumes=[{**CLAIM, "mountPath": "models"}]),
    _serving("a volume at the root", volumes=[{**CLAIM, "mountPath": "/"}]),
    _serving("a volume at a path that ends with a slash", volumes=[{**CLAIM, "mountPath": "/models/"}]),
    _serving("a volume at a path with a colon", volumes=[{**CLAIM, "mountPath": "/a:b"}]),
    _serving("a volume of a name with a capital", volumes=[{**CLAIM, "name": "W"}]),
    _serving("a claim without a name", volumes=[{**CLAIM, "persistentVolumeClaim": {}}]),
    _serving("a subPath that is absolute", volumes=[{**CLAIM, "subPath": "/v3"}]),
    _serving("too many volumes", volumes=[{**CLAIM, "name": f"w{n}", "mountPath": f"/w{n}"} for n in range(17)]),
    _serving("affinity as a list", affinity=[NODES]),
    _serving("a spread over nothing", topologySpread=[{"maxSkew": 1}]),
    _serving("a spread over no label", topologySpread=[{"topologyKey": "a b"}]),
    _serving("a spread with no skew", topologySpread=[{**ZONES, "maxSkew": 0}]),
    _serving("a spread that may fail in another way", topologySpread=[{**ZONES, "whenUnsatisfiable": "Hope"}]),
    _serving("a scheduler without a name", schedulerName=""),
    _serving("a scheduler of a name with a capital", schedulerName="Volcano"),
    _serving("a plain value in serving.env", env=[{"name": "A", "value": "b"}]),
    _serving("a key of no Secret", env=[{**TOKEN, "valueFrom": {"secretKeyRef": {"key": "token"}}}]),
    _serving("no key of a Secret", env=[{**TOKEN, "valueFrom": {"secretKeyRef": {"name": "hf"}}}]),
    _serving("a key with a slash", env=[{**TOKEN, "valueFrom": {"secretKeyRef": {"name": "hf", "key": "a/b"}}}]),
    _serving("a CPU limit in words", resources={"cpuLimit": "2 cores"}),
    _serving("a size in words", sizeLimits={"tmp": "much"}),
    *(
        _serving(f"the quantity {quantity!r}", resources={"memory": quantity})
        for quantity in (-0.5, "", "-1", "1 ", "1K", "1mi", "1e", "e3", ".", "1" * 33)
    ),
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
    _breaks("a volume of nothing", "needs exactly one of", volumes=[_without(CLAIM, "persistentVolumeClaim")]),
    _breaks("a volume of two", "needs exactly one of", volumes=[{**CLAIM, "secret": SECRET["secret"]}]),
    _breaks("a volume twice", "a name twice", volumes=[CLAIM, {**SECRET, "name": "w"}]),
    _breaks("two volumes at one place", "mountPath twice", volumes=[CLAIM, {**SECRET, "mountPath": "/models"}]),
    _breaks("a volume inside another", "inside another", volumes=[CLAIM, {**SECRET, "mountPath": "/models/cert"}]),
    _breaks("a volume over the artifact", "mountPath is a place", volumes=[{**CLAIM, "mountPath": "/modelbundle/a"}]),
    _breaks("a volume in /tmp", "mountPath is a place", volumes=[{**CLAIM, "mountPath": "/tmp/cache"}]),
    _breaks("a volume over /usr", "mountPath is a place", volumes=[{**CLAIM, "mountPath": "/usr"}]),
    _breaks("a volume that climbs", "mountPath has a . or ..", volumes=[{**CLAIM, "mountPath": "/models/../etc"}]),
    _breaks("a subPath that climbs", "subPath has a . or ..", volumes=[{**CLAIM, "subPath": ".."}]),
    _breaks("a Secret to write to", "for a persistentVolumeClaim only", volumes=[{**SECRET, "readOnly": False}]),
    _breaks("two spreads over zones", "a topologyKey twice", topologySpread=[ZONES, _without(ZONES, "maxSkew")]),
    _breaks("a value from nothing", "valueFrom needs exactly one", env=[{**TOKEN, "valueFrom": {}}]),
    _breaks("a variable from two keys", "env names each variable once", env=[TOKEN, TOKEN]),
    _breaks("the runtime's variable from a key", "belong to the runtime", env=[{**TOKEN, "name": "PYTHONPATH"}]),
    _breaks("the devices from a key", "device plugin", env=[{**TOKEN, "name": "NVIDIA_VISIBLE_DEVICES"}]),
]
