"""The chart as users get it: pushed to a registry of OCI artifacts, and installed from there."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.chart.conftest import IMAGES, Helm
from tools.release import publish, release
from tools.release.release import version
from tools.testkit.oci_registry import Registry, oci_registry

RENDER = ["-n", "modelbundle-system", "--kube-version", "1.35.4", "--include-crds", "-f", str(IMAGES)]


@pytest.fixture(scope="module")
def registry(helm: Helm, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Registry]:
    """One that has the chart."""
    made = tmp_path_factory.mktemp("dist")
    release.chart(made)
    with oci_registry() as running:
        assert publish.chart(made, f"{running.host}/charts") == f"oci://{running.host}/charts/model-bundles"
        yield running


def test_it_is_rendered_from_the_registry_as_from_the_checkout(helm: Helm, registry: Registry) -> None:
    assert registry.tags("charts/model-bundles") == [version()]
    place = [f"oci://{registry.host}/charts/model-bundles", "--version", version(), "--plain-http"]
    pulled = helm("template", "model-bundles", *place, *RENDER)
    assert pulled.returncode == 0, pulled.stderr
    assert pulled.stdout == helm("template", "model-bundles", ".", *RENDER).stdout


def test_it_can_be_pulled_with_the_crds_that_an_upgrade_applies_first(
    helm: Helm, registry: Registry, tmp_path: Path
) -> None:
    place = [f"oci://{registry.host}/charts/model-bundles", "--version", version(), "--plain-http"]
    done = helm("pull", *place, "--untar", "--untardir", str(tmp_path))
    assert done.returncode == 0, done.stderr
    assert sorted(file.name for file in (tmp_path / "model-bundles" / "crds").iterdir()) == [
        "modelbundles.yaml",
        "modelendpoints.yaml",
    ]


def test_another_version_is_not_there(helm: Helm, registry: Registry) -> None:
    place = [f"oci://{registry.host}/charts/model-bundles", "--version", "9.9.9", "--plain-http"]
    assert helm("show", "chart", *place).returncode != 0
