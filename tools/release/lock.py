"""`make lock`: every package of the images, and of the tool that builds the wheel, at one version with its hashes.

Written from pyproject.toml by uv for Linux, macOS and each Python from 3.11 on, so that an image's base may have
another Python. The first lines of a lock say what it was made of: a test says when pyproject.toml asks for another.
"""

from __future__ import annotations

import hashlib
import subprocess
import sys
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parent.parent.parent
PLACE = ROOT / "deploy" / "images"
LOCKS = ("operator", "runtime", "build")
PYTHONS = ("3.11", "3.13")  # of the bases: Debian's, and the image that the Dockerfiles are written for
_HEAD = "# Written by `make lock` from pyproject.toml; do not edit.\n# made of sha256:{}\n"


def requirements() -> dict[str, list[str]]:
    """What pyproject.toml asks for, by the name of the lock."""
    document = tomllib.loads((ROOT / "pyproject.toml").read_text())
    project = document["project"]
    images = {
        name: [*project["dependencies"], *project["optional-dependencies"][name]] for name in ("operator", "runtime")
    }
    return {**images, "build": document["build-system"]["requires"]}


def digest(lines: Sequence[str]) -> str:
    """Of what a lock is made of, in any order."""
    return hashlib.sha256("\n".join(sorted(lines)).encode()).hexdigest()


def pinned(text: str) -> list[tuple[Requirement, int]]:
    """Each pin of a lock, and how many hashes it has."""
    found: list[tuple[Requirement, int]] = []
    for line in text.splitlines():
        words = line.strip().removesuffix("\\").strip()
        if words.startswith("--hash=sha256:"):
            pin, hashes = found[-1]
            found[-1] = (pin, hashes + 1)
        elif words and not words.startswith("#"):
            found.append((Requirement(words), 0))
    return found


def problems(text: str, asked: Sequence[str]) -> list[str]:
    """What is wrong with a lock for these requirements; nothing when it is theirs."""
    wrong = []
    if f"# made of sha256:{digest(asked)}\n" not in text:
        wrong.append("it was made of other requirements than pyproject.toml has")
    pins = pinned(text)
    wrong += [f"{pin.name} has no hash" for pin, hashes in pins if not hashes]
    wrong += [f"{pin} is not one version" for pin, _ in pins if not str(pin.specifier).startswith("==")]
    for line in asked:
        requirement = Requirement(line)
        for python in PYTHONS:
            if applies(requirement, python) and not any(
                satisfies(pin, requirement) for pin, _ in pins if applies(pin, python)
            ):
                wrong.append(f"nothing in it is {line} for Python {python}")
    return wrong


def applies(requirement: Requirement, python: str) -> bool:
    """Whether it is for this Python on Linux."""
    environment = {"python_version": python, "python_full_version": f"{python}.0", "sys_platform": "linux",
                   "platform_system": "Linux", "extra": ""}  # fmt: skip
    return requirement.marker is None or requirement.marker.evaluate(environment)


def satisfies(pin: Requirement, requirement: Requirement) -> bool:
    """Whether the pin is of that project and of a version that it takes."""
    version = str(pin.specifier).removeprefix("==")
    return _name(pin) == _name(requirement) and requirement.specifier.contains(version, prereleases=True)


def _name(requirement: Requirement) -> str:
    return requirement.name.lower().replace("_", "-").replace(".", "-")


def locked(asked: Sequence[str], upgrade: bool, before: Path) -> str:
    """A whole lock; without `upgrade` what `before` has at a version that is still taken stays."""
    uv = Path(sys.executable).parent / "uv"
    command = [
        str(uv), "pip", "compile", "--quiet", "--universal", "--python-version", PYTHONS[0], "--generate-hashes",
        "--no-header", "--no-annotate", "-o", str(before), *(["--upgrade"] if upgrade else []), "-",
    ]  # fmt: skip
    done = subprocess.run(command, input="\n".join(asked), capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"uv pip compile: {done.stderr.strip()[-2000:]}")
    return _HEAD.format(digest(asked)) + before.read_text()


def main(arguments: Sequence[str]) -> int:
    """The exit code: 0 when the locks are written, 1 when one could not be made."""
    wanted: Mapping[str, list[str]] = requirements()
    made: dict[Path, Any] = {}
    for name in LOCKS:
        path = PLACE / f"{name}.lock"
        scratch = path.with_suffix(".lock.new")
        if path.exists():
            scratch.write_text(path.read_text())
        try:
            made[path] = locked(wanted[name], "--upgrade" in arguments, scratch)
        except RuntimeError as error:
            sys.stderr.write(f"{path.relative_to(ROOT)}: {error}\n")
            return 1
        finally:
            scratch.unlink(missing_ok=True)
    for path, text in made.items():
        path.write_text(text)
        sys.stdout.write(f"{path.relative_to(ROOT)}: {len(pinned(text))} packages\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
