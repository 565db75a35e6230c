"""What the platform puts around every pod: certificates, proxies, ways of its store, users, labels. All of it is
settings of the operator, and where none is set the pod is as without this module."""

from typing import Any

from bundle_runtime.contract.layout import CERTIFICATES_VARIABLE, Layout
from bundle_runtime.contract.store_variables import STORE_REGION, STORE_SIGNATURE, STORE_STYLE
from modelbundle_operator.api.names import Serving
from modelbundle_operator.render.claim import claim_of
from modelbundle_operator.settings import Settings

_FILE = Layout().certificates_file
_DIRECTORY, _, _NAME = _FILE.rpartition("/")
_VOLUME = "certificates"
# of OpenSSL (Python's ssl, uv, curl), of requests, of the AWS libraries
_TRUST = ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "AWS_CA_BUNDLE")
# the pod itself, names of the cluster, and where clouds give pods their identity: no proxy knows the way to them
_NEVER_BY_PROXY = (
    "localhost", "127.0.0.1", "::1", ".svc", ".cluster.local", "169.254.169.254", "169.254.170.2", "169.254.170.23",
)  # fmt: skip


def literal(value: str) -> str:
    """The kubelet expands $(NAME) and makes one $ of two; doubling each gives the value as it was written."""
    return value.replace("$", "$$")


def trust_env(settings: Settings) -> dict[str, str]:
    """For every container: the usual variables name the file."""
    return dict.fromkeys(_TRUST, _FILE) if settings.ca_config_map else {}


def trust_origin(settings: Settings) -> dict[str, str]:
    """For prepare, which says so when the file is missing or does not hold the certificate that is wanted."""
    if not settings.ca_config_map:
        return {}
    return {CERTIFICATES_VARIABLE: f"ConfigMap {settings.ca_config_map}, key {settings.ca_key}"}


def trust_mounts(settings: Settings) -> list[dict[str, Any]]:
    """A directory and not one file of it, so that the kubelet follows changes of the ConfigMap."""
    return [{"name": _VOLUME, "mountPath": _DIRECTORY, "readOnly": True}] if settings.ca_config_map else []


def trust_volumes(settings: Settings) -> list[dict[str, Any]]:
    """Optional: without it the kubelet would wait in silence, where prepare can say what is missing."""
    if not settings.ca_config_map:
        return []
    items = [{"key": settings.ca_key, "path": _NAME}]
    return [{"name": _VOLUME, "configMap": {"name": settings.ca_config_map, "items": items, "optional": True}}]


def proxy_env(settings: Settings) -> dict[str, str]:
    """For the containers that ask others. In both spellings: curl and wget read the small one, others the large."""
    proxies = {"HTTP_PROXY": settings.http_proxy, "HTTPS_PROXY": settings.https_proxy}
    found = {name: url for name, url in proxies.items() if url}
    if not found:
        return {}
    found["NO_PROXY"] = ",".join(dict.fromkeys((*_NEVER_BY_PROXY, *settings.no_proxy)))
    return {spelt: value for name, value in found.items() for spelt in (name, name.lower())}


def store_env(settings: Settings) -> dict[str, str]:
    """For prepare. By names of our own: a variable of the container goes before the same key of the artifact Secret."""
    found = {
        STORE_STYLE: settings.s3_addressing_style,
        STORE_REGION: settings.s3_region,
        STORE_SIGNATURE: settings.s3_signature_version,
    }
    return {name: literal(value) for name, value in found.items() if value}


def beside(placement: dict[str, Any], settings: Settings) -> dict[str, Any]:
    """The placement of a pod with what every pod has: a bundle's own entries stay, and come first."""
    every = {
        "tolerations": [dict(one) for one in settings.pod_tolerations],
        "imagePullSecrets": [{"name": name} for name in settings.pod_image_pull_secrets],
    }
    own = {name: placement.get(name, []) for name in every}
    merged = {name: [*own[name], *(one for one in more if one not in own[name])] for name, more in every.items()}
    return {**placement, **{name: found for name, found in merged.items() if found}}


def pod_labels(serving: Serving, settings: Settings) -> dict[str, str]:
    """The platform's, unless the bundle has another value."""
    return {**dict(settings.pod_labels), **(serving.pod_labels or {})}


def pod_annotations(serving: Serving, settings: Settings) -> dict[str, str]:
    """The same of annotations."""
    return {**dict(settings.pod_annotations), **(serving.pod_annotations or {})}


def user(uid: int, settings: Settings) -> dict[str, int]:
    """Of a container. Where the platform chooses, all containers of a pod get one user of it, and group 0."""
    return {} if settings.pod_ids == "platform" else {"runAsUser": uid, "runAsGroup": uid}


def group(gid: int, settings: Settings) -> dict[str, Any]:
    """Of the volumes, so that containers of different users can use them together."""
    return {} if settings.pod_ids == "platform" else {"fsGroup": gid, "fsGroupChangePolicy": "OnRootMismatch"}


def artifact_secret(serving: Serving, uri: str, settings: Settings) -> str:
    """The bundle's own, else the operator's; empty for none, which a bundle may ask for and a claim needs."""
    if serving.artifact_secret_name is not None:
        return serving.artifact_secret_name
    return "" if claim_of(uri) else settings.artifact_secret
