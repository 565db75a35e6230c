"""`spec.serving`: how a bundle is served. Mutable, and outside the digest: it changes no answer."""

from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field

from bundle_runtime.contract.wire import MAX_HEADED
from bundle_spec.connection_age import DEFAULT_IDLE_SECONDS, LONGEST_IDLE_SECONDS
from bundle_spec.request_size import DEFAULT_REQUEST_BYTES
from modelbundle_operator.api.base import INT32, ApiModel, Rule, rules
from modelbundle_operator.api.bundle import ENV_NAME, ENV_ONCE
from modelbundle_operator.api.key_env import KeyEnvVar
from modelbundle_operator.api.object_names import OBJECT_NAME, QUALIFIED_KEY, LabelValue, LocalObject, ObjectName
from modelbundle_operator.api.placement import SPREAD_RULES, TopologySpread
from modelbundle_operator.api.pods import ANNOTATION_RULES, LABEL_KEYS, LABEL_RULES
from modelbundle_operator.api.resources import PrepareResources, Resources, ServerResources, SizeLimits
from modelbundle_operator.api.volumes import VOLUME_RULES, Volume

ORIGIN = r"^(\*|[a-z][a-z0-9+.-]*://[a-z0-9._:\[\]-]+)$"

JSON_OBJECT = r"^\s*\{[\s\S]*\}\s*$"
NAME_OR_NONE = f"^({OBJECT_NAME.strip('^$')})?$"


HttpUrl = Annotated[str, Field(max_length=1024, pattern=r"^https?://[^\s@]+$")]


class Gpu(ApiModel):
    """GPUs of each replica."""

    count: int = Field(
        default=1, ge=0, le=64, description="GPUs of each replica; 0 serves on CPU.", json_schema_extra=INT32
    )
    resource_name: str = Field(
        default="nvidia.com/gpu",
        max_length=253,
        pattern=QUALIFIED_KEY,
        description="Extended resource that stands for a GPU. Its taint is tolerated.",
    )


class Tracing(ApiModel):
    """Spans of each request, which the server sends by OpenTelemetry."""

    endpoint: HttpUrl | None = Field(
        default=None,
        description="Collector that takes OTLP over HTTP, such as http://collector.observability:4318. When not set: "
        "the operator's default, or no spans.",
    )
    sampling_rate_per_million: int | None = Field(
        default=None,
        ge=0,
        le=1_000_000,
        description="Requests of a million that are traced where the caller has not decided. When not set: the "
        "operator's default, or all.",
        json_schema_extra=INT32,
    )
    service_name: str | None = Field(
        default=None,
        min_length=1,
        max_length=253,
        description="service.name of the spans; the bundle's name when not set.",
    )


class Toleration(ApiModel):
    """A taint that the pods tolerate, as in a pod."""

    key: str | None = Field(
        default=None, max_length=317, description="Taint key; empty with operator Exists matches all."
    )
    operator: Literal["Exists", "Equal"] | None = Field(default=None, description="Exists or Equal (the default).")
    value: str | None = Field(default=None, max_length=63, description="Taint value, with operator Equal.")
    effect: Literal["NoSchedule", "PreferNoSchedule", "NoExecute"] | None = Field(
        default=None, description="Taint effect; all effects when not set."
    )
    toleration_seconds: int | None = Field(
        default=None,
        ge=0,
        le=2**31 - 1,
        description="How long a NoExecute taint is tolerated.",
        json_schema_extra={"format": "int64"},
    )


class PullSecret(ApiModel):
    """A Secret with registry credentials."""

    name: ObjectName = Field(description="Name of the Secret.")


class EnvFromSource(ApiModel):
    """A Secret or ConfigMap whose keys become environment variables of the worker."""

    prefix: str | None = Field(default=None, max_length=128, pattern=ENV_NAME, description="Put before each name.")
    secret_ref: LocalObject | None = None
    config_map_ref: LocalObject | None = None

    RULES: ClassVar[tuple[Rule, ...]] = (
        Rule(
            "has(self.secretRef) != has(self.configMapRef)",
            "each envFrom entry needs exactly one of secretRef and configMapRef",
        ),
    )


class Rollout(ApiModel):
    """How a change of serving reaches the pods."""

    when_no_capacity: Literal["Wait", "Replace"] = Field(
        default="Wait",
        description="When the new pod finds no room. Wait: old pods keep serving. Replace: an old pod goes first.",
    )
    token: str | None = Field(
        default=None,
        max_length=128,
        description="Any text; a new one rolls the pods out again, with what the operator renders now.",
    )


class Serving(ApiModel):
    """How the bundle is served. Everything here may change; nothing here is part of the digest."""

    replicas: int = Field(
        default=1,
        ge=0,
        le=10000,
        description="Pods that serve. 0 keeps the bundle stored. The scale subresource sets this.",
        json_schema_extra=INT32,
    )
    gpu: Gpu = Field(default_factory=Gpu)
    resources: Resources | None = None
    max_concurrency: int = Field(
        default=1,
        ge=1,
        le=1024,
        description="Requests that a replica computes at the same time, in threads of one process.",
        json_schema_extra=INT32,
    )
    request_timeout_seconds: int = Field(
        default=60, ge=1, le=86400, description="A request that takes longer is answered 504.", json_schema_extra=INT32
    )
    max_request_bytes: int = Field(
        default=DEFAULT_REQUEST_BYTES,
        ge=1024,
        le=MAX_HEADED,
        description="Largest body of a request, also once it is decompressed; a larger one is answered 413.",
        json_schema_extra=INT32,
    )
    server_resources: ServerResources | None = None
    idle_seconds: int = Field(
        default=DEFAULT_IDLE_SECONDS,
        ge=1,
        le=LONGEST_IDLE_SECONDS,
        description="An idle connection is closed then. A ModelEndpoint that leaves the bundle waits for it.",
        json_schema_extra=INT32,
    )
    startup_timeout_seconds: int = Field(
        default=600,
        ge=1,
        le=86400,
        description="A worker that has not loaded the bundle by then is started again.",
        json_schema_extra=INT32,
    )
    warm_up: str | None = Field(
        default=None,
        max_length=16384,
        pattern=JSON_OBJECT,
        description="Body of a request, a JSON object as text, which each worker predicts once before it is ready. A"
        " change rolls the pods out.",
    )
    termination_grace_period_seconds: int | None = Field(
        default=None,
        ge=1,
        le=86400,
        description="Time for requests in flight when a pod goes. Default: drain time + requestTimeoutSeconds + 5.",
        json_schema_extra=INT32,
    )
    node_selector: dict[str, LabelValue] | None = Field(
        default=None,
        max_length=64,
        description="Labels that a node must have.",
        json_schema_extra=rules(Rule(LABEL_KEYS, "nodeSelector keys are label keys")),
    )
    tolerations: list[Toleration] | None = Field(
        default=None, max_length=64, description="Taints that the pods tolerate; the GPU's own is added."
    )
    priority_class_name: ObjectName | None = Field(default=None, description="PriorityClass of the pods.")
    runtime_class_name: ObjectName | None = Field(default=None, description="RuntimeClass of the pods, such as nvidia.")
    scheduler_name: ObjectName | None = Field(
        default=None,
        description="Scheduler of the pods that serve, such as volcano; the cluster's own when not set, which the Jobs"
        " that try a bundle and install its requirements always have.",
    )
    image_pull_secrets: list[PullSecret] | None = Field(
        default=None, max_length=16, description="Secrets with registry credentials."
    )
    service_account_name: ObjectName | None = Field(
        default=None, description="ServiceAccount of the pods. Its token is not mounted."
    )
    artifact_secret_name: Annotated[str, Field(max_length=253, pattern=NAME_OR_NONE)] | None = Field(
        default=None,
        description="Secret with the artifact store's credentials; the operator's default when not set. Empty: none, as"
        " for public artifacts, or pods that have an identity of a cloud.",
    )
    env_from: list[EnvFromSource] | None = Field(
        default=None,
        max_length=32,
        description="Secrets and ConfigMaps whose keys become environment variables of the worker. Pods that run keep"
        " the values they began with: a new rollout.token takes up a change.",
    )
    rollout: Rollout = Field(default_factory=Rollout)
    cors_origins: list[Annotated[str, Field(max_length=255, pattern=ORIGIN)]] | None = Field(
        default=None,
        max_length=32,
        description='Origins whose web pages may ask from a browser, such as "https://app.example.com"; "*" is all.',
    )
    tracing: Tracing | None = None
    tracebacks: bool = Field(
        default=False, description="Answers to what user code raised hold the last lines of its traceback."
    )
    access_log: bool = Field(
        default=False, description="The server's log has a line of JSON for each request of a client."
    )
    pod_labels: dict[str, LabelValue] | None = Field(
        default=None,
        max_length=32,
        description="Labels of the pods, beside the operator's, such as kueue.x-k8s.io/queue-name. A change rolls the"
        " pods out.",
        json_schema_extra=rules(*LABEL_RULES),
    )
    pod_annotations: dict[str, Annotated[str, Field(max_length=4096)]] | None = Field(
        default=None,
        max_length=32,
        description="Annotations of the pods, for meshes, webhooks and collectors. A change rolls the pods out.",
        json_schema_extra=rules(*ANNOTATION_RULES),
    )
    volumes: list[Volume] | None = Field(
        default=None,
        max_length=16,
        description="Claims, ConfigMaps and Secrets as files of the worker. What is in them is no part of the digest.",
        json_schema_extra=rules(*VOLUME_RULES),
    )
    affinity: dict[str, Any] | None = Field(
        default=None,
        max_length=3,
        description="nodeAffinity, podAffinity and podAntiAffinity as in a pod; 16 KiB at most.",
    )
    topology_spread: list[TopologySpread] | None = Field(
        default=None,
        max_length=8,
        description="Spreads the pods over nodes or zones. When not set: as the cluster's scheduler does by default.",
        json_schema_extra=rules(*SPREAD_RULES),
    )
    env: list[KeyEnvVar] | None = Field(
        default=None,
        max_length=64,
        description="Single keys of Secrets and ConfigMaps as environment variables of the worker, as with envFrom.",
        json_schema_extra=rules(ENV_ONCE),
    )
    prepare_resources: PrepareResources | None = None
    size_limits: SizeLimits | None = None
    safe_to_evict: bool = Field(
        default=False,
        description="The cluster autoscaler may take the pods away from a node to remove it: what they have on its disk"
        " is made again.",
    )
    disruption_budget: bool = Field(
        default=True,
        description="With more than one replica, a PodDisruptionBudget lets drains take a tenth of the pods at a time.",
    )
