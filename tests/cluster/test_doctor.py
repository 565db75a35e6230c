"""`modelbundle doctor` on a real cluster, before and after its namespace is made one that refuses bundles."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from typing import Any

import pytest

from tools.testkit.kubectl import kubectl
from tools.testkit.place import ROOT, Place


def doctor(namespace: str, place: Place, *words: str) -> tuple[int, dict[str, Any]]:
    keys = {"AWS_ACCESS_KEY_ID": place.access_key, "AWS_SECRET_ACCESS_KEY": place.secret_key}
    kept = {name: value for name, value in os.environ.items() if name != "LAUNCH_ARTIFACT_URI"}
    command = [sys.executable, "-m", "launch.cli", "doctor", "-n", namespace, "-o", "json", *words]
    done = subprocess.run(
        command, cwd=ROOT, env={**kept, **keys}, capture_output=True, text=True, check=False, timeout=240
    )
    assert done.returncode in (0, 3), done.stderr
    assert place.secret_key not in done.stdout + done.stderr
    return done.returncode, {check["name"]: check for check in json.loads(done.stdout)["checks"]}


@pytest.mark.usefixtures("operator")
def test_what_it_says_of_this_cluster(namespace: str, place: Place) -> None:
    code, found = doctor(namespace, place)
    answers = {name: check["answer"] for name, check in found.items() if name not in ("index", "devices")}
    assert answers == dict.fromkeys(answers, "yes"), found
    assert code == 0
    assert "modelbundle-operator-writes" in found["policies"]["says"]
    hard = "limits.cpu=1,pods=0,count/poddisruptionbudgets.policy=0"
    kubectl("create", "quota", "tight", f"--hard={hard}", namespace=namespace)
    kubectl("delete", "secret", "modelbundle-artifacts", namespace=namespace)
    code, found = doctor(namespace, place, "--only", "namespace")
    assert code == 3
    assert {name for name, check in found.items() if check["answer"] == "no"} == {"quota", "secret"}
    says = found["quota"]["says"]
    assert "tight asks for limits.cpu" in says
    assert re.search(r"tight: pods [01] of 0 is used", says)  # the client's pod, once it is counted
    assert "policy 0 of 0 is used: bundles of several replicas go without a PodDisruptionBudget" in says
    assert "default.cpu" in found["quota"]["change"]
