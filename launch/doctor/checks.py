"""Every check, in the order in which they are printed, and what they come to. Pure."""

from __future__ import annotations

from typing import Callable, Collection, Dict, List, NamedTuple

from launch.doctor import artifact_store, installation, namespace, platform, tenants
from launch.doctor.facts import NO, Facts, Finding, Unknown

INSTALLATION, NAMESPACE, STORE = "installation", "namespace", "store"
GROUPS = (INSTALLATION, NAMESPACE, STORE)
NOT_AS_NEEDED = 3
LAYERS = "layers"  # of which a Secret is read, so only where that is asked for


class Check(NamedTuple):
    """`judge` decides by facts alone."""

    name: str
    group: str
    judge: Callable[[Facts], Finding]


CHECKS = (
    Check("client", INSTALLATION, installation.client),
    Check("cluster", INSTALLATION, installation.cluster),
    Check("crd", INSTALLATION, installation.crd),
    Check("operator", INSTALLATION, installation.operator),
    Check("versions", INSTALLATION, installation.versions),
    Check("policies", INSTALLATION, installation.policies),
    Check("devices", INSTALLATION, installation.devices),
    Check("nodes", INSTALLATION, platform.nodes),
    Check("settings", INSTALLATION, platform.surroundings),
    Check("proxies", INSTALLATION, platform.proxies),
    Check("index", INSTALLATION, platform.index),
    Check("served", NAMESPACE, namespace.served),
    Check("rights", NAMESPACE, namespace.rights),
    Check("pod-rights", NAMESPACE, namespace.pod_rights),
    Check("quota", NAMESPACE, namespace.quota),
    Check("limit-range", NAMESPACE, namespace.limit_range),
    Check("pod-security", NAMESPACE, namespace.pod_security),
    Check("secret", NAMESPACE, namespace.artifact_secret),
    Check("certificates", NAMESPACE, platform.certificates),
    Check("index-secret", NAMESPACE, platform.index_secret),
    Check("pull-secrets", NAMESPACE, platform.pull_secrets),
    Check("limits", NAMESPACE, tenants.limits),
    Check("store", STORE, artifact_store.known),
    Check("store-use", STORE, artifact_store.usable),
    Check(LAYERS, STORE, artifact_store.layers),
)
_WITHOUT_CLUSTER = ("client", "cluster", "store")


def judged(facts: Facts, groups: Collection[str] = GROUPS) -> Dict[str, Finding]:
    """The findings by the name of their check. Where no API server answers, of what can be known without one."""
    asked: List[Check] = [check for check in CHECKS if check.group in groups]
    if facts.layer_keys is None:
        asked = [check for check in asked if check.name != LAYERS]
    if isinstance(facts.cluster, Unknown):
        names = _WITHOUT_CLUSTER + (("store-use",) if facts.store.place else ())
        asked = [check for check in CHECKS if check.name in names]
    return {check.name: check.judge(facts) for check in asked}


def exit_code(findings: Dict[str, Finding]) -> int:
    """3 where a check says no and a bundle needs what it asks for; what is unknown or optional fails nothing."""
    wrong = any(found.answer == NO and not found.optional for found in findings.values())
    return NOT_AS_NEEDED if wrong else 0
