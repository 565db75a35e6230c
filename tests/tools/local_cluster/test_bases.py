"""A base image is made from an empty directory each time, and nothing of a run that was killed stands in its way.

mmdebstrap and buildah are scripts here: what they leave, and what they find, is what this is about.
"""

from pathlib import Path

import pytest

from tools.local_cluster import bases
from tools.local_cluster.errors import ClusterError

# as the real one does, it refuses a directory in which there is something
MMDEBSTRAP = """#!/bin/sh
for tree; do :; done
[ -z "$(ls -A "$tree")" ] || { echo "$tree is not empty" >&2; exit 1; }
mkdir "$tree/etc"
[ -z "$KILLED" ] || kill -9 $$
"""
# it has no image, and notes of what one is made
BUILDAH = """#!/bin/sh
case "$*" in
*" inspect "*) exit 1 ;;
*" from "*) echo container ;;
*" add "*) for word; do case "$word" in */debian-tree*) ls "$word" > "$MADE_OF" ;; esac; done ;;
esac
"""


@pytest.fixture
def trees(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    programs = tmp_path / "bin"
    programs.mkdir()
    for name, text in {"mmdebstrap": MMDEBSTRAP, "buildah": BUILDAH}.items():
        (programs / name).write_text(text)
        (programs / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{programs}:/usr/bin:/bin")
    monkeypatch.setenv("MADE_OF", str(tmp_path / "made-of"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    found = tmp_path / "model-bundles" / "images"
    found.mkdir(parents=True)
    (found / "storage-driver").write_text("vfs")
    return found


def left(trees: Path) -> list[str]:
    return [path.name for path in trees.iterdir() if path.name != "storage-driver"]


@pytest.mark.parametrize("name", ["debian-tree", "debian-tree.x1y2"])
def test_what_a_killed_run_has_left_is_removed_first(trees: Path, tmp_path: Path, name: str) -> None:
    (trees / name / "half" / "made").mkdir(parents=True)
    assert bases.build("debian") == bases.image("debian")
    assert "etc" in (tmp_path / "made-of").read_text().split()
    assert "half" not in (tmp_path / "made-of").read_text().split()
    assert left(trees) == []


def test_a_killed_mmdebstrap_is_said_and_leaves_nothing(trees: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KILLED", "1")
    with pytest.raises(ClusterError, match="ended with -9"):
        bases.build("debian")
    assert left(trees) == []
    monkeypatch.delenv("KILLED")
    bases.build("debian")


def test_a_base_of_another_name_is_not_touched(trees: Path) -> None:
    (trees / "debian-python-tree.x1y2").mkdir()
    bases.build("debian")
    assert left(trees) == ["debian-python-tree.x1y2"]
