"""The commands of docs/how-to/uninstall.md, in their order: nothing of ours is left in the cluster."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterator

import pytest

from tests.cluster.bundles import cpu_bundle
from tests.cluster.test_endpoints import endpoint
from tools.testkit.install import NAMESPACE
from tools.testkit.kubectl import apply, get, kubectl, list_all, wait_for
from tools.testkit.page_blocks import blocks
from tools.testkit.store import Store

pytestmark = [
    pytest.mark.exclusive,
    pytest.mark.skipif(
        bool(os.environ.get("CLUSTER")), reason="removes every bundle of the cluster: needs the local cluster"
    ),
]

CHILDREN = "deployments,services,configmaps"
OURS = "app.kubernetes.io/managed-by=modelbundle-operator"
OF_THE_CLUSTER = (
    "crds", "clusterroles", "clusterrolebindings", "validatingadmissionpolicies", "validatingadmissionpolicybindings",
)  # fmt: skip


@pytest.fixture
def installed(operator: Callable[[], None]) -> Iterator[None]:
    """The session's operator, which is put back."""
    yield
    operator()


def page() -> list[str]:
    (found, *_) = [block for block in blocks() if block.page.name == "uninstall.md" and block.language == "sh"]
    return found.lines


def left_over() -> list[str]:
    names = kubectl("get", ",".join(OF_THE_CLUSTER), "-o", "name").split()
    return [name for name in names if "modelbundle" in name]


def test_the_page_leaves_nothing_of_ours(installed: None, namespace: str, store: Store) -> None:
    apply(cpu_bundle(store, "served"), endpoint("served"), namespace=namespace)
    wait_for("its Deployment", lambda: get("deployment", "served", namespace), 60)
    apply({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "mine"}}, namespace=namespace)
    assert left_over()
    for line in page():
        done = subprocess.run(line.split(), capture_output=True, text=True, timeout=400, check=False)
        assert done.returncode == 0, f"{line}: {done.stderr}"
    assert left_over() == []
    assert kubectl("get", CHILDREN, "--all-namespaces", "-l", OURS, "-o", "name") == ""
    assert get("namespace", NAMESPACE) is None
    assert get("configmap", "mine", namespace), "what a person made stays"
    wait_for("the last pod", lambda: not list_all("pods", namespace, "modelbundle.dev/bundle=served"), 180)
