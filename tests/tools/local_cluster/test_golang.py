"""The cluster's programs: what one module pins is what the rest of the tool believes, and a failed build says why."""

import re
import shutil
from pathlib import Path

import pytest

from tools.local_cluster import configs, golang, versions
from tools.local_cluster.components import CONTROL_PLANE, SERVICES, component
from tools.local_cluster.errors import ClusterError
from tools.local_cluster.place import of_checkout
from tools.local_cluster.plan import plan

GO_MOD = (golang.MODULE / "go.mod").read_text()
PLACE = of_checkout(Path("/checkout"))


def source(program: str) -> str:
    return (golang.MODULE / program / "main.go").read_text()


@pytest.mark.parametrize(
    ("module", "version"),
    [
        ("k8s.io/kubernetes", versions.KUBERNETES),
        ("github.com/coredns/coredns", versions.COREDNS),
        ("github.com/versity/versitygw", versions.VERSITYGW),
    ],
)
def test_the_versions_are_those_that_the_module_pins(module: str, version: str) -> None:
    assert re.findall(rf"^\s+{re.escape(module)} (v\S+)(?: // indirect)?$", GO_MOD, re.MULTILINE) == [version]


def test_helm_is_the_version_that_its_module_pins() -> None:
    pinned = (golang.HELM_MODULE / "go.mod").read_text()
    assert re.findall(r"^\s+helm\.sh/helm/v4 (v\S+)", pinned, re.MULTILINE) == [versions.HELM]


def test_all_programs_share_the_modules_of_this_kubernetes() -> None:
    """Or each would compile, and speak, a version of its own."""
    pinned = dict(re.findall(r"^\s+(k8s\.io/\S+) => (\S+ v\S+)$", GO_MOD, re.MULTILINE))
    staged = "v0" + versions.KUBERNETES.removeprefix("v1")
    for name in ("api", "apimachinery", "apiserver", "client-go", "kubectl"):
        assert pinned[f"k8s.io/{name}"] == f"k8s.io/{name} {staged}"
    assert {found.split()[1] for name, found in pinned.items() if name != "k8s.io/kubernetes"} == {staged}


def test_the_go_of_the_package_index_can_build_them() -> None:
    needed = re.findall(r"^go (\S+)$", GO_MOD, re.MULTILINE)
    assert [int(part) for part in needed[0].split(".")] <= [int(part) for part in versions.GO_WHEEL.split(".")]


def test_coredns_has_the_plugins_of_the_corefile_and_no_others() -> None:
    used = set(re.findall(r"^  ([a-z]+)", configs.corefile(PLACE, plan(3)), re.MULTILINE))
    assert used == set(re.findall(r'"github.com/coredns/coredns/plugin/([^"]+)"', source("coredns")))


def test_kubernetes_is_every_program_that_a_link_is_made_for() -> None:
    served = set(re.findall(r'^\t"([a-z-]+)": ', source("kubernetes"), re.MULTILINE))
    assert served == set(golang.KUBERNETES)


def test_every_program_that_is_started_is_built() -> None:
    built = {*golang.KUBERNETES, "coredns", "versitygw"}
    binaries = Path("/binaries")
    for name in (*CONTROL_PLANE, *SERVICES):
        program = Path(component(name, PLACE, plan(3), binaries, Path("/wheels"), ("key", "secret")).argv[0])
        assert program.parent != binaries or program.name in built


def test_another_source_or_version_has_another_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copytree(golang.MODULE, tmp_path / "programs")
    before = golang.bin_directory()
    monkeypatch.setattr(golang, "MODULE", tmp_path / "programs")
    assert golang.bin_directory() == before
    for name in ("go.mod", "go.sum", "coredns/main.go"):
        seen = golang.bin_directory()
        with (tmp_path / "programs" / name).open("a") as file:
            file.write("// more\n")
        assert golang.bin_directory() != seen


def test_a_build_that_fails_says_why_and_not_what_was_compiled_before(tmp_path: Path) -> None:
    lines = ("example.com/a/b", "runtime", "b.go:1:1: undefined: c")
    said = "\n".join([*(f"echo '{line}' >&2" for line in lines), "exit 2"])
    with pytest.raises(ClusterError) as failure:
        golang.compile_with(["sh", "-c", said], tmp_path)
    assert "undefined: c" in failure.value.what
    assert "ended with 2" in failure.value.what
    assert "example.com/a/b\n" not in failure.value.what.partition("ended with 2:")[2]
