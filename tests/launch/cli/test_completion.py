"""Completion is click's own; docs/reference/cli.md says how it is switched on."""

import shutil
import subprocess
import sys

import pytest

from launch.cli.commands import COMMANDS
from tests.launch.cli.conftest import environment
from tools.local_cluster import golang
from tools.testkit.model_bundles import model_bundle


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_each_shell_gets_its_script(modelbundle, shell):
    done = modelbundle(_MODELBUNDLE_COMPLETE=f"{shell}_source")
    assert "_MODELBUNDLE_COMPLETE" in done.out


def completed(modelbundle, *words, **variables):
    """What bash offers for the last of these words."""
    line = " ".join(["modelbundle", *map(str, words)])
    asked = {"_MODELBUNDLE_COMPLETE": "bash_complete", "COMP_WORDS": line, "COMP_CWORD": str(len(words))}
    return modelbundle(**asked, **variables).out.split()


@pytest.mark.parametrize(
    ("words", "expected"), [(("fl",), "flatten"), (("diff", "--na"), "--namespace"), (("ser",), "serve")]
)
def test_commands_and_options_are_completed(modelbundle_here, words, expected):
    assert completed(modelbundle_here, *words) == [f"plain,{expected}"]


def test_it_is_completed_by_the_command_as_a_shell_starts_it(modelbundle):
    assert completed(modelbundle, "fl") == ["plain,flatten"]


@pytest.mark.parametrize(
    "words",
    [("serve", "my_mo"), ("check", "a.yaml", "b"), ("create", "name", "my_mo"), ("clone", "x", "--app-config", "f")],
)
def test_files_are_left_to_the_shell(modelbundle_here, words):
    assert completed(modelbundle_here, *words) == [f"file,{words[-1]}"]


@pytest.fixture
def cluster(api):
    """The variables of a client of a cluster with three bundles."""
    return {"KUBECONFIG": str(api(*(bundle(name) for name in ("sentiment-v1", "sentiment-v2", "other"))))}


def bundle(name):
    return {**model_bundle("x"), "metadata": {"name": name, "creationTimestamp": "2026-01-01T00:00:00Z"}}


@pytest.mark.parametrize(
    "words", [("get", "sent"), ("digest", "sent"), ("diff", "other", "sent"), ("logs", "-f", "sent")]
)
def test_bundles_are_those_of_the_cluster(modelbundle_here, cluster, words):
    assert sorted(completed(modelbundle_here, *words, **cluster)) == ["plain,sentiment-v1", "plain,sentiment-v2"]


def test_without_a_cluster_nothing_is_offered_and_nothing_is_said(modelbundle, tmp_path):
    variables = {"KUBECONFIG": str(tmp_path / "none"), "_MODELBUNDLE_COMPLETE": "bash_complete"}
    done = modelbundle(COMP_WORDS="modelbundle get se", COMP_CWORD="2", **variables)
    assert (done.code, done.out.strip(), done.err) == (0, "", "")


def test_kubectl_completes_its_plugin(tmp_path):
    found = golang.bin_directory() / "kubectl"
    kubectl = str(found) if found.exists() else shutil.which("kubectl")
    if kubectl is None:
        pytest.skip("needs kubectl")
    modules = {"kubectl-modelbundle": "cli", "kubectl_complete-modelbundle": "cli.kubectl_completion"}
    for name, module in modules.items():
        script = tmp_path / name
        script.write_text(f"#!{sys.executable}\nfrom launch.{module} import main\nmain()\n")
        script.chmod(0o755)
    variables = environment(PATH=f"{tmp_path}:/usr/bin:/bin", KUBECONFIG=str(tmp_path / "none"))

    def asked(*words):
        command = [kubectl, *words]
        return subprocess.run(command, env=variables, capture_output=True, text=True, check=True).stdout.splitlines()

    assert asked("modelbundle", "digest", "--help")[0].startswith("Usage: modelbundle digest")
    assert asked("__complete", "modelbundle", "fl") == [f"flatten\t{COMMANDS['flatten']}", ":4"]
    assert asked("__complete", "modelbundle", "serve", "my")[-1] == ":0", "files are the shell's"
