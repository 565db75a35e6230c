"""A pod as the platform's settings render it, with ids as OpenShift's restricted-v2 would give it, under a policy that
refuses all others: four containers work together as one user, and certificates, proxies and an index's login are where
they belong and nowhere else. A bundle with our own ids is refused there, with words.

The pod is made of the template that the operator would apply, so that no other test meets these settings.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from modelbundle_operator.api.names import parse
from modelbundle_operator.bundle.resolve import resolve
from modelbundle_operator.render import Plan, desired
from modelbundle_operator.settings import Settings

from tests.cluster.audit import OPERATOR
from tests.cluster.bundles import cpu_bundle, wait_condition
from tests.cluster.openshift import FIRST, restricted_v2, with_its_ids
from tests.cluster.test_doctor import doctor
from tools.testkit.call import post, service_url
from tools.testkit.install import runtime_image
from tools.testkit.kubectl import Manifest, apply, condition, explain_bundle, get, kubectl, wait_for
from tools.testkit.place import SECRET, Place
from tools.testkit.private_authority import PrivateAuthority
from tools.testkit.store import Store

NAME = "surrounded"
PROXY = "http://proxy.invalid:3128"  # what is asked through it fails
PASSWORD = "an-index-password"
PREDICT = """
import os

def load(model):
    import humanize

    def predict(x, y):
        environment = dict(os.environ)
        seen = {name: environment.get(name) for name in ("HTTPS_PROXY", "https_proxy", "SSL_CERT_FILE")}
        certificate = open(environment["SSL_CERT_FILE"]).read()
        return [os.getuid(), os.getgid(), seen, certificate, sorted(environment), str(environment), model(x)]
    return predict
"""


def rendered(bundle: Manifest, place: Place, namespace: str) -> Plan:
    """The objects that an operator with these settings would apply."""
    inside = tuple(str(urlsplit(url).hostname) for url in (place.s3_endpoint_in_cluster, place.index_in_cluster))
    settings = Settings(
        runtime_image=runtime_image(),
        package_index=place.index_in_cluster,
        artifact_secret=SECRET,
        ca_config_map="company-ca",
        http_proxy=PROXY,
        https_proxy=PROXY,
        no_proxy=inside,
        package_index_secret="package-index",
        pod_ids="platform",
    )
    parsed = parse({**bundle, "metadata": {"name": NAME, "namespace": namespace, "uid": "none", "generation": 1}})
    return desired(parsed, resolve(parsed), settings, None)


@pytest.fixture
def openshift(namespace: str) -> Iterator[None]:
    with restricted_v2(namespace):
        yield


def test_one_user_for_all_containers_and_what_surrounds_them(
    operator: Callable[[], None], store: Store, place: Place, namespace: str, openshift: None, tmp_path: Path
) -> None:
    certificate = PrivateAuthority(tmp_path).file.read_text()
    netrc = f"machine packages.invalid login bot password {PASSWORD}"
    bundle = cpu_bundle(store, NAME, predict=PREDICT, requirements=["humanize==4.10.0"])
    plan = rendered(bundle, place, namespace)
    template = plan.deployment["spec"]["template"]
    # the policies that confine the operator let it make a Deployment with all of this
    asked = ("create", "--dry-run=server", f"--as={OPERATOR}", "-f", "-")
    kubectl(*asked, namespace=namespace, stdin=json.dumps(plan.deployment))

    pod = v1("Pod", NAME, spec=with_its_ids(template["spec"]))
    pod["metadata"]["labels"] = {"app": NAME}
    ports = [{"port": 80, "targetPort": plan.service["spec"]["ports"][0]["targetPort"]}]
    apply(
        v1("ConfigMap", NAME, data=plan.config_map["data"]),
        v1("Secret", "package-index", stringData={"netrc": netrc}),
        v1("Service", NAME, spec={"selector": {"app": NAME}, "ports": ports}),
        pod,
        namespace=namespace,
    )
    apply(cpu_bundle(store, "refused"), namespace=namespace)
    missing = wait_for("prepare's word about the ConfigMap", lambda: _words_of("prepare", namespace), 180)
    assert "ConfigMap company-ca, key ca.crt" in missing

    # the kubelet looks at the volumes of a pod that waits once a minute or so: a new one has it at once
    kubectl("delete", "pod", NAME, "--wait", "--grace-period=1", namespace=namespace)
    apply(v1("ConfigMap", "company-ca", data={"ca.crt": certificate}), pod, namespace=namespace)
    wait_for(
        "the pod",
        lambda: condition(get("pod", NAME, namespace), "Ready").get("status") == "True",
        180,
        lambda: explain_bundle(NAME, namespace) + kubectl("describe", "pod", NAME, namespace=namespace),
    )
    with service_url(NAME, namespace) as url:
        uid, gid, seen, trusted, names, environment, answer = post(f"{url}/predict", {"x": 1, "y": ""}).value
    assert (uid, gid, answer) == (FIRST, 0, 2)
    assert seen == {
        "HTTPS_PROXY": PROXY, "https_proxy": PROXY, "SSL_CERT_FILE": "/modelbundle/certificates/ca.crt",
    }  # fmt: skip
    assert trusted == certificate
    assert not [name for name in names if "NETRC" in name or name.startswith("AWS_ACCESS")]
    assert PASSWORD not in environment
    assert PASSWORD not in kubectl("logs", NAME, "--all-containers", namespace=namespace)

    ready = condition(wait_condition("refused", namespace, "Ready", "False", "PodsRefused"), "Ready")
    assert "OpenShift chooses ids: set the operator's podIds to platform" in ready["message"]
    _, found = doctor(namespace, place, "--only", "namespace")
    assert found["pod-security"]["answer"] == "no"
    assert found["pod-security"]["change"].startswith("operator.settings.podIds: platform")


def v1(kind: str, name: str, **fields: Any) -> Manifest:
    return {"apiVersion": "v1", "kind": kind, "metadata": {"name": name}, **fields}


def _words_of(container: str, namespace: str) -> str:
    """The termination message of an init container that ended badly."""
    pod = get("pod", NAME, namespace) or {}
    for status in pod.get("status", {}).get("initContainerStatuses", []):
        for state in (status.get("state", {}), status.get("lastState", {})):
            ended = state.get("terminated") or {}
            if status["name"] == container and ended.get("exitCode"):
                return str(ended.get("message", ""))
    return ""
