"""What a package of the chart holds: the repository's root is the chart, so everything not ignored would be in it."""

from __future__ import annotations

import tarfile
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .conftest import Helm

ALLOWED = {
    "Chart.yaml",
    "LICENSE",
    "README.md",
    "charts/operator/Chart.yaml",
    "charts/operator/templates/_helpers.tpl",
    "charts/operator/templates/client-config.yaml",
    "charts/operator/templates/deployment.yaml",
    "charts/operator/templates/rbac.yaml",
    "charts/operator/templates/serviceaccount.yaml",
    "charts/operator/values.schema.json",
    "charts/operator/values.yaml",
    "crds/modelbundles.yaml",
    "crds/modelendpoints.yaml",
    "templates/NOTES.txt",
    "templates/bundles.yaml",
    "templates/roles.yaml",
    "values.schema.json",
    "values.yaml",
}


def test_lint_is_strict_and_silent(helm: Helm) -> None:
    done = helm("lint", "--strict", ".")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "[WARNING]" not in done.stdout
    assert "[ERROR]" not in done.stdout


def test_package_holds_the_allowed_files_and_is_small(helm: Helm, tmp_path: Path) -> None:
    done = helm("package", ".", "-d", str(tmp_path))
    assert done.returncode == 0, done.stderr
    (package,) = tmp_path.glob("*.tgz")
    with tarfile.open(package) as archive:
        names = {name.removeprefix("model-bundles/") for name in archive.getnames()}
    assert names == ALLOWED
    assert package.stat().st_size < 150 * 1024
