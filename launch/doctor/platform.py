"""Checks of what the operator's settings put around every pod: nodes, indexes, proxies, certificates, Secrets. Pure."""

from __future__ import annotations

import re
from typing import Any, List, Mapping

from launch.doctor.facts import ADMINISTRATOR, Facts, Finding, IndexAnswer, Node, Unknown, no, unknown, yes
from launch.doctor.nodes import pod_tolerations, tolerated

_SHOWN = ("INDEX", "CA_", "PROXY", "MIRROR", "S3_", "POD_")
_USER_INFO = re.compile(r"(?<=://)[^/@\s]+@")
_PASSING = ("node.kubernetes.io/", "node.cloudprovider.kubernetes.io/")  # taints that say how a node is just now
_LOGIN = (401, 403)
_ON_THIS_MACHINE = "(asked on this machine; pods may have another way there)"


def surroundings(facts: Facts) -> Finding:
    """What the settings say of indexes, certificates, proxies, registries and pods; passwords are left out."""
    if isinstance(facts.installed, Unknown):
        return unknown(facts.installed, ADMINISTRATOR)
    told = [
        f"{name}={_USER_INFO.sub('***@', value)}"
        for name, value in sorted(facts.installed.items())
        if value and any(word in name for word in _SHOWN)
    ]
    return yes(", ".join(told) or "none is set: PyPI, certificates of the images, no proxy")


def nodes(facts: Facts) -> Finding:
    """Whether pods of bundles may run on nodes, and on those with devices, by what nodes have as taints."""
    if isinstance(facts.nodes, Unknown) or isinstance(facts.installed, Unknown):
        return unknown(facts.nodes if isinstance(facts.nodes, Unknown) else facts.installed, ADMINISTRATOR)
    tolerations = pod_tolerations(facts.installed.get("POD_TOLERATIONS", "")) or []
    refused = [_not_tolerated(node, tolerations) for node in facts.nodes]
    taken = sorted({node.architecture for node, taints in zip(facts.nodes, refused) if not taints})
    words = f"{refused.count([])} of {len(refused)} take pods of bundles" + (f" ({', '.join(taken)})" if taken else "")
    keeping = sorted({taint for taints in refused for taint in taints})
    if keeping:
        words += f"; taints of the others: {', '.join(keeping)}"
    if all(taint.startswith(_PASSING) for taint in keeping):
        change = "kubectl describe nodes: they are not ready, or cordoned"
    else:
        change = "operator.settings.podTolerations of the chart, or spec.serving.tolerations of a bundle"
    if not taken:
        return no(words, change)
    of_devices = [taints for node, taints in zip(facts.nodes, refused) if node.resources]
    if of_devices and all(of_devices):
        return no(f"{words}; none with a device takes pods", change, optional=True)
    return yes(words)


def _not_tolerated(node: Node, tolerations: List[Mapping[str, Any]]) -> List[str]:
    """The taints that keep pods away. A bundle with devices tolerates those that are named like its resource."""
    own = {*node.resources, *("nvidia.com/gpu" for name in node.resources if name.startswith("nvidia.com/"))}
    return [
        taint["key"] + (f"={taint['value']}" if taint.get("value") else "") + f":{taint['effect']}"
        for taint in node.taints
        if taint["effect"] != "PreferNoSchedule" and taint["key"] not in own and not tolerated(taint, tolerations)
    ]


def proxies(facts: Facts) -> Finding:
    """Whether the proxies of pods take connections."""
    if isinstance(facts.proxies, Unknown):
        return unknown(facts.proxies)
    if not facts.proxies:
        return yes("pods ask without a proxy")
    failed = [f"{url} cannot be reached: {why}" for url, why in facts.proxies.items() if why]
    if not failed:
        return yes(f"{', '.join(facts.proxies)} answers" + ("" if facts.in_pod else f" {_ON_THIS_MACHINE}"))
    change = "operator.settings.httpsProxy and httpProxy of the chart"
    if facts.in_pod:
        return no("; ".join(failed), change)
    return unknown(f"{'; '.join(failed)} {_ON_THIS_MACHINE}", change)


def index(facts: Facts) -> Finding:
    """Whether the package indexes answer; in a pod they are asked as pods of bundles ask them."""
    if isinstance(facts.indexes, Unknown):
        return unknown(facts.indexes)
    settings = {} if isinstance(facts.installed, Unknown) else facts.installed
    secret = settings.get("PACKAGE_INDEX_SECRET", "")
    failed = [answer for answer in facts.indexes if not _answers(answer, secret)]
    if failed:
        words = "; ".join(
            f"{answer.url} answered {answer.status}"
            if answer.status
            else f"{answer.url} cannot be reached: {answer.failed}"
            for answer in failed
        )
        changes = ", ".join(dict.fromkeys(_change(answer) for answer in failed))
        if facts.in_pod:
            return no(words, changes, optional=True)
        return unknown(f"{words} {_ON_THIS_MACHINE}", changes)
    logins = [answer.url for answer in facts.indexes if answer.status in _LOGIN]
    wanted = f"; {', '.join(logins)} wants a login, which the Secret {secret} is to have" if logins else ""
    return yes(f"{len(facts.indexes)} answered{wanted}" + ("" if facts.in_pod else f" {_ON_THIS_MACHINE}"))


def _answers(answer: IndexAnswer, secret: str) -> bool:
    """404 is the answer for a package that it has not."""
    return 200 <= answer.status < 300 or answer.status == 404 or (bool(secret) and answer.status in _LOGIN)


def _change(answer: IndexAnswer) -> str:
    if answer.status in _LOGIN:
        return "operator.settings.packageIndexSecret of the chart"
    if "CERTIFICATE_VERIFY_FAILED" in answer.failed:
        return "operator.settings.caConfigMap of the chart, and that ConfigMap in this namespace"
    return "operator.settings.packageIndex, extraPackageIndexes and httpsProxy of the chart"


def certificates(facts: Facts) -> Finding:
    """Whether the ConfigMap with the certificates that pods trust is in the namespace, and has some."""
    settings, found = facts.settings, facts.certificates
    if isinstance(settings, Unknown) or isinstance(found, Unknown):
        return unknown(settings if isinstance(settings, Unknown) else found)
    name, key = settings.get("CA_CONFIG_MAP", ""), settings.get("CA_KEY") or "ca.crt"
    if not name:
        return yes("pods trust the certificates of their images")
    place = f"the ConfigMap {name}, key {key}"
    change = (
        f"kubectl create configmap {name} -n {facts.namespace} --from-file={key}=certificates.pem, or what puts it into"
        " namespaces (operator.settings.caConfigMap of the chart)"
    )
    if found.failed:
        return no(f"{place}: {found.failed}", change)
    if found.expired:
        return no(f"{place}: out of date: {', '.join(found.expired)}", f"newer ones in {place}", optional=True)
    return yes(f"{place} has {found.number}")


def index_secret(facts: Facts) -> Finding:
    """Whether the Secret with the logins of package indexes is in the namespace; it is not read."""
    settings = facts.settings
    if isinstance(settings, Unknown) or isinstance(facts.index_secret, Unknown):
        return unknown(settings if isinstance(settings, Unknown) else facts.index_secret)
    name = settings.get("PACKAGE_INDEX_SECRET", "")
    if facts.index_secret:
        return yes(f"the Secret {name} is there" if name else "indexes are asked without a login")
    change = (
        f"kubectl create secret generic {name} -n {facts.namespace} --from-file=netrc, or no"
        " operator.settings.packageIndexSecret of the chart"
    )
    return no(f"there is no Secret {name}, which bundles with requirements need", change)


def pull_secrets(facts: Facts) -> Finding:
    """Whether the pull secrets of every pod are in the namespace; without one the kubelet asks without it."""
    if isinstance(facts.settings, Unknown) or isinstance(facts.pull_secrets, Unknown):
        return unknown(facts.settings if isinstance(facts.settings, Unknown) else facts.pull_secrets)
    absent = [name for name, there in facts.pull_secrets.items() if not there]
    if absent:
        change = (
            f"kubectl create secret docker-registry {absent[0]} -n {facts.namespace}, or other"
            " operator.settings.podImagePullSecrets of the chart"
        )
        return no(f"not there: {', '.join(absent)}; images of public registries are pulled all the same", change, True)
    return yes(", ".join(facts.pull_secrets) or "pods have none of the platform's")
