"""Checks of the bundle's namespace: is it served, may the caller work in it, would its rules refuse a pod. Pure."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, List, Mapping, Optional

from bundle_spec.quantity import amount, amount_or_zero
from launch.doctor.facts import Facts, Finding, Unknown, artifact_secret_name, no, unknown, yes

# what the least pod of a bundle asks for, and its containers of ours; tests compare it with what the operator renders
POD = {"cpu": "300m", "memory": "640Mi"}
HELPER_REQUEST = {"cpu": "50m", "memory": "128Mi"}
HELPER_LIMIT = {"memory": "1Gi"}
USER_IDS = (65531, 65532, 65533)

_COUNTED = {
    "pods": 1, "count/pods": 1, "services": 1, "count/services": 1, "configmaps": 1, "count/configmaps": 1,
    "count/deployments.apps": 1, "count/replicasets.apps": 1, "count/modelbundles.modelbundle.dev": 1,
    "cpu": POD["cpu"], "requests.cpu": POD["cpu"], "memory": POD["memory"], "requests.memory": POD["memory"],
}  # fmt: skip
_JOBS = "count/jobs.batch"
# what some bundles alone have beside their pods, and what is then without it
_BESIDE = {
    "count/poddisruptionbudgets.policy": "bundles of several replicas go without a PodDisruptionBudget",
    _JOBS: "bundles with GPUs wait for a Job before their first pod",
}


def served(facts: Facts) -> Finding:
    """Whether the namespace is there, and an operator looks at it."""
    if facts.labels is None:
        return no(f"there is no namespace {facts.namespace}", f"kubectl create namespace {facts.namespace}, or -n")
    if isinstance(facts.operators, Unknown):
        return unknown(facts.operators)
    if facts.operators and isinstance(facts.settings, Unknown):
        watched = "; ".join(found.settings.get("WATCH_NAMESPACES", "") for found in facts.operators)
        return no(
            f"the operator serves other namespaces: {watched}",
            "operator.watchNamespaces of the chart, or another namespace",
        )
    if not facts.operators:
        return unknown("no operator was found")
    if facts.namespace.startswith("kube-") or facts.namespace in [found.namespace for found in facts.operators]:
        return no(f"bundles in {facts.namespace} are not served", "choose another namespace with -n")
    return yes(f"{facts.namespace} is served")


def rights(facts: Facts) -> Finding:
    """Whether the caller may make, change and remove bundles."""
    return _may(facts, "modelbundles", "modelbundle-editor", optional=False)


def pod_rights(facts: Facts) -> Finding:
    """Whether the caller may read logs and ask bundles through the API server."""
    return _may(facts, "pods", "edit", optional=True)


def _may(facts: Facts, about: str, role: str, optional: bool) -> Finding:
    """`rights` by "VERB RESOURCE"; those of pods are logs and the proxy to Services."""
    asked = {
        name: may for name, may in facts.rights.items() if name.split()[1].startswith("model") == (about != "pods")
    }
    refused = [name for name, may in asked.items() if may is False]
    if refused:
        change = f"kubectl create rolebinding NAME --clusterrole={role} --user=YOU -n {facts.namespace}"
        return no(f"you may not {', '.join(refused)}", change, optional)
    unsure = [may for may in asked.values() if isinstance(may, Unknown)]
    if unsure or not asked:
        return unknown(unsure[0] if unsure else "not asked")
    return yes(f"you may {', '.join(asked)}")


def quota(facts: Facts) -> Finding:
    """Whether a ResourceQuota would refuse the least pod of a bundle, or what some bundles have beside their pods."""
    if isinstance(facts.quotas, Unknown):
        return unknown(facts.quotas)
    wrong, remarks, lacking = [], [], []
    for found in facts.quotas:
        if found.get("spec", {}).get("scopes") or found.get("spec", {}).get("scopeSelector"):
            continue  # it is of some pods alone
        name, status = found["metadata"]["name"], found.get("status") or {}
        hard = status.get("hard") or found.get("spec", {}).get("hard") or {}
        full = _full(hard, status.get("used") or {})
        wrong += [f"{name}: {words}" for key, words in full.items() if key not in _BESIDE]
        lacking += [f"{name}: {full[key]}: {_BESIDE[key]}" for key in _BESIDE if key in full and _asked(facts, key)]
        if "limits.cpu" in hard and not _defaults(facts.limit_ranges, "cpu"):
            wrong.append(f"{name} asks for limits.cpu, which bundles' containers have with cpuLimit alone")
        if "limits.memory" in hard and not _defaults(facts.limit_ranges, "memory"):
            remarks.append(f"{name} asks for limits.memory: set spec.serving.resources.memory")
    if wrong:
        change = (
            "raise the ResourceQuota; spec.serving.resources.cpuLimit, or a LimitRange with default.cpu, gives what"
            " limits.cpu asks for"
        )
        return no("; ".join(wrong + lacking), change)
    if lacking:
        change = "raise the ResourceQuota; or spec.serving.disruptionBudget: false, operator.settings.precheck: false"
        return no("; ".join(lacking), change, optional=True)
    return yes("; ".join(remarks) or ("there is room" if facts.quotas else "there is none"))


def _asked(facts: Facts, key: str) -> bool:
    """Whether bundles have it at all."""
    return key != _JOBS or isinstance(facts.settings, Unknown) or facts.settings.get("PRECHECK", "").lower() != "false"


def _full(hard: Mapping[str, Any], used: Mapping[str, Any]) -> Mapping[str, str]:
    """The keys whose rest is less than a bundle needs, with words of what is used."""
    found = {}
    for key, needed in {**_COUNTED, **dict.fromkeys(_BESIDE, 1)}.items():
        most, taken, more = amount(hard.get(key)), amount(used.get(key, "0")), amount(needed)
        if most is not None and taken is not None and more is not None and most - taken < more:
            found[key] = f"{key} {used.get(key, '0')} of {hard[key]} is used"
    return found


def _defaults(ranges: Any, resource: str) -> bool:
    """Whether a LimitRange gives containers a limit of this resource; its maximum is one too."""
    if isinstance(ranges, Unknown):
        return False
    return any(resource in (item.get("default") or item.get("max") or {}) for item in _of_containers(ranges))


def _of_containers(ranges: List[Mapping[str, Any]]) -> List[Mapping[str, Any]]:
    limits = [item for found in ranges for item in found.get("spec", {}).get("limits") or []]
    return [item for item in limits if item.get("type") == "Container"]


def limit_range(facts: Facts) -> Finding:
    """Whether a LimitRange would refuse containers of ours that a bundle says nothing of."""
    if isinstance(facts.limit_ranges, Unknown):
        return unknown(facts.limit_ranges)
    wrong = []
    for item in _of_containers(facts.limit_ranges):
        for resource, asked in HELPER_REQUEST.items():
            least = amount((item.get("min") or {}).get(resource))
            if least is not None and least > amount_or_zero(asked):
                wrong.append(f"min.{resource} {item['min'][resource]} is more than the {asked} of prepare and server")
        most = amount((item.get("max") or {}).get("memory"))
        if most is not None and most < amount_or_zero(HELPER_LIMIT["memory"]):
            wrong.append(f"max.memory {item['max']['memory']} is less than the {HELPER_LIMIT['memory']} of prepare")
        ratio: Optional[Decimal] = amount((item.get("maxLimitRequestRatio") or {}).get("memory"))
        if ratio is not None and ratio < amount_or_zero(HELPER_LIMIT["memory"]) / amount_or_zero(
            HELPER_REQUEST["memory"]
        ):
            wrong.append(f"maxLimitRequestRatio.memory {ratio} is less than the 8 of prepare and server")
    if wrong:
        return no(
            "; ".join(wrong), "serving.serverResources and serving.prepareResources of each bundle, or the LimitRange"
        )
    return yes("allows bundles" if facts.limit_ranges else "there is none")


def pod_security(facts: Facts) -> Finding:
    """Whether the namespace's Pod Security level, or OpenShift's range of ids, admits bundles."""
    if isinstance(facts.labels, Unknown):
        return unknown(facts.labels)
    range_of_ids = facts.annotations.get("openshift.io/sa.scc.uid-range", "")
    start, slash, size = range_of_ids.partition("/")
    if not isinstance(facts.settings, Unknown) and facts.settings.get("POD_IDS") == "platform":
        if slash:
            return yes(f"pods get ids of {range_of_ids} (podIds is platform)")
        return unknown(
            "podIds is platform, and no range of OpenShift's says which ids pods get: an image whose user is root would"
            " not start",
            "operator.settings.podIds: fixed of the chart, unless an admission plugin gives pods their ids",
        )
    if slash and start.isdigit() and size.isdigit():
        first = int(start)
        if not all(first <= number < first + int(size) for number in USER_IDS):
            return no(
                f"OpenShift gives the ids {range_of_ids}, and bundles run as {USER_IDS[0]} to {USER_IDS[-1]}",
                "operator.settings.podIds: platform of the chart, or grant the SCC nonroot-v2 to the service account of"
                " the bundles",
            )
    level = (facts.labels or {}).get("pod-security.kubernetes.io/enforce", "")
    return yes(f"{level} is enforced, and bundles meet restricted" if level else "no level is enforced")


def artifact_secret(facts: Facts) -> Finding:
    """Whether the Secret with which pods read artifacts is there; it is not read."""
    if isinstance(facts.secret, Unknown):
        return unknown(facts.secret)
    name = artifact_secret_name(facts.settings)
    if facts.secret:
        return yes(f"the Secret {name} is there" if name else "pods use no Secret")
    change = (
        f"kubectl create secret generic {name} -n {facts.namespace}, with the keys that docs/how-to/install.md names"
    )
    return no(f"there is no Secret {name}, with which pods read artifacts", change)
