"""What a package of the chart holds: the repository's root is the chart, so everything not ignored would be in it."""

from __future__ import annotations

import os
import subprocess
import tarfile
import tomllib
from pathlib import Path

import pytest
import yaml

from tests.chart.conftest import IMAGES, ROOT, Helm, Render
from tools.release import release
from tools.release.release import chart

ALLOWED = {
    "Chart.yaml",
    "LICENSE",
    "README.md",
    "charts/operator/Chart.yaml",
    "charts/operator/monitoring/alerts.yaml",
    "charts/operator/monitoring/dashboard.json",
    "charts/operator/templates/_helpers.tpl",
    "charts/operator/templates/admission-policy/_helpers.tpl",
    "charts/operator/templates/admission-policy/bindings.yaml",
    "charts/operator/templates/admission-policy/budgets.yaml",
    "charts/operator/templates/admission-policy/children.yaml",
    "charts/operator/templates/admission-policy/pods.yaml",
    "charts/operator/templates/admission-policy/services.yaml",
    "charts/operator/templates/admission-policy/writes.yaml",
    "charts/operator/templates/client-config.yaml",
    "charts/operator/templates/crds-job.yaml",
    "charts/operator/templates/deployment.yaml",
    "charts/operator/templates/monitoring.yaml",
    "charts/operator/templates/networkpolicy.yaml",
    "charts/operator/templates/poddisruptionbudget.yaml",
    "charts/operator/templates/rbac.yaml",
    "charts/operator/templates/service.yaml",
    "charts/operator/templates/serviceaccount.yaml",
    "charts/operator/templates/tenants/_helpers.tpl",
    "charts/operator/templates/tenants/bindings.yaml",
    "charts/operator/templates/tenants/limits.yaml",
    "charts/operator/templates/tenants/networkpolicies.yaml",
    "charts/operator/templates/tenants/policies.yaml",
    "charts/operator/templates/tests/installation.yaml",
    "charts/operator/values.schema.json",
    "charts/operator/values.yaml",
    "crds/modelbundles.yaml",
    "crds/modelendpoints.yaml",
    "templates/NOTES.txt",
    "templates/_helpers.tpl",
    "templates/bundles.yaml",
    "templates/roles.yaml",
    "values.schema.json",
    "values.yaml",
}
# as Argo CD's repo-server calls helm in a clone
ARGO_CD = [
    *("template", ".", "--name-template", "model-bundles", "--namespace", "modelbundle-system"),
    *("--kube-version", "1.35.4", "--api-versions", "apps/v1", "--api-versions", "monitoring.coreos.com/v1"),
    "--include-crds",
    "-f",
    str(IMAGES),
]


def test_lint_is_strict_and_silent(helm: Helm) -> None:
    done = helm("lint", "--strict", ".", "-f", str(IMAGES))
    assert done.returncode == 0, done.stdout + done.stderr
    assert "[WARNING]" not in done.stdout
    assert "[ERROR]" not in done.stdout


def test_a_package_holds_the_allowed_files_and_is_small(helm: Helm, tmp_path: Path) -> None:
    done = helm("package", ".", "-d", str(tmp_path))
    assert done.returncode == 0, done.stderr
    (package,) = tmp_path.glob("*.tgz")
    with tarfile.open(package) as archive:
        names = {name.removeprefix("model-bundles/") for name in archive.getnames()}
    assert names == ALLOWED
    assert package.stat().st_size < 150 * 1024


def test_a_clean_copy_renders_the_same_bytes_each_time_as_argo_cd_does_it(helm: Helm, tmp_path: Path) -> None:
    printed = set()
    for number in range(2):
        clone = tmp_path / str(number)
        # what git has of this tree, as it stands, and nothing else
        files = subprocess.run(
            ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
            cwd=ROOT,
            capture_output=True,
            check=True,
        ).stdout.split(b"\0")
        for name in filter(None, map(bytes.decode, files)):
            if (ROOT / name).is_file():
                (clone / name).parent.mkdir(parents=True, exist_ok=True)
                (clone / name).write_bytes((ROOT / name).read_bytes())
        done = helm(*ARGO_CD, cwd=clone)
        assert done.returncode == 0, done.stderr
        printed.add(done.stdout)
    assert len(printed) == 1
    kinds = [d["kind"] for d in yaml.safe_load_all(printed.pop()) if d]
    assert kinds.count("CustomResourceDefinition") == 2


def test_a_package_is_the_same_bytes_whenever_it_is_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By `make release`'s own function, with another time on every file between the two."""
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1700000000")
    made = []
    for number in range(2):
        out = tmp_path / str(number)
        out.mkdir()
        chart(out)
        (package,) = out.glob("*.tgz")
        made.append(package.read_bytes())
        os.utime(ROOT / "values.yaml")
    assert made[0] == made[1]


def test_an_older_kubernetes_is_refused(helm: Helm) -> None:
    done = helm("template", ".", "--kube-version", "1.29.0")
    assert done.returncode
    assert "chart requires kubeVersion: >=1.30.0-0" in done.stderr


def test_versions_agree_everywhere() -> None:
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    for file in (ROOT / "Chart.yaml", ROOT / "charts/operator/Chart.yaml"):
        read = yaml.safe_load(file.read_text())
        assert (read["version"], read["appVersion"]) == (version, version), file
        assert all(dependency["version"] == version for dependency in read.get("dependencies", []))
    values = yaml.safe_load((ROOT / "charts/operator/values.yaml").read_text())
    assert (values["image"]["tag"], values["runtimeImage"]["tag"]) == ("", ""), "empty: the chart's appVersion"
    assert (ROOT / "CHANGELOG.md").read_text().partition("## ")[2].startswith(version)


@pytest.mark.parametrize("values", ["{}", "operator: {watchNamespaces: [team-a]}"])
def test_the_notes_name_the_next_three_commands(helm: Helm, values: str) -> None:
    """`helm install --dry-run=client` renders them without a cluster."""
    done = helm("install", "mb", ".", "-n", "ns", "--dry-run=client", "-f", str(IMAGES), "-f", "-", stdin=values)
    assert done.returncode == 0, done.stderr
    notes = done.stdout.partition("NOTES:")[2]
    for command in ("helm test mb -n ns", "create secret generic modelbundle-artifacts", "apply -f bundle.yaml"):
        assert command in notes
    assert "AWS_ENDPOINT_URL" in notes, "else a store that is not AWS is not found"
    assert ("team-a" in notes) == ("team-a" in values)


@pytest.mark.parametrize(("tag", "said"), [("9.9.9", True), ("", False), (release.version(), False)])
def test_the_notes_name_an_image_of_another_version(helm: Helm, tag: str, said: bool) -> None:
    values = yaml.safe_dump({"operator": {"runtimeImage": {"tag": tag, "digest": "sha256:" + "0" * 64}}})
    done = helm("install", "mb", ".", "-n", "ns", "--dry-run=client", "-f", str(IMAGES), "-f", "-", stdin=values)
    assert done.returncode == 0, done.stderr
    words = f"operator.runtimeImage has the tag {tag}, and this chart is version {release.version()}"
    assert (words in done.stdout) is said
    assert "operator.image has the tag" not in done.stdout


def test_the_notes_of_bundles_say_what_they_became(helm: Helm, render: Render) -> None:
    values = yaml.safe_dump(
        {"operator": {"enabled": False}, "bundles": {"a": {"bundle": {"cloneFrom": {"name": "x"}}}}}
    )
    (bundle,) = render(values)
    done = helm("install", "mb", ".", "-n", "ns", "--dry-run=client", "-f", str(IMAGES), "-f", "-", stdin=values)
    name = bundle["metadata"]["name"]
    assert f"wait --for=condition=Ready --timeout=10m modelbundle/{name}" in done.stdout
    assert f"-l modelbundle.dev/bundle-name=a --field-selector metadata.name!={name}" in done.stdout
