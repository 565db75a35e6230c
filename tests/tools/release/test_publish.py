"""`make publish` and what users do with it: a chart and images from a registry, a wheel from an index."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator

import pytest

from tools.local_cluster import builder
from tools.release import publish
from tools.release.engine import SLUGS, Buildah
from tools.release.release import PREFIX, ReleaseError, checksums, version, wheel
from tools.testkit.oci_registry import Registry, oci_registry
from tools.testkit.package_index import served_index


@pytest.fixture
def registry() -> Iterator[Registry]:
    with oci_registry() as running:
        yield running


@pytest.mark.skipif(not shutil.which("buildah") or os.geteuid() != 0, reason="needs buildah, and root for it")
def test_images_are_those_of_the_archives_under_their_digests(registry, tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))  # a storage of its own
    dist = tmp_path / "dist"
    dist.mkdir()
    for slug in SLUGS:
        tree = tmp_path / slug
        tree.mkdir()
        (tree / "said").write_text(slug)
        builder.import_tree(tree, f"{PREFIX}/{slug}:{version()}")
        Buildah().save(f"{PREFIX}/{slug}:{version()}", dist / f"{slug}-{version()}.tar")
        builder.remove(f"{PREFIX}/{slug}:{version()}")
    try:
        values = publish.images(Buildah(), dist, f"{registry.host}/model-bundles")
    finally:
        builder.clear()
    assert set(values) == {"image", "runtimeImage"}
    for slug, value in zip(SLUGS, values.values(), strict=True):
        assert value["repository"] == f"{registry.host}/model-bundles/{slug}"
        _, manifest = registry.manifests[f"model-bundles/{slug}", value["digest"]]
        assert json.loads(manifest)["layers"]
        assert registry.manifests[f"model-bundles/{slug}", version()][1] == manifest


def test_a_file_that_is_not_what_was_made_is_not_published(tmp_path) -> None:
    with pytest.raises(ReleaseError, match="run `make release` first"):
        publish.check(tmp_path)
    (tmp_path / "operator.tar").write_text("as it was made")
    checksums(tmp_path)
    publish.check(tmp_path)
    (tmp_path / "operator.tar").write_text("another")
    with pytest.raises(ReleaseError, match="not what SHA256SUMS says"):
        publish.check(tmp_path)
    (tmp_path / "operator.tar").unlink()
    with pytest.raises(ReleaseError, match="is missing"):
        publish.check(tmp_path)


@pytest.mark.parametrize("words", [[], ["one"], ["https://registry.example.com", "charts"]])
def test_a_wrong_command_says_the_right_one(words, capsys, monkeypatch) -> None:
    monkeypatch.setattr(sys, "argv", ["publish", *words])
    assert publish.main() == 2
    assert "make publish REGISTRY=" in capsys.readouterr().err


def test_the_wheel_is_installed_from_an_index_by_pip(tmp_path) -> None:
    wheel(tmp_path / "files")
    with served_index(tmp_path) as url:
        command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-cache-dir", "--index-url", url]
        where = tmp_path / "site"
        command += ["--target", str(where), f"model-bundles[client]=={version()}"]
        around = {**os.environ, "PIP_FIND_LINKS": "", "PIP_CONFIG_FILE": os.devnull}
        done = subprocess.run(command, capture_output=True, text=True, check=False, env=around)
    assert done.returncode == 0, done.stderr
    assert (where / "launch" / "cli" / "__init__.py").is_file()
    scripts = {file.name for file in (where / "bin").iterdir()}
    assert {"modelbundle", "kubectl-modelbundle", "kubectl_complete-modelbundle"} <= scripts
