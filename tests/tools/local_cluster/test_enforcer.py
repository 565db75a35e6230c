"""What enforces NetworkPolicies, as a process of the node: what it is told, and which packets it is asked about."""

import os
import re
from pathlib import Path

import pytest

from tools.local_cluster import enforcer, versions
from tools.local_cluster.errors import ClusterError
from tools.local_cluster.place import NODE_NAME, of_checkout
from tools.local_cluster.plan import plan
from tools.local_cluster.shell import run

PLACE = of_checkout(Path("/checkout"))
MODULE = Path(enforcer.__file__).parent / "enforcer"
SHARED = re.compile(r"^\t(\S+) (v\S+)", re.MULTILINE)


def test_the_version_is_the_one_that_its_module_pins() -> None:
    pinned = re.findall(r"sigs\.k8s\.io/kube-network-policies (v\S+)", (MODULE / "go.mod").read_text())
    assert pinned == [versions.NETWORK_POLICIES]


def test_the_go_of_the_package_index_can_build_it() -> None:
    needed = re.findall(r"^go (\S+)$", (MODULE / "go.mod").read_text(), re.MULTILINE)
    assert [int(part) for part in needed[0].split(".")] <= [int(part) for part in versions.GO_WHEEL.split(".")]


def test_what_it_shares_with_the_clusters_programs_is_compiled_once() -> None:
    own, of_programs = (
        dict(SHARED.findall((MODULE.parent / name / "go.mod").read_text())) for name in ("enforcer", "programs")
    )
    both = own.keys() & of_programs.keys()
    assert {"k8s.io/client-go", "google.golang.org/protobuf"} <= both
    assert {name: own[name] for name in both} == {name: of_programs[name] for name in both}


def test_it_looks_after_the_pods_of_this_node_and_empties_the_queue_that_is_filled() -> None:
    argv = enforcer.component(Path("/enforcer"), Path("/kubeconfig")).argv
    assert f"--node={NODE_NAME}" in argv
    assert f"--queue={enforcer.QUEUE}" in argv
    assert [rule[-1] for rule in enforcer.rules(plan(3))] == [str(enforcer.QUEUE)] * 2


def test_of_what_is_sent_to_the_node_only_pods_are_asked_about() -> None:
    _, to_the_node = enforcer.rules(plan(3))
    assert to_the_node[:3] == ["INPUT", "--source", str(plan(3).pods)]


@pytest.mark.skipif(os.geteuid() != 0, reason="this user is not root, who alone can ask a kernel for rules")
def test_the_kernel_takes_the_rules_or_it_is_said_what_it_lacks() -> None:
    if why := enforcer.lacks():
        with pytest.raises(ClusterError, match=re.escape(why)):
            enforcer.start(PLACE, plan(3))
        return
    for rule in enforcer.rules(plan(3)):
        run(["unshare", "--net", *enforcer._IPTABLES, "--append", *rule])
