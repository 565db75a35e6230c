"""Argo CD as processes of the node: the settings of each, and that two copies of the project do not meet."""

import re
from pathlib import Path

from tools.local_cluster import argocd, configs, versions
from tools.local_cluster.argocd import COMPONENTS, component, objects
from tools.local_cluster.place import of_checkout
from tools.local_cluster.plan import plan

PLACE = of_checkout(Path("/checkout"))
MODULE = Path(argocd.__file__).parent / "argo-cd" / "go.mod"


def test_the_version_is_the_one_that_its_module_pins() -> None:
    pinned = re.findall(r"github.com/argoproj/argo-cd/v3 (v\S+)$", MODULE.read_text(), re.MULTILINE)
    assert pinned == [versions.ARGOCD]


def test_the_go_of_the_package_index_can_build_it() -> None:
    needed = re.findall(r"^go (\S+)$", MODULE.read_text(), re.MULTILINE)
    assert [int(part) for part in needed[0].split(".")] <= [int(part) for part in versions.GO_WHEEL.split(".")]


def test_processes_listen_on_this_node_alone_and_on_ports_of_their_own() -> None:
    for slot in (3, 4):
        node = plan(slot).node_ip
        for name in COMPONENTS:
            made = component(name, PLACE, plan(slot), Path("/made"), Path("/kubeconfig"))
            others = [word for word in made.argv if re.search(r"\d+\.\d+\.\d+\.\d+", word) and node not in word]
            assert not others
    assert len({*COMPONENTS.values(), configs.S3_PORT, configs.PACKAGES_PORT}) == len(COMPONENTS) + 2


def test_what_they_write_goes_with_the_cluster() -> None:
    environment = component("argocd-repo-server", PLACE, plan(3), Path("/made"), Path("/kubeconfig")).env
    assert {Path(environment[name]) for name in ("TMPDIR", "HOME")} == {PLACE.state / "argocd"}
    assert Path(environment["ARGOCD_ASK_PASS_SOCK"]).parent == PLACE.run


def test_settings_can_be_added_by_a_user_of_argo_cd() -> None:
    """argocd-cm is there and empty: no key of it is this tool's, so a file of others applies without conflict."""
    (settings,) = [found for found in objects() if found["metadata"]["name"] == "argocd-cm"]
    assert "data" not in settings
