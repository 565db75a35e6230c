"""What a platform lets tenants put into bundles: limits by name, and what a bundle asks for held against them.

The API server asks the same of each write, by the policies in charts/operator/templates/tenants, which are made of a
table as this one is; one set of rows tries both (tools/testkit/limit_rows.py). Here it is asked once more for what
admission cannot see: what a clone inherits, what was admitted before there was a limit, and GPUs at a change of the
scale. Only of a bundle that is to serve, so that one that is refused can still be scaled to 0. Pure.

A limit is a text, as a ConfigMap has it: an entry a line, or a number. Unset it allows all, empty it allows nothing; an
empty list of what is refused refuses nothing. That of one namespace, `NAMESPACE.LIMIT`, replaces the general one.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

from bundle_spec.document import BundleDocument
from modelbundle_operator.api.base import Body
from modelbundle_operator.api.names import Bundle, ModelBundle, Reason
from modelbundle_operator.bundle.content import Content
from modelbundle_operator.errors import Terminal

Limits = Mapping[str, str]

CONTACT = "contact"
_NOBODY = "the platform engineer"
_SHOWN = 10
# a path that leads out of its prefix, as written or once it is decoded or filled in
_LEADS_OUT = re.compile(r"(?i)\\|[$][{]|%2e|%2f|%5c|/[.][.]?(/|[?#]|$)")
# a volume is limited by its kind and the name of what it is
_VOLUME_NAMES = {"persistentVolumeClaim": "claimName", "configMap": "name", "secret": "secretName"}
_DIRECT = re.compile(r"^[A-Za-z0-9][A-Za-z0-9._-]*\s*(\[[^\]]*\])?\s*@")


class Asked(NamedTuple):
    """What a bundle asks for: its content, inherited parts included, and how it is to be served."""

    namespace: str
    document: BundleDocument
    uri: str
    serving: Body
    own: frozenset[str] = frozenset()  # those of its fields that a clone sets itself
    base: str = ""


class Rule(NamedTuple):
    """`values` are what the bundle has in `field`; each of them must be one that the limit's entries allow."""

    limit: str
    field: str
    values: Callable[[Asked], Iterable[str]]
    allows: Callable[[str, list[str]], bool]


def _one_of(value: str, entries: list[str]) -> bool:
    return value in entries


def _beneath(value: str, entries: list[str]) -> bool:
    """The entry itself, or what lies beneath it: `s3://models/a` allows `s3://models/a/b`, and not `s3://models/ab`."""
    return not _LEADS_OUT.search(value) and any(
        value == entry or value.startswith(entry if entry.endswith("/") else f"{entry}/") for entry in entries
    )


def _from_beneath(requirement: str, entries: list[str]) -> bool:
    return _beneath(requirement.split("@", 1)[1].strip(), entries)


def _named(value: str, entries: list[str]) -> bool:
    """The entry itself, or what begins as an entry does that ends with a *."""
    return any(value == entry or (entry.endswith("*") and value.startswith(entry[:-1])) for entry in entries)


def _not_named(value: str, entries: list[str]) -> bool:
    return not _named(value, entries)


def _never_named(value: str, entries: list[str]) -> bool:
    """Of `secret/NAME as PREFIX*`: no name that begins so can be one of those."""
    prefix = value.rpartition(" as ")[2].removesuffix("*")
    return not any(
        entry.startswith(prefix) or (entry.endswith("*") and prefix.startswith(entry[:-1])) for entry in entries
    )


def _only_by_digest(_: str, entries: list[str]) -> bool:
    return entries != ["true"]


def _at_most(value: str, entries: list[str]) -> bool:
    return int(value) <= int(entries[0])


def _served(name: str) -> Callable[[Asked], Iterable[str]]:
    return lambda asked: [asked.serving[name]] if asked.serving.get(name) else []


def _repository(asked: Asked) -> Iterable[str]:
    image = _env_params(asked).get("customBaseImage")
    return [image["repository"]] if image else []


def _without_digest(asked: Asked) -> Iterable[str]:
    params = _env_params(asked)
    if image := params.get("customBaseImage"):
        tag = f":{image['tag']}" if "tag" in image else ""
        return [] if "digest" in image else [f"{image['repository']}{tag}"]
    tag = params.get("pytorchImageTag") or params.get("tensorflowVersion") or ""
    return [] if "@sha256:" in tag else [tag]


def _env_params(asked: Asked) -> dict[str, Any]:
    return dict(asked.document["envParams"])


def _direct_references(asked: Asked) -> Iterable[str]:
    return [entry for entry in asked.document.get("requirements") or [] if _DIRECT.match(entry)]


def _gpu_resource(asked: Asked) -> Iterable[str]:
    gpu = asked.serving.get("gpu") or {}
    return [gpu["resourceName"]] if gpu.get("count") else []


def _tolerated(asked: Asked) -> Iterable[str]:
    return [toleration.get("key") or "*" for toleration in asked.serving.get("tolerations") or []]


def _replicas(asked: Asked) -> Iterable[str]:
    return [str(asked.serving["replicas"])]


def _gpus(asked: Asked) -> Iterable[str]:
    return [str(asked.serving["replicas"] * asked.serving["gpu"]["count"])]


def _volumes(asked: Asked) -> Iterable[str]:
    for volume in asked.serving.get("volumes") or []:
        for kind, name in _VOLUME_NAMES.items():
            if kind in volume:
                yield f"{kind}/{volume[kind][name]}"


def _env_sources(asked: Asked) -> Iterable[str]:
    """The names are those of keys, which are not read: what is known of them is the prefix."""
    for source in asked.serving.get("envFrom") or []:
        kind = "secret" if "secretRef" in source else "configMap"
        yield f"{kind}/{source[f'{kind}Ref']['name']} as {source.get('prefix', '')}*"


def _keys(field: str) -> Callable[[Asked], Iterable[str]]:
    return lambda asked: list(asked.serving.get(field) or {})


RULES = (
    Rule("packagings", "spec.bundle.artifact.packaging", lambda a: [a.document["artifact"]["packaging"]], _one_of),
    Rule("artifactPrefixes", "spec.bundle.artifact.uri", lambda asked: [asked.uri], _beneath),
    Rule("frameworkTypes", "spec.bundle.envParams.frameworkType", lambda a: [_env_params(a)["frameworkType"]], _one_of),
    Rule("imageRepositories", "spec.bundle.envParams.customBaseImage.repository", _repository, _beneath),
    Rule("imageDigestRequired", "spec.bundle.envParams", _without_digest, _only_by_digest),
    Rule("requirementUrls", "spec.bundle.requirements", _direct_references, _from_beneath),
    Rule("artifactSecrets", "spec.serving.artifactSecretName", _served("artifactSecretName"), _one_of),
    Rule("serviceAccounts", "spec.serving.serviceAccountName", _served("serviceAccountName"), _one_of),
    Rule("priorityClasses", "spec.serving.priorityClassName", _served("priorityClassName"), _one_of),
    Rule("runtimeClasses", "spec.serving.runtimeClassName", _served("runtimeClassName"), _one_of),
    Rule("schedulers", "spec.serving.schedulerName", _served("schedulerName"), _one_of),
    Rule("gpuResources", "spec.serving.gpu.resourceName", _gpu_resource, _one_of),
    Rule("tolerationKeys", "spec.serving.tolerations", _tolerated, _one_of),
    Rule("replicasMax", "spec.serving.replicas", _replicas, _at_most),
    Rule("gpusMax", "spec.serving.gpu.count in all replicas", _gpus, _at_most),
    Rule("volumes", "spec.serving.volumes", _volumes, _named),
    Rule("podLabelKeys", "spec.serving.podLabels", _keys("podLabels"), _named),
    Rule("podAnnotationKeys", "spec.serving.podAnnotations", _keys("podAnnotations"), _named),
    Rule("refusedEnv", "spec.bundle.env", lambda a: [e["name"] for e in a.document.get("env") or []], _not_named),
    Rule("refusedEnv", "spec.serving.env", lambda a: [e["name"] for e in a.serving.get("env") or []], _not_named),
    Rule("refusedEnv", "spec.serving.envFrom", _env_sources, _never_named),
)
NAMES = frozenset(rule.limit for rule in RULES)


def unknown(limits: Limits) -> list[str]:
    """Keys that limit nothing, as their name is none."""
    return sorted(key for key in limits if key != CONTACT and key.rpartition(".")[2] not in NAMES)


def refuse(limits: Limits, bundle: ModelBundle, content: Content) -> None:
    """Terminal when the bundle, which is to serve, asks for what is not allowed in its namespace."""
    if not limits or not bundle.spec.serving.replicas:
        return
    asked = Asked(
        bundle.metadata.namespace,
        content.document,
        content.uri,
        bundle.spec.serving.model_dump(by_alias=True, exclude_none=True),
        _own(bundle.spec.bundle),
        bundle.spec.bundle.clone_from.name if bundle.spec.bundle.clone_from else "",
    )
    if found := refusals(limits, asked):
        raise Terminal(
            Reason.INVALID_VALUE,
            f"{' '.join(found)} {_ask(limits)} What serves goes on serving meanwhile; scaled to 0 it ends.",
        )


def _own(bundle: Bundle) -> frozenset[str]:
    """The fields with a limit that a clone may set; its artifact is its base's."""
    fields = {"envParams": bundle.env_params, "requirements": bundle.requirements, "env": bundle.env}
    return frozenset(name for name, value in fields.items() if value is not None)


def refusals(limits: Limits, asked: Asked) -> list[str]:
    """A sentence for each value that is not allowed."""
    return [sentence for rule in RULES for sentence in _refused(rule, limits, asked)]


def _refused(rule: Rule, limits: Limits, asked: Asked) -> Iterable[str]:
    text = limits.get(f"{asked.namespace}.{rule.limit}", limits.get(rule.limit))
    if text is None:
        return
    entries = [line.strip() for line in text.split("\n") if line.strip()]
    try:
        values = [value for value in rule.values(asked) if not rule.allows(value, entries)]
    except (ValueError, IndexError):
        yield f"The limit {rule.limit} is {text.strip()!r}, which is not a whole number."
        return
    for value in values:
        yield (
            f"{rule.field}{_inherited(rule, asked)}: {value} is not allowed in namespace {asked.namespace}: the limit"
            f" {rule.limit} allows {_said(rule, entries)}."
        )


def _inherited(rule: Rule, asked: Asked) -> str:
    part, _, field = rule.field.removeprefix("spec.").partition(".")
    own = part != "bundle" or not asked.base or field.partition(".")[0] in asked.own
    return "" if own else f" (inherited from ModelBundle {asked.base})"


def _said(rule: Rule, entries: list[str]) -> str:
    if rule.allows is _only_by_digest:
        return "images by digest only"
    if rule.allows in (_not_named, _never_named):
        return f"all but {', '.join(entries) if len(entries) <= _SHOWN else f'{len(entries)} names'}"
    if not entries:
        return "none"
    return ", ".join(entries) if len(entries) <= _SHOWN else f"{len(entries)} others"


def _ask(limits: Limits) -> str:
    return f"Ask {limits.get(CONTACT, '').strip() or _NOBODY}, or choose what is allowed."
