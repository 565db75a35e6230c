"""The Deployment, and the promise that an operator upgrade restarts no model (docs/adr/0002)."""

import hashlib
import json
from typing import Any

from modelbundle_operator.api.differs import differs
from modelbundle_operator.api.names import ANNOTATION_INPUTS, ANNOTATION_TEMPLATE, FIELD_MANAGER, ModelBundle
from modelbundle_operator.bundle.naming import child_metadata, selector
from modelbundle_operator.bundle.resolve import Resolution
from modelbundle_operator.judge.observation import WORKER
from modelbundle_operator.render.hashes import compact
from modelbundle_operator.render.pod import pod_template
from modelbundle_operator.settings import Settings

REVISIONS_KEPT = 2
SCHEME = "1:"
PROGRESS_MARGIN_SECONDS = 600  # image pulls and downloads come before the worker's own start


def deployment(
    bundle: ModelBundle,
    resolution: Resolution,
    settings: Settings,
    live: dict[str, Any] | None,
    replace: bool,
    hold: bool,
) -> dict[str, Any]:
    """The Deployment with the template that is kept, or a new one where what the user asked for has changed."""
    serving = bundle.spec.serving
    inputs = inputs_hash(bundle, resolution, _scheme_of(live))
    template = kept_template(live, inputs)
    if template is None:
        inputs, template = inputs_hash(bundle, resolution), pod_template(bundle, resolution, settings)
    metadata = child_metadata(bundle, resolution.digest, resolution.lineage.root)
    metadata["annotations"] = {ANNOTATION_INPUTS: inputs, ANNOTATION_TEMPLATE: compact(template)}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": metadata,
        "spec": {
            "replicas": 0 if hold else serving.replicas,
            "selector": {"matchLabels": selector(bundle.metadata.name)},
            "strategy": {
                "type": "RollingUpdate",
                "rollingUpdate": {"maxSurge": 0, "maxUnavailable": 1}
                if replace
                else {"maxSurge": 1, "maxUnavailable": 0},
            },
            "progressDeadlineSeconds": serving.startup_timeout_seconds + PROGRESS_MARGIN_SECONDS,
            "revisionHistoryLimit": REVISIONS_KEPT,
            "template": template,
        },
    }


def asked_image(deployment: dict[str, Any]) -> str:
    """The worker's image in it: one that is kept may be of a mirror that is no longer the setting."""
    containers = deployment["spec"]["template"]["spec"]["containers"]
    return next((str(each["image"]) for each in containers if each["name"] == WORKER), "")


def inputs_hash(bundle: ModelBundle, resolution: Resolution, scheme: str = SCHEME) -> str:
    """Hash of what the user decides about a pod, with its scheme before it; empty for a scheme that is not known."""
    made = _SCHEMES.get(scheme)
    return "" if made is None else f"{scheme}{made(bundle, resolution)}"


def _hash(bundle: ModelBundle, resolution: Resolution) -> str:
    """Of the content, where it lies, and serving.

    Nothing of the operator is in it, nor the version of the API in which the bundle was written. Defaults are left out,
    so a field that a later version adds changes no hash.
    """
    serving = bundle.spec.serving.model_dump(by_alias=True, exclude_defaults=True, exclude_none=True)
    serving.pop("replicas", None)
    serving.pop("disruptionBudget", None)  # it is an object beside the pods
    serving.get("rollout", {}).pop("whenNoCapacity", None)
    set_fields = {name: value for name, value in serving.items() if value not in ({}, [])}
    inputs = {"digest": resolution.digest, "uri": resolution.uri, "serving": set_fields}
    return hashlib.sha256(compact(inputs).encode()).hexdigest()


def _scheme_of(live: dict[str, Any] | None) -> str:
    annotations = ((live or {}).get("metadata") or {}).get("annotations") or {}
    scheme, colon, _ = str(annotations.get(ANNOTATION_INPUTS, "")).rpartition(":")
    return scheme + colon


def kept_template(live: dict[str, Any] | None, inputs: str) -> dict[str, Any] | None:
    """The template as it was applied, when it was rendered from the same inputs.

    Where somebody else has written it down, as whoever restores a backup does, it counts if the Deployment has it too:
    an edit of the note is no wish for other pods.
    """
    metadata = (live or {}).get("metadata") or {}
    annotations = metadata.get("annotations") or {}
    if live is None or not inputs or annotations.get(ANNOTATION_INPUTS) != inputs:
        return None
    try:
        template = json.loads(annotations.get(ANNOTATION_TEMPLATE, ""))
        asked_image({"spec": {"template": template}})
    except (ValueError, RecursionError, TypeError, KeyError):  # it was edited, and is none: render again
        return None
    writers = _writers(metadata)
    is_ours = FIELD_MANAGER in writers or not writers
    return template if is_ours or not differs(live["spec"].get("template"), template) else None


def _writers(metadata: dict[str, Any]) -> set[str]:
    """The field managers of the note: who changes a value takes it from the others."""
    fields = [
        (entry.get("manager", ""), ((entry.get("fieldsV1") or {}).get("f:metadata") or {}).get("f:annotations") or {})
        for entry in metadata.get("managedFields") or []
    ]
    return {manager for manager, owned in fields if f"f:{ANNOTATION_TEMPLATE}" in owned}


# One that an API of another shape needs is added, and these stay: a Deployment has the one that it was rendered with
# until its user changes something, and is restarted by no other. 0.1.0 wrote none.
_SCHEMES = {"": _hash, SCHEME: _hash}
