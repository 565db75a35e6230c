"""The init container `install`, in the user's image: what the requirements ask for and the image lacks, nothing else.

The result is a plain directory that the worker puts before site-packages: no venv (images without ensurepip, images
whose Python is itself a venv) and never a second torch or numpy beside the image's. A pure package in another version
than the image's is laid over it there.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import sys
import tempfile
import time
from importlib import metadata
from typing import Any

from bundle_runtime.contract import report
from bundle_runtime.contract.document_loader import DIGEST_VARIABLE, load
from bundle_runtime.contract.layer import DESCRIPTION, FILES, FROM_LAYER, INSTALLED, MARK
from bundle_runtime.contract.layout import Layout
from bundle_runtime.worker.install.entries import check_entries, hashes_of, laid_over, left_to_install, with_hashes
from bundle_runtime.worker.install.failure import explain
from bundle_runtime.worker.install.files import files_of, tell_files, write_files
from bundle_runtime.worker.install.image_packages import image_packages, write_stubs
from bundle_runtime.worker.install.indexes import without_secrets
from bundle_runtime.worker.install.layer import Layer, describe, find_layer
from bundle_runtime.worker.install.login import keep_login
from bundle_runtime.worker.install.requires import normalised
from bundle_runtime.worker.install.resolution import (
    ImageBrokenError,
    Workplace,
    build_arguments,
    resolve,
    seen_by_builds,
    write_lines,
)
from bundle_runtime.worker.install.uv import UvFailedError, run_uv


def main() -> int:
    os.umask(0o022)
    started = time.monotonic()
    layout = Layout.from_environment()
    digest = os.environ.get(DIGEST_VARIABLE, "")
    try:
        document = load(layout, digest)
        layer, seconds = put_in_place(layout, document.get("requirements") or [], f"{digest} {sys.version}")
    except report.RuntimeFailure as failure:
        report.write_failure(failure, {"total": time.monotonic() - started})
        return 1
    listed = _read(os.path.join(layout.requirements_dir, INSTALLED))
    facts: dict[str, Any] = {
        "requirementsDigest": "sha256:" + hashlib.sha256(listed).hexdigest(),
        "count": len(listed.splitlines()),
        **({"layer": layer.digest} if layer.digest else layer.failed()),
    }
    files = _read(os.path.join(layout.requirements_dir, FILES))
    if layer.digest:
        print(f"the layer {layer.digest} has the {facts['count']} packages that the image lacks")
    # worded as where it was installed: a `modelbundle lock` that knows no layers finds the list behind it
    print(f"installed {facts['count']} packages that the image lacks, {facts['requirementsDigest']}")
    print(listed.decode("utf-8"), end="", flush=True)  # `modelbundle lock` reads it here, and checks it by its digest
    facts.update(tell_files(files))
    report.write(report.Report(report.COMPLETED, seconds=seconds, **facts))
    return 0


def put_in_place(layout: Layout, entries: list[str], mark: str) -> tuple[Layer, dict[str, float]]:
    """From a layer that was made for this, else by an installation; which layer, or why none, and the seconds."""
    started = time.monotonic()
    layer = Layer() if _is_finished(layout, mark) else find_layer(layout, entries)
    if layer.digest:
        try:
            take_layer(layout, layer, mark)
            return layer, {"layer": time.monotonic() - started}
        except OSError as error:
            layer = Layer(failure=f"the layer {layer.digest} cannot be put in place: {error}")
    if layer.failure:
        print(f"{layer.failure}; this pod installs the requirements itself", flush=True)
    return layer, install(layout, entries, mark)


def install(layout: Layout, entries: list[str], mark: str) -> dict[str, float]:
    """Fill the requirements directory; the seconds of each phase. A finished directory is left as it is."""
    requirements, hashes = check_entries(entries), hashes_of(entries)
    directory = layout.requirements_dir
    if _is_finished(layout, mark):
        return {"resolve": 0.0, "install": 0.0}
    _empty(directory)
    cache = os.environ.get("UV_CACHE_DIR") or os.path.join(directory, ".uv-cache")
    started = time.monotonic()
    scratch = tempfile.mkdtemp(prefix="modelbundle-install-")
    try:
        keep_login(scratch)
        place = Workplace(layout.uv, cache, scratch, image_packages())
        try:
            lines = left_to_install(resolve(place, requirements), place.image)
            resolved_at = time.monotonic()
            for sentence in laid_over(lines, place.image):
                print(without_secrets(sentence), flush=True)
            asked = with_hashes(lines, hashes)
            files = files_of(place, requirements, lines, hashes) if lines else {}
            if lines:
                _install(place, requirements, asked, directory)
        except (UvFailedError, ImageBrokenError) as failed:
            raise explain(failed, place, requirements) from failed
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
        shutil.rmtree(os.path.join(directory, ".uv-cache"), ignore_errors=True)
    installed = _installed_in(directory)
    write_lines(os.path.join(directory, INSTALLED), installed)
    write_files(directory, installed, files)
    describe(directory, entries, {package.name: package.version for package in place.image.values()})
    _write(os.path.join(directory, MARK), mark.encode())
    return {"resolve": resolved_at - started, "install": time.monotonic() - resolved_at}


def take_layer(layout: Layout, layer: Layer, mark: str) -> None:
    """The requirements directory says that the layer stands for it. What is in the layer is found there too, by links:
    a bundle's variables may name files there, as LD_LIBRARY_PATH does."""
    directory = layout.requirements_dir
    _empty(directory)
    for name in os.listdir(layout.layer_dir):
        if name not in (INSTALLED, DESCRIPTION, FROM_LAYER, MARK):
            os.symlink(os.path.join(layout.layer_dir, name), os.path.join(directory, name))
    _write(os.path.join(directory, INSTALLED), layer.listed)
    _write(os.path.join(directory, FROM_LAYER), layer.digest.encode())
    _write(os.path.join(directory, MARK), mark.encode())


def _is_finished(layout: Layout, mark: str) -> bool:
    """Whether an earlier run has installed all of it. Where a layer stood for it, that is looked at again."""
    directory = layout.requirements_dir
    from_layer = os.path.exists(os.path.join(directory, FROM_LAYER))
    return not from_layer and _read(os.path.join(directory, MARK)).decode() == mark


def _install(place: Workplace, requirements: list[str], lines: list[str], directory: str) -> None:
    listed = write_lines(os.path.join(place.scratch, "missing.txt"), lines)
    stubs = os.path.join(place.scratch, "stubs")  # for builds; what is installed is pinned to what the image lacks
    os.mkdir(stubs)
    write_stubs(place.image.values(), stubs)
    arguments = ["pip", "install", "--python", sys.executable, "--no-deps", "--target", directory]
    arguments += ["--find-links", stubs, *build_arguments(place, requirements, place.scratch)]
    run_uv(place.uv, [*arguments, "--compile-bytecode", "-r", listed], place.cache, seen_by_builds(place.scratch))


def _installed_in(directory: str) -> list[str]:
    found = metadata.distributions(path=[directory])
    return sorted(f"{normalised(item.metadata['Name'])}=={item.metadata['Version']}" for item in found)


def _empty(directory: str) -> None:
    """The directory itself is a mount point in a pod and stays."""
    os.makedirs(directory, exist_ok=True)
    for entry in os.scandir(directory):
        if entry.is_dir(follow_symlinks=False):
            shutil.rmtree(entry.path)
        else:
            os.unlink(entry.path)


def _write(path: str, content: bytes) -> None:
    with open(path, "wb") as file:
        file.write(content)


def _read(path: str) -> bytes:
    try:
        with open(path, "rb") as file:
            return file.read()
    except FileNotFoundError:
        return b""


if __name__ == "__main__":
    sys.exit(main())
