"""Every number and name that the platform engineer can set, in one table, read once from the environment.

A bad value stops the operator at its start with the variable's name, rather than a bundle at three in the morning.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from typing import Any
from urllib.parse import urlsplit

from modelbundle_operator.setting_values import (
    AddressingStyle,
    IndexStrategy,
    PodIds,
    PullPolicy,
    SignatureVersion,
    annotations,
    config_key,
    flag,
    hosts,
    image,
    indexes,
    labels,
    log_level,
    namespace,
    namespaces,
    object_name,
    object_names,
    one_of,
    proxy,
    tolerations,
)


class SettingsError(ValueError):
    """A variable is missing or wrong; the message names it."""


def _text(value: str) -> str:
    return value.strip()


def _whole(low: int, high: int) -> Callable[[str], int]:
    def parse(value: str) -> int:
        number = int(value)
        if not low <= number <= high:
            raise ValueError(f"must lie between {low} and {high}")
        return number

    return parse


def _url(value: str) -> str:
    value = value.strip()
    if value and (urlsplit(value).scheme not in ("http", "https") or not urlsplit(value).hostname):
        raise ValueError("must be an http or https URL")
    return value


def _index(value: str) -> str:
    if "@" in value.partition("?")[0]:
        raise SettingsError(
            "MODELBUNDLE_PACKAGE_INDEX holds a user name or password, which everybody who may read pods could read:"
            " MODELBUNDLE_PACKAGE_INDEX_SECRET names a Secret for them"
        )
    return _url(value)


def _setting(variable: str, default: Any, parse: Callable[[str], Any], text: str) -> Any:
    return field(default=default, metadata={"variable": variable, "parse": parse, "text": text})


@dataclass(frozen=True)
class Settings:
    """One attribute per variable; `table()` prints them all for the docs."""

    runtime_image: str = _setting(
        "MODELBUNDLE_RUNTIME_IMAGE", "modelbundle/runtime:0.2.0", image, "Image of prepare and server."
    )
    image_mirror: str = _setting(
        "MODELBUNDLE_IMAGE_MIRROR", "", image, "Put before pytorch and tensorflow images, such as mirror.local/hub."
    )
    pytorch_repository: str = _setting(
        "MODELBUNDLE_PYTORCH_REPOSITORY", "pytorch/pytorch", image, "Image that pytorchImageTag is a tag of."
    )
    tensorflow_repository: str = _setting(
        "MODELBUNDLE_TENSORFLOW_REPOSITORY",
        "tensorflow/tensorflow",
        image,
        "Image that tensorflowVersion is a tag of.",
    )
    image_pull_policy: PullPolicy = _setting(  # noqa: RUF009
        "MODELBUNDLE_IMAGE_PULL_POLICY",
        "IfNotPresent",
        one_of(PullPolicy, "Always, IfNotPresent or Never"),
        "Pull policy of every container.",
    )
    package_index: str = _setting(
        "MODELBUNDLE_PACKAGE_INDEX", "", _index, "Python package index for requirements; PyPI when empty."
    )
    artifact_secret: str = _setting(
        "MODELBUNDLE_ARTIFACT_SECRET",
        "",
        object_name,
        "Secret with the artifact store's credentials, in each bundle's namespace, for bundles that name none.",
    )
    watch_namespaces: tuple[str, ...] = _setting(
        "MODELBUNDLE_WATCH_NAMESPACES", (), namespaces, "Namespaces to serve, separated by commas; all when empty."
    )
    workers: int = _setting(
        "MODELBUNDLE_WORKERS", 16, _whole(1, 256), "Bundles reconciled at the same time; of one namespace, half of it."
    )
    reconcile_seconds: int = _setting(
        "MODELBUNDLE_RECONCILE_SECONDS", 60, _whole(1, 3600), "Longest time that one reconcile may take."
    )
    request_seconds: int = _setting(
        "MODELBUNDLE_REQUEST_SECONDS",
        15,
        _whole(1, 300),
        "Longest time that one call to the API server may take; a write may take 3.5 s at most.",
    )
    resync_seconds: int = _setting(
        "MODELBUNDLE_RESYNC_SECONDS", 300, _whole(10, 86400), "Resync interval: time between two LISTs of everything."
    )
    drain_seconds: int = _setting(
        "MODELBUNDLE_DRAIN_SECONDS", 5, _whole(0, 600), "Time that a leaving pod waits for endpoints to follow."
    )
    no_capacity_seconds: int = _setting(
        "MODELBUNDLE_NO_CAPACITY_SECONDS", 60, _whole(1, 86400), "An unschedulable pod becomes WaitingForCapacity then."
    )
    replicas_max: int = _setting(
        "MODELBUNDLE_REPLICAS_MAX", 1000, _whole(1, 10000), "Most pods that one bundle may ask for."
    )
    lease_namespace: str = _setting(
        "MODELBUNDLE_LEASE_NAMESPACE",
        "modelbundle-system",
        namespace,
        "Namespace of the Lease modelbundle-operator: of the operators that share it one works, the others stand by.",
    )
    probe_port: int = _setting(
        "MODELBUNDLE_PROBE_PORT", 8081, _whole(1, 65535), "Port of the operator's own /healthz, /readyz and /metrics."
    )
    log_level: str = _setting("MODELBUNDLE_LOG_LEVEL", "INFO", log_level, "Log level of the operator.")
    tracing_endpoint: str = _setting(
        "MODELBUNDLE_TRACING_ENDPOINT",
        "",
        _url,
        "Collector (OTLP over HTTP) for the spans of bundles that name none; pods get it when they are rolled out.",
    )
    tracing_sampling_rate_per_million: int = _setting(
        "MODELBUNDLE_TRACING_SAMPLING_RATE_PER_MILLION",
        1_000_000,
        _whole(0, 1_000_000),
        "Requests of a million that are traced where neither the caller nor the bundle has decided.",
    )
    limits_directory: str = _setting(
        "MODELBUNDLE_LIMITS_DIRECTORY",
        "",
        _text,
        "Directory of the limits of what bundles may ask for, a file each; none when empty.",
    )
    ca_config_map: str = _setting(
        "MODELBUNDLE_CA_CONFIG_MAP",
        "",
        object_name,
        "ConfigMap of each bundle's namespace with the certificates that its pods trust; each image's own when empty.",
    )
    ca_key: str = _setting("MODELBUNDLE_CA_KEY", "ca.crt", config_key, "Key of that ConfigMap.")
    http_proxy: str = _setting(
        "MODELBUNDLE_HTTP_PROXY",
        "",
        proxy,
        "Proxy of bundles' pods for http://, such as http://proxy.example.com:3128.",
    )
    https_proxy: str = _setting("MODELBUNDLE_HTTPS_PROXY", "", proxy, "Proxy of bundles' pods for https://.")
    no_proxy: tuple[str, ...] = _setting(
        "MODELBUNDLE_NO_PROXY",
        (),
        hosts,
        "Hosts that pods ask without a proxy, separated by commas; the pod itself and names of the cluster always are.",
    )
    extra_package_indexes: tuple[str, ...] = _setting(
        "MODELBUNDLE_EXTRA_PACKAGE_INDEXES",
        (),
        indexes,
        "Indexes that are asked before packageIndex, in this order, separated by commas.",
    )
    package_index_strategy: IndexStrategy = _setting(  # noqa: RUF009
        "MODELBUNDLE_PACKAGE_INDEX_STRATEGY",
        "",
        one_of(IndexStrategy, "first-index, unsafe-first-match or unsafe-best-match"),
        "Of several indexes: first-index (uv's default), unsafe-first-match or unsafe-best-match.",
    )
    package_index_secret: str = _setting(
        "MODELBUNDLE_PACKAGE_INDEX_SECRET",
        "",
        object_name,
        "Secret of each bundle's namespace whose key netrc has the logins of package indexes; install alone gets it.",
    )
    s3_addressing_style: AddressingStyle = _setting(  # noqa: RUF009
        "MODELBUNDLE_S3_ADDRESSING_STYLE",
        "",
        one_of(AddressingStyle, "path, virtual or auto"),
        "path (HOST/BUCKET), virtual (BUCKET.HOST) or auto, unless the artifact Secret has AWS_S3_ADDRESSING_STYLE.",
    )
    s3_region: str = _setting(
        "MODELBUNDLE_S3_REGION", "", _text, "Region of the artifact store, unless the artifact Secret has AWS_REGION."
    )
    s3_signature_version: SignatureVersion = _setting(  # noqa: RUF009
        "MODELBUNDLE_S3_SIGNATURE_VERSION",
        "",
        one_of(SignatureVersion, "s3v4, or s3 for stores that know the older signature only"),
        "s3v4 or s3 (the older one), unless the artifact Secret has AWS_S3_SIGNATURE_VERSION.",
    )
    pod_image_pull_secrets: tuple[str, ...] = _setting(
        "MODELBUNDLE_POD_IMAGE_PULL_SECRETS",
        (),
        object_names,
        "Secrets of each bundle's namespace with which its pods pull images, beside the bundle's own.",
    )
    pod_tolerations: tuple[dict[str, Any], ...] = _setting(
        "MODELBUNDLE_POD_TOLERATIONS",
        (),
        tolerations,
        "Tolerations of bundles' pods beside their own, as a JSON array.",
    )
    pod_ids: PodIds = _setting(  # noqa: RUF009
        "MODELBUNDLE_POD_IDS",
        "fixed",
        one_of(PodIds, "fixed, or platform where an admission plugin gives pods their ids, as in OpenShift"),
        "fixed: users and groups of our own; platform: none are asked for, as OpenShift gives each pod its own.",
    )
    precheck: bool = _setting(
        "MODELBUNDLE_PRECHECK",
        True,
        flag,
        "Whether artifact, image and requirements of a bundle with GPUs are first tried by a Job without one.",
    )
    layers: bool = _setting(
        "MODELBUNDLE_LAYERS",
        True,
        flag,
        "Whether requirements are installed once for all pods and clones, and kept beside the artifact at s3://.",
    )
    pod_labels: tuple[tuple[str, str], ...] = _setting(
        "MODELBUNDLE_POD_LABELS", (), labels, "Labels of bundles' pods, as a JSON object; a bundle's own go before."
    )
    pod_annotations: tuple[tuple[str, str], ...] = _setting(
        "MODELBUNDLE_POD_ANNOTATIONS",
        (),
        annotations,
        "Annotations of bundles' pods, as a JSON object; a bundle's own go before.",
    )

    @classmethod
    def from_environment(cls, environ: Mapping[str, str]) -> "Settings":
        """Settings from MODELBUNDLE_* variables; empty ones count as unset."""
        known = {item.metadata["variable"]: item for item in fields(cls)}
        values: dict[str, Any] = {}
        for variable, item in known.items():
            text = environ.get(variable, "").strip()
            if text:
                try:
                    values[item.name] = item.metadata["parse"](text)
                except SettingsError:
                    raise  # which names the variable, and not its value
                except ValueError as error:
                    shown = "" if "@" in text else f"={text!r}"  # a password may stand before the @
                    raise SettingsError(f"{variable}{shown} is not usable: {error}") from None
        if not values.get("runtime_image", cls.runtime_image):
            raise SettingsError("MODELBUNDLE_RUNTIME_IMAGE must name the runtime image")
        return cls(**values)


def table() -> list[tuple[str, str, str]]:
    """(variable, default, what it means) for every setting, for the docs."""
    return [(item.metadata["variable"], str(item.default or ""), item.metadata["text"]) for item in fields(Settings)]
