"""Images from Dockerfiles without an engine: buildah, with a storage of its own in the machine's cache.

Layers are cached in that storage, so that a change of the product's source rebuilds the last layer only.
"""

import os
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path

from tools.local_cluster import mounts, store
from tools.local_cluster.place import RUN_ROOT
from tools.local_cluster.shell import run, succeeds

_CERTIFICATES = Path("/etc/ssl/certs/ca-certificates.crt")
_PIP_CONFIGURATION = Path("/etc/pip.conf")
_MOST_CACHED_LAYERS = 100
_PIP_VARIABLES = ("PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL", "PIP_TRUSTED_HOST", "PIP_CERT", "PIP_DEFAULT_TIMEOUT")


def lock() -> Path:
    return store.root() / "images" / "lock"


def has(image: str) -> bool:
    return succeeds([*_buildah("inspect"), "--type", "image", image])


def import_tree(tree: Path, image: str) -> None:
    """A root file system as an image."""
    container = run([*_buildah("from"), "scratch"]).strip()
    try:
        run([*_buildah("add"), "--quiet", container, tree, "/"])
        run([*_buildah("commit"), "--quiet", container, image])
    finally:
        run([*_buildah("rm"), container])


def build(dockerfile: Path, context: Path, image: str, arguments: dict[str, str]) -> None:
    options: list[str] = []
    for name, value in {**_pip_settings(), **arguments}.items():
        options += ["--build-arg", f"{name}={value}"]
    # what this machine needs to reach its package index is lent to the build, never left in an image
    for file in (_CERTIFICATES, _PIP_CONFIGURATION):
        if file.exists():
            options += ["--volume", f"{file}:{file}:ro"]
    ignore = dockerfile.with_name("Dockerfile.dockerignore")
    if ignore.exists():
        options += ["--ignorefile", str(ignore)]
    argv = [*_buildah("bud"), "--isolation", "chroot", "--layers", "--quiet", *options]
    run([*argv, "--file", dockerfile, "--tag", image, context])


def save(image: str, target: str, storage: Sequence[str] = ()) -> None:
    """Write an image to `oci:DIRECTORY:TAG` or `docker-archive:FILE:NAME`."""
    push = ["buildah", *storage, "push"] if storage else _buildah("push")
    run([*push, "--quiet", image, target])


def load(archive: Path, saved: str, image: str) -> None:
    """Take the image that was `saved` into a docker-archive, and name it `image`."""
    run([*_buildah("pull"), "--quiet", f"docker-archive:{archive}"])
    run([*_buildah("tag"), saved, image])


def push(image: str, reference: str, *, plain_http: bool) -> str:
    """Push an image to a registry; the digest that the registry has it under."""
    with tempfile.NamedTemporaryFile("r") as digest:
        verify = f"--tls-verify={'false' if plain_http else 'true'}"
        run([*_buildah("push"), "--quiet", verify, "--digestfile", digest.name, image, f"docker://{reference}"])
        return digest.read().strip()


def output(image: str, argv: Sequence[str]) -> str:
    """What a command prints in a container of the image."""
    container = run([*_buildah("from"), image]).strip()
    try:
        return run([*_buildah("run"), "--isolation", "chroot", container, "--", *argv])
    finally:
        run([*_buildah("rm"), container])


def storage_of(image: str) -> list[str] | None:
    """The options that name the storage that has an image: this tool's, or the one that plain `buildah` uses."""
    own = _buildah("inspect")[1:-1]
    for storage in (own, ["--storage-driver", "vfs"], ["--storage-driver", "overlay"]):
        if succeeds(["buildah", *storage, "inspect", "--type", "image", image]):
            return storage
    return None


def clear() -> None:
    """End what an interrupted build left, and let go of the storage's mounts; the caller holds the lock."""
    run([*_buildah("rm"), "--all"])
    mounts.detach([_storage()])
    shutil.rmtree(_run_root(), ignore_errors=True)


def prune() -> None:
    """Drop the cached layers of builds once they pile up; the next build makes those that it needs again."""
    unnamed = run([*_buildah("images"), "--quiet", "--filter", "dangling=true"]).split()
    if len(unnamed) > _MOST_CACHED_LAYERS:
        succeeds([*_buildah("rmi"), "--prune"])


def remove(image: str) -> None:
    succeeds([*_buildah("rmi"), image])


def _pip_settings() -> dict[str, str]:
    return {name: os.environ[name] for name in _PIP_VARIABLES if os.environ.get(name)}


def _buildah(verb: str) -> list[str]:
    root = _storage()
    return [
        "buildah",
        "--root",
        str(root),
        "--runroot",
        str(_run_root()),
        "--storage-driver",
        _driver(),
        verb,
    ]


def _storage() -> Path:
    return store.root() / "images" / "storage"


def _run_root() -> Path:
    """Which of the storage's layers are mounted is written there: two caches on a machine must not share it."""
    return RUN_ROOT / f"buildah-{store.fingerprint([str(_storage())])}"


def _driver() -> str:
    """overlay where the cache's file system can carry it; vfs, which copies every layer whole, elsewhere."""
    marker = store.root() / "images" / "storage-driver"
    if not marker.exists():
        marker.parent.mkdir(parents=True, exist_ok=True)
        marker.write_text("overlay" if _overlay_works(marker.parent) else "vfs")
    return marker.read_text()


def _overlay_works(directory: Path) -> bool:
    probe = directory / f"overlay-probe-{os.getpid()}"
    for name in ("lower", "upper", "work", "merged"):
        (probe / name).mkdir(parents=True)
    layers = f"lowerdir={probe}/lower,upperdir={probe}/upper,workdir={probe}/work"
    works = succeeds(["mount", "-t", "overlay", "overlay", "-o", layers, probe / "merged"])
    if works:
        run(["umount", probe / "merged"])
    run(["rm", "-rf", probe])
    return works
