"""Check of the limits that a platform sets for what bundles of a namespace may ask for. Pure."""

from __future__ import annotations

import re
from typing import List, Mapping

from launch.doctor.facts import Facts, Finding, Unknown, no, unknown, yes

CONFIG_MAP = "modelbundle-tenants"
# tests compare the names with those that the operator asks for
NUMBERS = ("replicasMax", "gpusMax")
NAMES = (
    "packagings", "artifactPrefixes", "artifactSecrets", "frameworkTypes", "imageRepositories", "imageDigestRequired",
    "requirementUrls", "serviceAccounts", "priorityClasses", "runtimeClasses", "schedulers", "gpuResources",
    "tolerationKeys", *NUMBERS, "volumes", "podLabelKeys", "podAnnotationKeys", "refusedEnv",
)  # fmt: skip
_CONTACT = "contact"
_NEEDED = ("packagings", "artifactPrefixes", "frameworkTypes")  # every bundle has one of each
_SHOWN = 10
_WHOLE = re.compile(r"-?[0-9]+")
_ASK = "an administrator can see it; what is refused says the limit, what it allows, and whom to ask"


def limits(facts: Facts) -> Finding:
    """Which of them hold in the namespace, and whether they let any bundle through."""
    found, operator = facts.limits, facts.serving_operator
    if isinstance(operator, Unknown):
        return unknown(f"whether there are limits is not known: {operator.why}", _ASK)
    place = f"the ConfigMap {CONFIG_MAP} of {operator.namespace}"
    if isinstance(found, Unknown):
        return unknown(f"there may be limits, in {place}: {found.why}", _ASK)
    if found is None:
        return no(f"{place} is not there: every bundle is refused", "helm upgrade, or operator.tenants.enabled: false")
    texts = {name: found.get(f"{facts.namespace}.{name}", found.get(name)) for name in NAMES}
    entries = {name: _entries(text) for name, text in texts.items() if text is not None}
    held = {name: allowed for name, allowed in entries.items() if _limits(name, allowed)}
    change = f"{place}: operator.tenants.limits of the chart, or its tenants.namespaces.{facts.namespace}"
    if refusing := [words for name, allowed in held.items() for words in _refuses_all(name, allowed)]:
        return no(f"every bundle is refused: {'; '.join(refusing)}", change)
    words = [
        _said(name, allowed) + (f" (of {facts.namespace} alone)" if f"{facts.namespace}.{name}" in found else "")
        for name, allowed in held.items()
    ]
    contact = found.get(_CONTACT, "").strip() or "the platform engineer"
    said = "; ".join([*words, f"ask {contact}"] if words else ["none is set"])
    if odd := _odd(found, facts.namespace):
        return no(f"no limit has the name {', '.join(odd)}; {said}", change, optional=True)
    return yes(said)


def _entries(text: str) -> List[str]:
    return [line.strip() for line in text.split("\n") if line.strip()]


def _limits(name: str, entries: List[str]) -> bool:
    """Whether there is anything that it does not allow."""
    if name == "imageDigestRequired":
        return entries == ["true"]
    return name != "refusedEnv" or bool(entries)


def _refuses_all(name: str, entries: List[str]) -> List[str]:
    if name in _NEEDED and not entries:
        return [f"{name} allows none"]
    if name in NUMBERS and not (entries and _WHOLE.fullmatch(entries[0])):
        return [f"{name} is {' '.join(entries)!r}, which is no whole number"]
    return []


def _said(name: str, entries: List[str]) -> str:
    if name == "imageDigestRequired":
        return "images by digest only"
    shown = ", ".join(entries) if len(entries) <= _SHOWN else f"{len(entries)} entries"
    return f"{name}: {'all but ' if name == 'refusedEnv' else ''}{shown or 'none'}"


def _odd(found: Mapping[str, str], namespace: str) -> List[str]:
    """Keys that limit nothing here, as their name is none."""
    names = [key[len(namespace) + 1 :] if key.startswith(f"{namespace}.") else key for key in found if key != _CONTACT]
    return sorted(name for name in names if "." not in name and name not in NAMES)
