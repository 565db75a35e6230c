"""What is compared does the same, and in the same way."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tools.benchmarks.cold_start.pods import Taken
from tools.benchmarks.cold_start.shapes import MODEL, WEIGHTS, bare_pod, bundle, by_hand, clone, sources
from tools.benchmarks.cold_start.start import held_seconds, in_order


def test_the_modules_are_python_and_import_what_is_installed() -> None:
    made = sources(("json", "base64"))
    space: dict[str, Any] = {}
    exec(made["model"], space)
    assert {"json", "base64"} <= set(space)
    exec(made["predict"], space)
    assert space["load"](lambda x: x * 2)(x=2) == 4


def test_weights_are_read_before_it_serves(tmp_path: Path) -> None:
    (tmp_path / WEIGHTS).write_bytes(b"w" * 100)
    space: dict[str, Any] = {"__file__": str(tmp_path / "model.py")}
    exec(sources((), weights=True)["model"], space)
    assert space["load"]()(2) == 4
    (tmp_path / WEIGHTS).unlink()
    with pytest.raises(FileNotFoundError):
        space["load"]()


@pytest.mark.parametrize("requirements", [(), ("a==1", "b==2")])
def test_by_hand_installs_what_the_bundle_lists(requirements: tuple[str, ...]) -> None:
    _, deployment, _ = by_hand("x", requirements, "bucket", "key", "http://index.example:8080/simple", "image")
    command = deployment["spec"]["template"]["spec"]["containers"][0]["command"][-1]
    assert ("pip install" in command) is bool(requirements)
    assert all(line in command for line in requirements)
    assert "--trusted-host index.example " in command or not requirements
    content = bundle("x", "s3://bucket/key", "0" * 64, requirements, 0)["spec"]["bundle"]
    assert content.get("requirements", []) == list(requirements)


def test_each_holds_one_gpu_where_it_says_so() -> None:
    bundles = (bundle("x", "u", "s", (), 1), clone("y", "x", 1))
    of_bundles = [made["spec"]["serving"]["gpu"]["count"] for made in bundles]
    pods = [bare_pod("x", ())[1], by_hand("x", (), "b", "k", "http://i/simple", "image")[1]]
    limits = [pod["spec"]["template"]["spec"]["containers"][0]["resources"]["limits"] for pod in pods]
    assert of_bundles == [limit["nvidia.com/gpu"] for limit in limits] == [1, 1]


def test_what_is_read_of_a_pod() -> None:
    ready = {"type": "Ready", "status": "True", "lastTransitionTime": "2026-01-01T00:00:07Z"}
    scheduled = {"type": "PodScheduled", "status": "True", "lastTransitionTime": "2026-01-01T00:00:02Z"}
    assert held_seconds({"status": {"conditions": [ready, scheduled]}}) == 5.0


def test_nothing_imported_leaves_the_model_as_it_is() -> None:
    assert sources(())["model"] == MODEL.format(imports="", read="")


def test_a_jobs_containers_are_named_in_the_order_in_which_they_ran() -> None:
    taken = Taken(containers={"a": 100_000, "b": 40 << 20, "c": 90 << 20})
    assert in_order(taken) == {"prepare": 40 << 20, "install": 90 << 20}
