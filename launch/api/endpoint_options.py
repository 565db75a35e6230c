"""The options of create_model_endpoint and edit_model_endpoint as fields of spec.serving. Pure.

An option of the original that cannot be done yet is refused by name, never ignored; its default is accepted.
"""

from __future__ import annotations

from typing import Any, Dict, Mapping

from bundle_spec.names import GROUP
from launch.cluster.serving import serving_fields
from launch.errors import InvalidBundleError, NotSupportedError, WrongTypeError
from launch.model_endpoint import STREAMING, SYNC

# option -> the values that ask for nothing, and what to do instead of the others
_REFUSED: Mapping[str, Any] = {
    "high_priority": ((None, False), "set spec.serving.priorityClassName of the bundle"),
    "post_inference_hooks": ((None, [], ()), "call your hook with the response of predict()"),
    "default_callback_url": ((None, ""), "call it with the response of predict()"),
    "default_callback_auth_kind": ((None, ""), "there are no callbacks"),
    "default_callback_auth_username": ((None, ""), "there are no callbacks"),
    "default_callback_auth_password": ((None, ""), "there are no callbacks"),
    "default_callback_auth_cert": ((None, ""), "there are no callbacks"),
    "default_callback_auth_key": ((None, ""), "there are no callbacks"),
    "public_inference": ((None, False), "put an Ingress or a Gateway before the endpoint's Service"),
    "per_worker": (
        (None, 10),
        "it is a target of autoscaling, which is not built yet; forwarder_max_concurrency is the number of requests "
        "that one worker computes at the same time",
    ),
}


def endpoint_fields(options: Mapping[str, Any]) -> Dict[str, Any]:
    """Of spec.serving, those that were given (None: not given); NotSupportedError names the option."""
    kind = options.get("endpoint_type") or SYNC
    if kind not in (SYNC, STREAMING):
        raise NotSupportedError(f"endpoint_type={kind!r} is not supported: endpoints are 'sync' or 'streaming'")
    for name, (nothing, advice) in _REFUSED.items():
        value = options.get(name)
        if value not in nothing and not (kind == STREAMING and (name, value) == ("per_worker", 1)):
            raise NotSupportedError(f"{name}={_shown(name, value)} is not supported: {advice}")
    fewest, most = options.get("min_workers"), options.get("max_workers")
    if fewest is not None and most is not None and fewest != most:
        raise NotSupportedError(
            f"min_workers={fewest} and max_workers={most}: autoscaling is not built yet, give the same number for both"
        )
    replicas = fewest if fewest is not None else most
    return serving_fields(
        replicas=replicas,
        gpus=options.get("gpus"),
        cpus=options.get("cpus"),
        memory=options.get("memory"),
        storage=options.get("storage"),
        max_concurrency=options.get("forwarder_max_concurrency"),
    )


def checked_labels(labels: Any) -> Dict[str, str]:
    """The labels as a dict; WrongTypeError when they are not texts, InvalidBundleError for a label of the product."""
    if labels is None:
        return {}
    if not isinstance(labels, Mapping):
        raise WrongTypeError(f"labels must be a dict of texts, it is a {type(labels).__name__}")
    for key, value in labels.items():
        if not isinstance(key, str) or not isinstance(value, str):
            raise WrongTypeError(f"labels must be texts, one is {key!r}: {value!r}")
        if key.partition("/")[0].endswith(GROUP):
            raise InvalidBundleError(f"the label {key} is one of the product's own: choose another")
    return dict(labels)


def _shown(name: str, value: Any) -> str:
    return "..." if "auth" in name else repr(value)
