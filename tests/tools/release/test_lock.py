"""The images install what the locks hold, and the locks hold what pyproject.toml asks for."""

from __future__ import annotations

import re

import pytest

from tools.release.lock import LOCKS, PLACE, ROOT, digest, pinned, problems, requirements

HASH = "    --hash=sha256:" + "0" * 64


@pytest.mark.parametrize("name", LOCKS)
def test_a_lock_is_what_pyproject_asks_for(name: str) -> None:
    wrong = problems((PLACE / f"{name}.lock").read_text(), requirements()[name])
    assert wrong == [], f"run `make lock` (it needs a package index): {wrong}"


@pytest.mark.parametrize("name", ["operator", "runtime"])
def test_an_image_installs_by_hash_and_from_nothing_else(name: str) -> None:
    text = (PLACE / name / "Dockerfile").read_text()
    installs = re.findall(r"pip install (.*)", text)
    assert len(installs) == 3
    assert all("--require-hashes" in line or "--no-index" in line for line in installs)
    copied = re.findall(r"deploy/images/(\w+)\.lock", text)
    assert sorted(copied) == sorted([name, "build"])


def lock(*lines: str, of: str = "click>=8") -> str:
    return "\n".join([f"# made of sha256:{digest([of])}", *lines, ""])


def test_what_is_wrong_is_named() -> None:
    good = lock("click==8.1 \\", HASH)
    assert problems(good, ["click>=8"]) == []
    assert problems(good, ["click>=9"])[0] == "it was made of other requirements than pyproject.toml has"
    assert problems(lock("click==7.0 \\", HASH), ["click>=8"]) == [
        "nothing in it is click>=8 for Python 3.11",
        "nothing in it is click>=8 for Python 3.13",
    ]
    assert problems(lock("click==8.1"), ["click>=8"]) == ["click has no hash"]
    assert problems(lock("click>=8 \\", HASH), ["click>=8"])[0] == "click>=8 is not one version"
    assert problems(lock("click==8.1 ; python_version < '3.12' \\", HASH), ["click>=8"]) == [
        "nothing in it is click>=8 for Python 3.13"
    ]


def test_pins_are_read_with_their_markers_and_hashes() -> None:
    text = lock("a-b==1.0 ; sys_platform == 'win32' \\", HASH + " \\", HASH, "c==2 \\", HASH)
    assert [(pin.name, hashes) for pin, hashes in pinned(text)] == [("a-b", 2), ("c", 1)]


def test_the_locks_are_in_the_checkout() -> None:
    assert {path.name for path in (ROOT / "deploy/images").glob("*.lock")} == {f"{name}.lock" for name in LOCKS}
