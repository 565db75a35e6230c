"""The commands about families against a real operator: what it resolved is what they derive, show and write out."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from pathlib import Path

import pytest

from launch.bundle.manifest import dump
from tests.cluster.bundles import cpu_bundle, wait_condition, wait_ready
from tools.testkit.kubectl import apply, get, kubectl, wait_for
from tools.testkit.store import Store

STORED = {"replicas": 0}


def modelbundle(namespace: str, *words: object, code: int = 0) -> str:
    command = [sys.executable, "-m", "launch.cli", *map(str, words)]
    if words[0] != "pin":
        command += ["-n", namespace]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=180)
    assert done.returncode == code, done.stderr
    return done.stdout or done.stderr


@pytest.fixture
def family(operator: object, namespace: str, store: Store) -> str:
    """v1 <- v2 <- v3, made by the command; v2 is deleted then."""
    config = {"mode": "single", "y": "no"}
    apply(cpu_bundle(store, "v1", serving=STORED, appConfig=config), namespace=namespace)
    wait_condition("v1", namespace, "Ready", "True", "Stored")
    modelbundle(namespace, "clone", "v1", "--name", "v2", "--set", "appConfig.mode=batched")
    wait_condition("v2", namespace, "Resolved", "True")
    modelbundle(namespace, "clone", "v2", "--name", "v3", "--env", "MODE=x")
    wait_condition("v3", namespace, "Ready", "True", "Stored")
    kubectl("delete", "mbun", "v2", namespace=namespace)
    return namespace


def test_a_family_is_shown_compared_and_blamed(family: str) -> None:
    (tree,) = json.loads(modelbundle(family, "tree", "v3", "-o", "json"))["families"]
    (deleted,) = tree["clones"]
    (v3,) = deleted["clones"]
    assert (tree["name"], tree["reason"]) == ("v1", "Stored")
    assert (deleted["name"], deleted["missing"]) == ("v2", "deleted")
    assert (v3["name"], v3["reason"], v3["changed"]) == ("v3", "Stored", ["env"])
    found = json.loads(modelbundle(family, "diff", "v1", "v3", "-o", "json"))["differences"]
    assert [item["path"] for item in found] == ["appConfig.mode", "env"]
    assert json.loads(modelbundle(family, "blame", "v3", "appConfig.mode", "-o", "json"))["setBy"] == "v2"
    assert json.loads(modelbundle(family, "blame", "v3", "env", "-o", "json"))["setBy"] == "v3"


def test_the_digest_is_the_operators_and_of_what_pods_mount(family: str) -> None:
    status = (get("mbun", "v3", family) or {})["status"]
    assert modelbundle(family, "digest", "v3").strip() == status["digest"]
    assert (
        _digest(modelbundle(family, "digest", "v3", "-o", "document")) == status["digest"]
    )  # no pod has mounted it yet
    kubectl("scale", "mbun/v3", "--replicas=1", namespace=family)
    mounted = wait_for("what pods mount", lambda: _document("v3", family), 60)
    assert _digest(mounted) == status["digest"]


def _document(name: str, namespace: str) -> str:
    return kubectl("get", "configmap", name, "-o", r"jsonpath={.data.bundle\.json}", namespace=namespace)


def _digest(document: str) -> str:
    return "sha256:" + hashlib.sha256(document.encode()).hexdigest()


@pytest.mark.parametrize("writer", [["create"], ["apply"], ["apply", "--server-side"]])
def test_what_flatten_writes_has_the_same_digest_under_every_writer(family: str, writer: list[str]) -> None:
    text = modelbundle(family, "flatten", "v3", "--name", "alone")
    kubectl(*writer, "-f", "-", namespace=family, stdin=text)
    alone = wait_condition("alone", family, "Resolved", "True")["status"]
    assert alone["digest"] == (get("mbun", "v3", family) or {})["status"]["digest"]
    assert alone["lineage"]["depth"] == 0


def test_lock_pins_what_install_installed(operator: object, namespace: str, store: Store, tmp_path: Path) -> None:
    bundle = cpu_bundle(store, "locked", requirements=["scikit-learn"])
    (tmp_path / "bundle.yaml").write_text(dump(bundle))
    apply(bundle, namespace=namespace)
    status = wait_ready("locked", namespace, timeout=300)["status"]
    text = modelbundle(namespace, "lock", tmp_path / "bundle.yaml", "--only", "requirements", "--name", "locked-2")
    assert "- scikit-learn==" in text
    assert text.count("==") == status["requirements"]["count"]
    kubectl("delete", "mbun", "locked", namespace=namespace)
    said = modelbundle(namespace, "lock", tmp_path / "bundle.yaml", code=1)
    assert "not found" in said
