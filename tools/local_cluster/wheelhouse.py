"""The wheels that the package index serves: downloaded once per machine for exactly the pins in wheelhouse.txt."""

import platform
from pathlib import Path

from tools.local_cluster import store
from tools.local_cluster.debian import pip_command
from tools.local_cluster.progress import step
from tools.local_cluster.shell import run

_LIST = Path(__file__).resolve().parent / "wheelhouse.txt"


def build() -> Path:
    directory = store.root() / "wheelhouse" / store.fingerprint([_LIST.read_bytes()])
    if directory.is_dir():
        return directory
    with store.locked(store.root() / "wheelhouse" / "lock", "it downloads the wheels of the package index"):
        store.sweep(directory.parent)
        if not directory.is_dir():
            with step("downloading the wheels of the package index", "30 s"), store.making(directory) as scratch:
                for python, requirements in pins(_LIST.read_text()).items():
                    download(requirements, python, scratch / "new")
    return directory


def pins(text: str) -> dict[str, list[str]]:
    """Python version -> requirements."""
    found: dict[str, list[str]] = {}
    for line in text.splitlines():
        words = line.partition("#")[0].split()
        if words:
            python, requirement = words
            found.setdefault(python, []).append(requirement)
    return found


def download(requirements: list[str], python: str, target: Path) -> None:
    run(
        [*pip_command(), "download", "--quiet", "--no-deps", "--dest", target, *wheel_options(python), *requirements],
        remedy="the Python package index must be reachable; run the same command again",
    )


def wheel_options(python: str) -> list[str]:
    """pip's options for wheels of another Python than the one that runs pip."""
    machine = platform.machine()
    platforms = [f"--platform=manylinux_2_{minor}_{machine}" for minor in (28, 27, 24, 17, 12)]
    platforms += [f"--platform=manylinux2014_{machine}"]
    return ["--only-binary=:all:", f"--python-version={python}", "--implementation=cp", *platforms]


def install(requirement: str, python: str, target: Path) -> None:
    """Unpack a wheel and nothing else into a directory of packages, for the stand-in images."""
    argv = [*pip_command(), "install", "--quiet", "--no-deps", "--target", str(target), "--upgrade"]
    run([*argv, *wheel_options(python), requirement])
