"""Bundles within and beyond one set of limits, for both that judge them: the operator's rules and the chart's policies.

A row beyond them breaks one limit; `value` is what the refusal quotes and `allowed` what it says of the limit.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from tools.testkit.model_bundles import ARTIFACT, PYTORCH, SHA256, model_bundle

Body = dict[str, Any]

CONTACT = "#ml-platform"
# as they stand in the chart's values, tenants.limits
LIMITS: dict[str, Any] = {
    "packagings": ["cloudpickle"],
    "artifactPrefixes": ["s3://models/team-a", "https://files.example.com/a/"],
    "artifactSecrets": ["modelbundle-artifacts"],
    "frameworkTypes": ["pytorch", "custom_base_image"],
    "imageRepositories": ["registry.example.com/team-a", "docker.io/stand-in/python"],
    "imageDigestRequired": True,
    "requirementUrls": ["https://packages.example.com/wheels"],
    "serviceAccounts": ["models"],
    "priorityClasses": ["low", "batch"],
    "runtimeClasses": ["gvisor"],
    "schedulers": ["volcano"],
    "gpuResources": ["nvidia.com/gpu"],
    "tolerationKeys": ["nvidia.com/gpu"],
    "replicasMax": 4,
    "gpusMax": 8,
    "volumes": ["persistentVolumeClaim/team-a-*", "configMap/*"],
    "podLabelKeys": ["kueue.x-k8s.io/*", "cost"],
    "podAnnotationKeys": ["sidecar.istio.io/inject"],
    "refusedEnv": ["HTTPS_PROXY", "AWS_*"],
}


def texts(limits: dict[str, Any], contact: str = CONTACT) -> dict[str, str]:
    """The same as the ConfigMap has them."""
    return {"contact": contact, **{name: _text(value) for name, value in limits.items()}}


def _text(value: Any) -> str:
    if isinstance(value, list):
        return "\n".join(value)
    return str(value).lower()


class Beyond(NamedTuple):
    """A bundle that is refused."""

    why: str
    body: Body
    limit: str
    field: str
    value: str
    allowed: str

    def words(self, namespace: str) -> str:
        """The refusal in full, whoever refuses."""
        return (
            f"{self.field}: {self.value} is not allowed in namespace {namespace}: the limit {self.limit} allows"
            f" {self.allowed}."
        )


PINNED: Body = {**PYTORCH, "pytorchImageTag": f"2.4.0@sha256:{SHA256}"}
GOOD: Body = {"artifact": {**ARTIFACT, "uri": "s3://models/team-a/x.pkl"}, "envParams": PINNED}
IMAGE: Body = {"repository": "registry.example.com/team-a/image", "digest": f"sha256:{SHA256}"}
WHEEL = "https://packages.example.com/wheels"


def within(serving: Body | None = None, **fields: Any) -> Body:
    return model_bundle("within", {"gpu": {"count": 0}, **(serving or {})}, **{**GOOD, **fields})


def artifact(**fields: Any) -> Body:
    return within(artifact={**GOOD["artifact"], **fields})


def image(repository: str = "", **fields: Any) -> Body:
    named = {**IMAGE, **({"repository": repository} if repository else {}), **fields}
    params = {
        "frameworkType": "custom_base_image",
        "customBaseImage": {name: value for name, value in named.items() if value is not None},
    }
    return within(envParams=params)


def volume(name: str, **source: Any) -> Body:
    return {"name": name, "mountPath": f"/models/{name}", **source}


def claim(name: str) -> Body:
    return volume("v", persistentVolumeClaim={"claimName": name})


def key(variable: str) -> Body:
    return {"name": variable, "valueFrom": {"secretKeyRef": {"name": "keys", "key": "one"}}}


def keys(name: str, prefix: str = "") -> Body:
    """All of a Secret as variables."""
    return {"secretRef": {"name": name}, **({"prefix": prefix} if prefix else {})}


WITHIN: list[tuple[str, Body]] = [
    ("nothing that is limited", within()),
    ("a URL beneath another prefix", artifact(uri="https://files.example.com/a/b.pkl")),
    ("dots that lead nowhere", artifact(uri="s3://models/team-a/v1..2/...x/.hidden.pkl")),
    ("an image beneath a repository, by digest", image()),
    ("the repository itself, by tag and digest", image("docker.io/stand-in/python", tag="3.12")),
    ("a wheel of the platform's", within(requirements=["numpy==1.26.4", f"x @ {WHEEL}/x-1-py3-none-any.whl"])),
    ("an at sign that is no reference", within(requirements=["numpy==1.26.4  # ask a@example.com"])),
    ("names that are allowed", within({
        "serviceAccountName": "models", "priorityClassName": "batch", "runtimeClassName": "gvisor",
        "artifactSecretName": "modelbundle-artifacts", "schedulerName": "volcano",
        "tolerations": [{"key": "nvidia.com/gpu", "operator": "Exists"}],
    })),
    ("volumes, labels, annotations and variables that are allowed", within({
        "volumes": [claim("team-a-weights"), volume("prompts", configMap={"name": "prompts"})],
        "podLabels": {"kueue.x-k8s.io/queue-name": "team-a", "cost": "ml"},
        "podAnnotations": {"sidecar.istio.io/inject": "false"}, "env": [key("MY_AWS_KEY")],
    }, env=[{"name": "HTTPS_PROXY_OF_MINE", "value": "x"}])),
    ("keys under prefixes that no refused name has", within({"envFrom": [keys("db", "DB_"), keys("x", "AWFUL_")]})),
    ("as many replicas as there may be", within({"replicas": 4})),
    ("as many GPUs as there may be", within({"replicas": 4, "gpu": {"count": 2}})),
    ("any resource's name, with no GPU", within({"gpu": {"count": 0, "resourceName": "example.com/fpga"}})),
    ("a clone that sets nothing", model_bundle("within", {"gpu": {"count": 0}}, cloneFrom={"name": "base"},
                                               artifact=None, envParams=None)),
]  # fmt: skip

_URI = ("artifactPrefixes", "spec.bundle.artifact.uri")
_IMAGE = ("imageRepositories", "spec.bundle.envParams.customBaseImage.repository")
_DIGEST = ("imageDigestRequired", "spec.bundle.envParams")
_REQUIREMENT = ("requirementUrls", "spec.bundle.requirements")
_TOLERATION = ("tolerationKeys", "spec.serving.tolerations")


def _uri(why: str, uri: str) -> Beyond:
    return Beyond(why, artifact(uri=uri), *_URI, uri, ", ".join(LIMITS["artifactPrefixes"]))


def _image(why: str, repository: str) -> Beyond:
    return Beyond(why, image(repository), *_IMAGE, repository, ", ".join(LIMITS["imageRepositories"]))


def _requirement(why: str, line: str) -> Beyond:
    return Beyond(why, within(requirements=["numpy==1.26.4", line]), *_REQUIREMENT, line, WHEEL)


def _name(limit: str, field: str, value: str) -> Beyond:
    body = within({field: value})
    return Beyond(f"another {field}", body, limit, f"spec.serving.{field}", value, ", ".join(LIMITS[limit]))


def _toleration(why: str, value: str, **toleration: Any) -> Beyond:
    return Beyond(why, within({"tolerations": [toleration]}), *_TOLERATION, value, "nvidia.com/gpu")


def _added(why: str, limit: str, field: str, value: str, asked: Any) -> Beyond:
    return Beyond(why, within({field: asked}), limit, f"spec.serving.{field}", value, ", ".join(LIMITS[limit]))


def _brought(why: str, value: str, *sources: Body) -> Beyond:
    body = within({"envFrom": list(sources)})
    return Beyond(why, body, "refusedEnv", "spec.serving.envFrom", value, "all but HTTPS_PROXY, AWS_*")


BEYOND: list[Beyond] = [
    Beyond("another packaging", within(artifact={**GOOD["artifact"], "packaging": "zip"}, loadPredictFn="p.load",
                                       loadModelFn="m.load"),
           "packagings", "spec.bundle.artifact.packaging", "zip", "cloudpickle"),
    _uri("the artifacts of another team", "s3://models/team-b/x.pkl"),
    _uri("a team whose name begins like that", "s3://models/team-abc/x.pkl"),
    _uri("the way up", "s3://models/team-a/../team-b/x.pkl"),
    _uri("the way up, in six characters", "https://files.example.com/a/%2E%2e/b/x.pkl"),
    _uri("the way up, by a backslash", "https://files.example.com/a/..\\b/x.pkl"),
    _uri("a host that begins like that", "https://files.example.com.evil.example/a/x.pkl"),
    _uri("the prefix as a user's name", "https://files.example.com@evil.example/a/x.pkl"),
    _uri("the same without TLS", "http://files.example.com/a/x.pkl"),
    _uri("the metadata service of a cloud", "http://169.254.169.254/latest/meta-data/"),
    Beyond("another framework", within(envParams={"frameworkType": "tensorflow",
                                                  "tensorflowVersion": f"2.3.0@sha256:{SHA256}"}),
           "frameworkTypes", "spec.bundle.envParams.frameworkType", "tensorflow", "pytorch, custom_base_image"),
    _image("an image of anybody's", "docker.io/evil/miner"),
    _image("a registry that begins like that", "registry.example.com.evil.example/team-a/image"),
    _image("another team's image, which the node may have", "registry.example.com/team-b/image"),
    Beyond("an image by a tag, which can move", image(digest=None, tag="1"), *_DIGEST,
           "registry.example.com/team-a/image:1", "images by digest only"),
    Beyond("a framework by a tag", within(envParams=PYTORCH), *_DIGEST, PYTORCH["pytorchImageTag"],
           "images by digest only"),
    _requirement("a wheel of anybody's", "x @ https://evil.example/x-1-py3-none-any.whl"),
    _requirement("with extras and without blanks", "x[a,b]@https://evil.example/x-1-py3-none-any.whl"),
    _requirement("a wheel found by the way up", f"x @ {WHEEL}/../other/x-1-py3-none-any.whl"),
    _name("artifactSecrets", "artifactSecretName", "admin-keys"),
    _name("serviceAccounts", "serviceAccountName", "deployer"),
    _name("priorityClasses", "priorityClassName", "system-node-critical"),
    _name("runtimeClasses", "runtimeClassName", "runc"),
    _name("schedulers", "schedulerName", "my-own"),
    Beyond("a device of another plugin", within({"gpu": {"count": 1, "resourceName": "devices.kubevirt.io/kvm"}}),
           "gpuResources", "spec.serving.gpu.resourceName", "devices.kubevirt.io/kvm", "nvidia.com/gpu"),
    _toleration("the control plane's nodes", "node-role.kubernetes.io/control-plane",
                key="node-role.kubernetes.io/control-plane", operator="Exists"),
    _toleration("every taint", "*", operator="Exists"),
    _added("another team's claim", "volumes", "volumes", "persistentVolumeClaim/team-b-weights",
           [claim("team-b-weights")]),
    _added("a claim whose name ends like that", "volumes", "volumes", "persistentVolumeClaim/my-team-a-x",
           [claim("my-team-a-x")]),
    _added("a kind of volume that is not named", "volumes", "volumes", "secret/admin-keys",
           [volume("a", configMap={"name": "prompts"}), volume("b", secret={"secretName": "admin-keys"})]),
    _added("a label that another controller acts on", "podLabelKeys", "podLabels", "team",
           {"cost": "ml", "team": "another"}),
    _added("a label whose prefix begins like that", "podLabelKeys", "podLabels", "kueue.x-k8s.io.evil.example/queue",
           {"kueue.x-k8s.io.evil.example/queue": "x"}),
    _added("an annotation that another webhook acts on", "podAnnotationKeys", "podAnnotations", "example.com/inject",
           {"example.com/inject": "true"}),
    Beyond("a proxy of one's own", within(env=[{"name": "HTTPS_PROXY", "value": "http://evil.example"}]), "refusedEnv",
           "spec.bundle.env", "HTTPS_PROXY", "all but HTTPS_PROXY, AWS_*"),
    Beyond("a variable by its prefix", within({"env": [key("AWS_PROFILE")]}), "refusedEnv", "spec.serving.env",
           "AWS_PROFILE", "all but HTTPS_PROXY, AWS_*"),
    _brought("variables whose names are keys that nobody sees", "secret/keys as *", keys("keys")),
    _brought("the beginning of a name that is refused", "secret/keys as HTTPS_*", keys("keys", "HTTPS_")),
    _brought("the beginning of a prefix that is refused", "secret/keys as AW*", keys("db", "DB_"), keys("keys", "AW")),
    _brought("a prefix beneath one that is refused", "configMap/x as AWS_SECRET_*",
             {"configMapRef": {"name": "x"}, "prefix": "AWS_SECRET_"}),
    Beyond("a replica too many", within({"replicas": 5}), "replicasMax", "spec.serving.replicas", "5", "4"),
    Beyond("GPUs by the replica", within({"replicas": 3, "gpu": {"count": 4}}), "gpusMax",
           "spec.serving.gpu.count in all replicas", "12", "8"),
]  # fmt: skip
# no valid bundle either, but admission is asked first
INVALID_TOO = [_requirement("a wheel found by a variable", f"x @ {WHEEL}/${{UP}}/x-1-py3-none-any.whl")]
