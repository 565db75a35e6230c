"""What a plan says of layers: whether the requirements are installed once for all pods, or were already. Pure.

As with what has been tried (tried.py), bundles are compared by what two of one namespace can differ in: the operator's
settings are the same for both.
"""

from __future__ import annotations

from typing import Any, List, Mapping, Optional, Tuple

from launch.doctor.facts import Unknown
from launch.plan.facts import Facts
from launch.plan.pod import gpu_of
from launch.plan.tried import alike, tried_with

Known = Tuple[str, Mapping[str, Any]]


def known_layer(facts: Facts) -> Optional[Known]:
    """The newest word of the namespace's bundles about the layer of these requirements, and whose it is."""
    if not _may_have_one(facts):
        return None
    mine = (_secret(facts.serving), _bucket(facts.uri))
    bundles: List[Mapping[str, Any]] = [] if facts.live is None else [facts.live]
    for other in alike(facts, "requirements", "envParams"):
        if _secret(other["spec"].get("serving") or {}) == mine[0]:
            bundles.append(other)
    said = [(str(each["metadata"]["name"]), (each.get("status") or {}).get("layer") or {}) for each in bundles]
    fit = [(name, layer) for name, layer in said if layer and _bucket(layer.get("uri") or facts.uri) == mine[1]]
    return max(fit, key=lambda each: str(each[1].get("time")), default=None)


def job_makes_layer(facts: Facts) -> bool:
    """Whether a Job installs them before the first pod is made, as far as that is known."""
    known = known_layer(facts)
    if not _may_have_one(facts) or isinstance(facts.bundles, Unknown) or _had_pods(facts):
        return False
    if known is not None and (known[1].get("uri") or not known[1].get("sha256")):
        return False
    if gpu_of(facts.serving) and tried_with(facts) is None:
        return True
    return facts.replicas > 1 or _is_clone(facts)


def layer_words(facts: Facts) -> str:
    """What is to be added to the line about requirements; empty where nothing is known."""
    known = known_layer(facts)
    if job_makes_layer(facts):
        return "; a Job installs them once, for every pod and clone of them"
    if known is None:
        return ""
    name, layer = known
    whose = "its own status" if name == facts.name else name
    if layer.get("uri"):
        return f"; the layer {layer.get('digest')} has them, as {whose} says, so no pod installs them"
    return f"; each pod installs them, as {whose} says that there is no layer: {layer.get('message')}"


def _may_have_one(facts: Facts) -> bool:
    settings = {} if isinstance(facts.settings, Unknown) else facts.settings
    off = any(settings.get(name, "").lower() == "false" for name in ("PRECHECK", "LAYERS"))
    listed = facts.content is not None and facts.content.fields.get("requirements")
    return bool(listed) and not off and facts.uri.startswith("s3://")


def _had_pods(facts: Facts) -> bool:
    return facts.deployed is True or bool(((facts.live or {}).get("status") or {}).get("imageID"))


def _is_clone(facts: Facts) -> bool:
    if facts.live is not None:
        return bool(facts.live["spec"]["bundle"].get("cloneFrom"))
    manifest = facts.content.manifest if facts.content is not None else {}
    return bool(((manifest.get("spec") or {}).get("bundle") or {}).get("cloneFrom"))


def _secret(serving: Mapping[str, Any]) -> Any:
    return serving.get("artifactSecretName")


def _bucket(uri: str) -> str:
    return uri.partition("://")[2].partition("/")[0]
