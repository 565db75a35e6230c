"""A tag is published only when every place says its version."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tools.release.engine import ROOT
from tools.release.release import version
from tools.release.tag import problems

FILES = ("pyproject.toml", "Chart.yaml", "charts/operator/Chart.yaml", "CHANGELOG.md")


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """As the commit of a release: the day stands in the changelog."""
    for name in FILES:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(ROOT / name, tmp_path / name)
    changed(tmp_path / "CHANGELOG.md", f"## {version()}, not released", f"## {version()}, 2027-01-01")
    return tmp_path


def changed(file: Path, old: str, new: str) -> None:
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new, 1))


def test_the_tag_of_this_version_is_fine(checkout: Path) -> None:
    assert problems(f"v{version()}", checkout) == []


@pytest.mark.parametrize("tag", ["v9.9.9", version()])
def test_another_tag_is_refused(checkout: Path, tag: str) -> None:
    assert problems(tag, checkout) == [
        f"the tag is {tag}, and pyproject.toml has the version {version()}: tag v{version()}"
    ]


def test_every_place_is_looked_at(checkout: Path) -> None:
    changed(checkout / "charts/operator/Chart.yaml", f"version: {version()}", "version: 0.0.9")
    changed(checkout / "CHANGELOG.md", f"## {version()}, 2027-01-01", f"## {version()}, not released")
    assert problems(f"v{version()}", checkout) == [
        f"charts/operator/Chart.yaml has another version than {version()}",
        f"CHANGELOG.md says that {version()} is not released: write the day in its place",
    ]
