"""The init container `install`, in the user's image: what the requirements ask for and the image lacks, nothing else.

The result is a plain directory that the worker puts before site-packages: no venv (images without ensurepip, images
whose Python is itself a venv) and never a second torch or numpy beside the image's.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Mapping
from importlib import metadata
from typing import Any

from bundle_runtime.contract import report
from bundle_runtime.contract.document_loader import DIGEST_VARIABLE, load
from bundle_runtime.contract.layout import Layout
from bundle_runtime.worker.install.entries import check_entries, left_to_install
from bundle_runtime.worker.install.image_packages import ImagePackage, image_packages, normalised, write_stubs
from bundle_runtime.worker.install.login import keep_login
from bundle_runtime.worker.install.uv import run_uv

INSTALLED = "installed.txt"
MARK = ".modelbundle"  # written last: names the digest and the Python that the directory is complete for


def main() -> int:
    os.umask(0o022)
    started = time.monotonic()
    layout = Layout.from_environment()
    digest = os.environ.get(DIGEST_VARIABLE, "")
    try:
        document = load(layout, digest)
        seconds = install(layout, document.get("requirements") or [], f"{digest} {sys.version}")
    except report.RuntimeFailure as failure:
        report.write_failure(failure, {"total": time.monotonic() - started})
        return 1
    listed = _read(os.path.join(layout.requirements_dir, INSTALLED))
    facts: dict[str, Any] = {
        "requirementsDigest": "sha256:" + hashlib.sha256(listed).hexdigest(),
        "count": len(listed.splitlines()),
    }
    print(f"installed {facts['count']} packages that the image lacks, {facts['requirementsDigest']}")
    print(listed.decode("utf-8"), end="", flush=True)  # `modelbundle lock` reads it here, and checks it by its digest
    report.write(report.Report(report.COMPLETED, seconds=seconds, **facts))
    return 0


def install(layout: Layout, entries: list[str], mark: str) -> dict[str, float]:
    """Fill the requirements directory; the seconds of each phase. A finished directory is left as it is."""
    requirements = check_entries(entries)
    directory = layout.requirements_dir
    if _read(os.path.join(directory, MARK)).decode() == mark:
        return {"resolve": 0.0, "install": 0.0}
    _empty(directory)
    cache = os.environ.get("UV_CACHE_DIR") or os.path.join(directory, ".uv-cache")
    started = time.monotonic()
    scratch = tempfile.mkdtemp(prefix="modelbundle-install-")
    try:
        keep_login(scratch)
        image = image_packages()
        lines = left_to_install(_resolve(layout.uv, requirements, image, cache, scratch), image)
        resolved_at = time.monotonic()
        if lines:
            listed = _write_lines(os.path.join(scratch, "missing.txt"), lines)
            arguments = ["pip", "install", "--python", sys.executable, "--no-deps", "--target", directory]
            run_uv(layout.uv, [*arguments, "--compile-bytecode", "-r", listed], cache, _pinned(image))
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
        shutil.rmtree(os.path.join(directory, ".uv-cache"), ignore_errors=True)
    _write_lines(os.path.join(directory, INSTALLED), _installed_in(directory))
    _write_text(os.path.join(directory, MARK), mark)
    return {"resolve": resolved_at - started, "install": time.monotonic() - resolved_at}


def _resolve(
    uv: str, requirements: list[str], image: Mapping[str, ImagePackage], cache: str, scratch: str
) -> list[str]:
    """The lines of uv's resolution, in which the image's packages are fixed."""
    stubs = os.path.join(scratch, "stubs")
    os.mkdir(stubs)
    constraints, overrides = write_stubs(image.values(), stubs)
    arguments = ["pip", "compile", "--python", sys.executable, "--no-header", "--no-annotate", "--find-links", stubs]
    arguments += ["--constraint", _write_lines(os.path.join(scratch, "image.txt"), constraints)]
    if overrides:
        arguments += ["--override", _write_lines(os.path.join(scratch, "overrides.txt"), overrides)]
    arguments.append(_write_lines(os.path.join(scratch, "requirements.in"), requirements))
    return run_uv(uv, arguments, cache, _pinned(image)).splitlines()


def _pinned(image: Mapping[str, ImagePackage]) -> dict[str, str]:
    return {package.name: package.version for package in image.values() if package.comparable}


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


def _write_lines(path: str, lines: list[str]) -> str:
    return _write_text(path, "".join(f"{line}\n" for line in lines))


def _write_text(path: str, text: str) -> str:
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    return path


def _read(path: str) -> bytes:
    try:
        with open(path, "rb") as file:
            return file.read()
    except FileNotFoundError:
        return b""


if __name__ == "__main__":
    sys.exit(main())
