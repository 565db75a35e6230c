"""KWOK as a process of the node: what it is told, and what its pods say."""

import re
from pathlib import Path

import yaml

from tools.local_cluster import configs, kwok, versions
from tools.local_cluster.place import of_checkout
from tools.local_cluster.plan import plan

PLACE = of_checkout(Path("/checkout"))
MODULE = Path(kwok.__file__).parent / "kwok"


def test_the_version_is_the_one_that_its_module_pins() -> None:
    pinned = re.findall(r"sigs\.k8s\.io/kwok (v\S+)", (MODULE / "go.mod").read_text())
    assert pinned == [versions.KWOK]


def test_the_go_of_the_package_index_can_build_it() -> None:
    needed = re.findall(r"^go (\S+)$", (MODULE / "go.mod").read_text(), re.MULTILINE)
    assert [int(part) for part in needed[0].split(".")] <= [int(part) for part in versions.GO_WHEEL.split(".")]


def test_it_listens_on_this_node_alone_and_on_a_port_of_its_own() -> None:
    argv = kwok.component(PLACE, plan(3), Path("/kwok"), Path("/kubeconfig")).argv
    assert f"--server-address={plan(3).node_ip}:{kwok.PORT}" in argv
    assert kwok.PORT not in (configs.S3_PORT, configs.PACKAGES_PORT, 6443, 10250)


def test_only_its_own_nodes_are_its() -> None:
    argv = kwok.component(PLACE, plan(3), Path("/kwok"), Path("/kubeconfig")).argv
    (selector,) = [word.partition("=")[2] for word in argv if word.startswith("--manage-nodes")]
    name, _, value = selector.partition("=")
    nodes = kwok.nodes()
    assert {node["metadata"]["annotations"][name] for node in nodes} == {value}
    assert len({node["metadata"]["name"] for node in nodes}) == kwok.NODES


def test_its_nodes_have_room_for_more_pods_than_are_measured() -> None:
    assert sum(int(node["status"]["allocatable"]["pods"]) for node in kwok.nodes()) >= 10_000


def test_an_init_container_that_ends_leaves_a_report() -> None:
    stages = {each["metadata"]["name"]: each for each in yaml.safe_load_all((MODULE / "stages.yaml").read_text())}
    assert set(stages) == {"node-initialize", "pod-ready", "pod-delete"}
    assert '{"reason":"Completed"' in stages["pod-ready"]["spec"]["next"]["statusTemplate"]
