"""Base images where no registry can be reached: Debian by mmdebstrap, made once per machine."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tools.local_cluster import builder, mounts, store, versions
from tools.local_cluster.progress import step
from tools.local_cluster.shell import run

# what a CPython that was built elsewhere links against
_LIBRARIES = (
    "ca-certificates",
    "libbz2-1.0",
    "libcrypt1",
    "libexpat1",
    "libffi8",
    "libgdbm6",
    "libgomp1",
    "liblzma5",
    "libncursesw6",
    "libnsl2",
    "libreadline8",
    "libsqlite3-0",
    "libssl3",
    "libtirpc3",
    "libuuid1",
    "zlib1g",
)
_BASES = {"debian": _LIBRARIES, "debian-python": ("ca-certificates", "libgomp1", "python3", "python3-venv")}
_SUITES = {"debian": versions.DEBIAN_SUITE, "debian-python": versions.PYTHON_SUITE}
_UNWANTED = (
    "usr/share/doc",
    "usr/share/man",
    "usr/share/locale",
    "usr/share/info",
    "var/cache",
    "var/lib/apt/lists",
    "var/log",
)


def image(name: str) -> str:
    """The local name of a base; it changes with what is in it."""
    key = store.fingerprint([_SUITES[name], *_BASES[name], *_UNWANTED, *_left_out()])
    return f"localhost/model-bundles/{name}:{key}"


def build(name: str) -> str:
    """Make the base unless it is there; the caller holds the builder's lock."""
    wanted = image(name)
    if builder.has(wanted):
        return wanted
    usually = "30 s, once on this machine"
    with step(f"making the base image {name} (Debian {_SUITES[name]}) with mmdebstrap", usually), _tree(name) as tree:
        run(
            [
                "mmdebstrap",
                "--variant=minbase",
                f"--include={','.join(_BASES[name])}",
                *_left_out(),
                _SUITES[name],
                tree,
            ],
            remedy="a Debian mirror must be reachable; run the same command again",
        )
        _slim(tree)
        builder.import_tree(tree, wanted)
    return wanted


@contextmanager
def _tree(name: str) -> Iterator[Path]:
    """An empty directory, which nothing is left of. Of another name each time: of a run that was killed mmdebstrap may
    go on in its own."""
    trees = store.root() / "images"
    for left in trees.glob(f"{name}-tree*"):
        _remove(left)
    made = Path(tempfile.mkdtemp(prefix=f"{name}-tree.", dir=trees))
    made.chmod(0o755)  # apt downloads as a user of its own
    try:
        yield made
    finally:
        _remove(made)


def _remove(tree: Path) -> None:
    """A mmdebstrap that was killed leaves /proc, /sys and devices of the machine mounted in it."""
    mounts.detach([tree])
    shutil.rmtree(tree, ignore_errors=True)


def _left_out() -> list[str]:
    """What need not be unpacked only to be removed."""
    return [f"--dpkgopt=path-exclude=/{name}/*" for name in _UNWANTED if name.startswith("usr/")]


def _slim(tree: Path) -> None:
    for name in _UNWANTED:
        directory = tree / name
        shutil.rmtree(directory, ignore_errors=True)
        directory.mkdir(parents=True, exist_ok=True)
