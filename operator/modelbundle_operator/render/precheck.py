"""The Job that tries a bundle before a GPU is taken (docs/adr/0037), and the hash by which it is named."""

from typing import Any

from modelbundle_operator.api.names import (
    ANNOTATION_LAYER,
    LABEL_BUNDLE,
    LABEL_MANAGED_BY,
    MANAGED_BY,
    ModelBundle,
    Serving,
)
from modelbundle_operator.bundle.images import worker_image
from modelbundle_operator.bundle.naming import child_metadata
from modelbundle_operator.bundle.resolve import Resolution
from modelbundle_operator.render.claim import claim_volumes
from modelbundle_operator.render.containers import LAYOUT, install, prepare
from modelbundle_operator.render.hashes import hash_of
from modelbundle_operator.render.layers import LAYER_VOLUME, layer_volumes
from modelbundle_operator.render.pod import confined, gpu_taints, own_volumes
from modelbundle_operator.render.resources import precheck_resources
from modelbundle_operator.render.surroundings import (
    artifact_secret,
    beside,
    literal,
    pod_annotations,
    pod_labels,
    trust_volumes,
)
from modelbundle_operator.settings import Settings

RETRIES = 6  # of the kubelet, while no operator looks: it gives up after three
KEPT_SECONDS = 600
GRACE_SECONDS = 5
# a condition of the pod that nobody writes: it is never ready, so no Service of anybody sends it a request
NEVER = "modelbundle.dev/serves"

_VOLUMES = ("config", "bundle", "requirements", "install-tmp", "runtime-tmp")
# what prepare and install read of the bundle document
_READ = ("artifact", "requirements", "requestSchema", "responseSchema", "loadPredictFn", "loadModelFn")
# of a nodeSelector: the rest chooses nodes with GPUs
_OF_MACHINES = ("kubernetes.io/arch", "kubernetes.io/os")


def precheck_inputs(bundle: ModelBundle, resolution: Resolution, settings: Settings) -> str:
    """Hash of what the result depends on. Neither replicas, sizes and places are in it nor what only the worker has."""
    serving = bundle.spec.serving
    inputs = {
        "uri": resolution.uri,
        "document": {name: resolution.document.get(name) for name in _READ},
        "image": worker_image(resolution.document, settings),
        "artifactSecret": artifact_secret(serving, resolution.uri, settings),
        "serviceAccount": serving.service_account_name or "",
        "pullSecrets": [secret.name for secret in serving.image_pull_secrets or []],
    }
    if serving.warm_up:  # prepare holds it against the schema; where there is none the hash is as it was
        inputs["warmUp"] = serving.warm_up
    return hash_of(inputs)


def precheck_name(inputs: str) -> str:
    """The Job's name: of one hash there is one in a namespace."""
    return f"modelbundle-precheck-{inputs.removeprefix('sha256:')[:16]}"


def precheck_job(
    bundle: ModelBundle, resolution: Resolution, settings: Settings, name: str, layer: str = ""
) -> dict[str, Any]:
    """The Job, which mounts the ConfigMap of its bundle. `layer`: the inputs of the one that it is to make, if any."""
    serving = bundle.spec.serving
    metadata = {**child_metadata(bundle, resolution.digest, resolution.lineage.root), "name": name}
    first, then = prepare(bundle, resolution, settings), _install(bundle, resolution, settings)
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {**metadata, "annotations": {ANNOTATION_LAYER: layer}} if layer else metadata,
        "spec": {
            "backoffLimit": RETRIES,
            "ttlSecondsAfterFinished": KEPT_SECONDS,
            "template": {
                "metadata": {
                    "labels": {
                        **pod_labels(serving, settings),
                        LABEL_MANAGED_BY: MANAGED_BY,
                        LABEL_BUNDLE: bundle.metadata.name,
                    },
                    "annotations": {
                        **pod_annotations(serving, settings),
                        "kubectl.kubernetes.io/default-container": "install",
                    },
                },
                "spec": {
                    **confined(settings),
                    "restartPolicy": "OnFailure",
                    "readinessGates": [{"conditionType": NEVER}],
                    "terminationGracePeriodSeconds": GRACE_SECONDS,
                    **beside(_placement(serving), settings),
                    "initContainers": [first, then] if layer else [first],
                    "containers": [_store(first, resolution)] if layer else [then],
                    "volumes": [
                        *(volume for volume in own_volumes(bundle) if volume["name"] in _VOLUMES),
                        *layer_volumes(serving, resolution),
                        *trust_volumes(settings),
                        *claim_volumes(resolution.uri),
                    ],
                },
            },
        },
    }


def _install(bundle: ModelBundle, resolution: Resolution, settings: Settings) -> dict[str, Any]:
    """The same with the image's Python looked at before, also where nothing is to be installed."""
    return {
        **install(bundle, resolution, settings),
        "command": ["python3", "-m", "bundle_runtime.worker.precheck"],
        "resources": precheck_resources(bundle.spec.serving),
    }


def _store(prepare: dict[str, Any], resolution: Resolution) -> dict[str, Any]:
    """Packs what install has put in place and uploads it, with the keys of prepare and all else that it has."""
    mounts = [mount for mount in prepare["volumeMounts"] if mount["name"] not in ("bundle", LAYER_VOLUME)]
    return {
        **prepare,
        "name": "store",
        "command": ["python", "-m", "bundle_runtime.store", "--beside", literal(resolution.uri)],
        "volumeMounts": [*mounts, {"name": "requirements", "mountPath": LAYOUT.requirements_dir, "readOnly": True}],
    }


def _placement(serving: Serving) -> dict[str, Any]:
    """What the containers read, and any node but those that are kept for GPUs."""
    taints = gpu_taints(serving.gpu.resource_name)
    wanted = {
        "nodeSelector": {name: at for name, at in (serving.node_selector or {}).items() if name in _OF_MACHINES},
        "tolerations": [
            item.model_dump(by_alias=True, exclude_none=True)
            for item in serving.tolerations or []
            if item.key and item.key not in taints
        ],
        "priorityClassName": serving.priority_class_name,
        "serviceAccountName": serving.service_account_name,
        "imagePullSecrets": [{"name": secret.name} for secret in serving.image_pull_secrets or []],
    }
    return {name: value for name, value in wanted.items() if value}
