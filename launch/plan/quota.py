"""The line of a plan about ResourceQuotas: those of the namespace, which most people may read. Pure."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Dict, List, Mapping

from bundle_spec.quantity import amount, amount_or_zero
from launch.doctor.facts import Finding, Unknown, no, yes
from launch.plan.facts import Facts, not_looked_at
from launch.plan.nodes import shown
from launch.plan.pod import Amounts, wanted_of
from launch.plan.what_runs import UNKNOWN_CONTENT
from launch.plan.where import missing_pods

_PODS = ("pods", "count/pods")
_REQUESTS = "requests."
_BARE = ("cpu", "memory", "ephemeral-storage")  # of a quota, the same with `requests.` before it


def quota(facts: Facts) -> Finding:
    """Whether they admit the pods that are missing; of limits nothing is said."""
    if facts.content is None:
        return not_looked_at(UNKNOWN_CONTENT)
    if isinstance(facts.quotas, Unknown):
        return not_looked_at(facts.quotas)
    of_all = [found for found in facts.quotas if not _is_of_some(found.get("spec") or {})]
    missing = missing_pods(facts)
    if not of_all or not missing:
        return yes("its pods are counted already" if of_all else "there is none that counts every pod")
    needed = _counted(wanted_of(facts.serving).requests, missing)
    lacking = [words for found in of_all for words in _lacking(found, needed)]
    if lacking:
        change = "raise the ResourceQuota, or ask for less (spec.serving.gpu, resources, replicas)"
        return no("; ".join(lacking), change)
    names = ", ".join(str(found["metadata"]["name"]) for found in of_all)
    limits = sorted({key for found in of_all for key in _hard(found) if key.startswith("limits.")})
    beside = f"; not looked at: {', '.join(limits)}" if limits else ""
    return yes(f"there is room in {names}{beside}")


def _counted(requests: Amounts, pods: int) -> Dict[str, Decimal]:
    """What so many pods take of each key that a quota can have."""
    found = {f"{_REQUESTS}{name}": number * pods for name, number in requests.items()}
    found.update({name: requests[name] * pods for name in _BARE if name in requests})
    found.update(dict.fromkeys(_PODS, Decimal(pods)))
    return found


def _lacking(found: Mapping[str, Any], needed: Mapping[str, Decimal]) -> List[str]:
    used, words = (found.get("status") or {}).get("used") or {}, []
    for key, most in _hard(found).items():
        limit, taken = amount(most), amount_or_zero(used.get(key, "0"))
        if limit is not None and key in needed and limit - taken < needed[key]:
            more = shown(key[len(_REQUESTS) :] if key.startswith(_REQUESTS) else key, needed[key])
            words.append(f"{found['metadata']['name']}: {key} {used.get(key, '0')} of {most} is used, {more} needed")
    return words


def _hard(found: Mapping[str, Any]) -> Mapping[str, Any]:
    hard: Mapping[str, Any] = (found.get("status") or {}).get("hard") or (found.get("spec") or {}).get("hard") or {}
    return hard


def _is_of_some(spec: Mapping[str, Any]) -> bool:
    """Whether it counts some pods alone."""
    return bool(spec.get("scopes") or spec.get("scopeSelector"))
