"""What `make release` and `make images` put together, without building an image."""

from __future__ import annotations

import json
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tools.release.engine import ROOT, EngineError, base_image
from tools.release.release import checksums, debian_components, sbom, version, wheel


def test_checksums_are_what_sha256sum_checks(tmp_path: Path) -> None:
    (tmp_path / "a.whl").write_bytes(b"a")
    (tmp_path / "b.tar").write_bytes(b"b" * 3_000_000)
    checksums(tmp_path)
    done = subprocess.run(["sha256sum", "-c", "SHA256SUMS"], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["a.whl:", "OK", "b.tar:", "OK"]


def test_the_wheel_is_of_this_version_and_the_same_each_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1700000000")
    made = []
    for number in range(2):
        wheel(tmp_path / str(number))
        (path,) = (tmp_path / str(number)).glob("*.whl")
        assert path.name == f"model_bundles-{version()}-py3-none-any.whl"
        made.append(path.read_bytes())
    assert made[0] == made[1]
    with zipfile.ZipFile(path) as archive:
        packages = {name.partition("/")[0] for name in archive.namelist()}
    assert {"modelbundle_operator", "bundle_spec", "bundle_runtime", "launch", "oip_conformance"} <= packages
    assert not packages & {"tests", "tools"}


def test_debian_packages_are_components_of_the_sbom() -> None:
    system = "zlib1g 1:1.2.13.dfsg-1 amd64\nlibc6 2.36-9+deb12u9 amd64\n"
    assert [component["purl"] for component in debian_components(system)] == [
        "pkg:deb/debian/libc6@2.36-9%2Bdeb12u9?arch=amd64",
        "pkg:deb/debian/zlib1g@1%3A1.2.13.dfsg-1?arch=amd64",
    ]


DIGEST = "@sha256:" + "0" * 64


def test_a_base_is_named_by_its_digest() -> None:
    for base in (f"python:3.13{DIGEST}", "debootstrap"):
        assert base_image(base, unpinned=False) == base
    assert base_image("python:3.13", unpinned=True) == "python:3.13"
    assert base_image("", unpinned=True) == "python:3.13-slim-bookworm"


@pytest.mark.parametrize(
    ("base", "says"), [("", "no base image is named"), ("python:3.13", "PYTHON_IMAGE=python:3.13 has no digest")]
)
def test_a_base_by_its_tag_is_refused_with_what_helps(base: str, says: str) -> None:
    with pytest.raises(EngineError, match=says) as refused:
        base_image(base, unpinned=False)
    for words in ("@sha256:DIGEST", "imagetools inspect", "PYTHON_IMAGE=debootstrap", "ALLOW_UNPINNED_BASE=1"):
        assert words in str(refused.value)


@pytest.mark.skipif(
    not (Path(sys.executable).parent / "cyclonedx-py").exists(),
    reason="cyclonedx-bom is in the extra `release`, which `make release` installs",
)
def test_an_sbom_names_each_package_at_its_version(tmp_path: Path) -> None:
    made = []
    for number in range(2):
        sbom("kopf==1.45.2\naiohttp==3.10.0\n", tmp_path / f"{number}.json", "libc6 2.36-9 amd64\n")
        made.append((tmp_path / f"{number}.json").read_text())
    assert made[0] == made[1]
    document = json.loads(made[0])
    assert document["bomFormat"] == "CycloneDX"
    assert {c["purl"] for c in document["components"]} == {
        "pkg:pypi/kopf@1.45.2",
        "pkg:pypi/aiohttp@3.10.0",
        "pkg:deb/debian/libc6@2.36-9?arch=amd64",
    }
    assert document["metadata"]["component"]["name"] == "model-bundles"


@pytest.mark.parametrize("arguments", [[], ["https://registry.example.com"], ["a", "b"]])
def test_images_says_where_to_push_when_it_is_not_told(arguments: list[str]) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tools.release.images", *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert "make images REGISTRY=registry.example.com/model-bundles" in done.stderr
    assert done.stdout == ""
