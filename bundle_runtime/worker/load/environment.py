"""Makes the process a home for the user's code: scratch space, working directory, and what can be imported in which
order. Nothing of ours may shadow what the user's image or requirements hold."""

from __future__ import annotations

import contextlib
import os
import shutil
import site
import sys

from bundle_runtime.contract.layer import FROM_LAYER
from bundle_runtime.contract.layout import Layout
from bundle_runtime.contract.report import PYTHON_MISMATCH, fail
from bundle_runtime.worker.explain import START, explained
from bundle_spec.document import BundleDocument


def clear_scratch() -> None:
    """An emptyDir outlives a container: a file that crashed the last worker must not crash this one. HOME stays, so
    that what was downloaded or compiled is there again. Only where the pod says so, as elsewhere TMPDIR is not ours."""
    if os.environ.get("MODELBUNDLE_CLEAR_TMP") != "1":
        return
    directory = os.environ.get("TMPDIR") or "/tmp"
    home = os.path.join(os.environ.get("HOME") or directory, "")
    try:
        entries = list(os.scandir(directory))
    except OSError:
        return
    for entry in entries:
        if not entry.is_dir(follow_symlinks=False):
            with contextlib.suppress(OSError):
                os.unlink(entry.path)
        elif not home.startswith(os.path.join(entry.path, "")):
            shutil.rmtree(entry.path, ignore_errors=True)
    with contextlib.suppress(OSError):
        os.makedirs(home, exist_ok=True)


def check_python(document: BundleDocument) -> None:
    """Before a byte is unpickled: bytecode and pickled classes of another Python fail in ways that nobody can read."""
    artifact = document.get("artifact") or {}
    wanted = artifact.get("pythonVersion")
    if not wanted:
        return
    have = f"{sys.version_info[0]}.{sys.version_info[1]}"
    if ".".join(str(wanted).split(".")[:2]) != have:
        raise fail(PYTHON_MISMATCH, explained(START, f"Python {wanted} wrote, Python {have} reads: {sys.executable}"))


def prepare_imports(layout: Layout, document: BundleDocument) -> None:
    """sys.path: the zip's code, the standard library, requirements, the image's packages, ours last."""
    runtime_dir = layout.runtime_dir
    here = {os.path.realpath(runtime_dir), os.path.realpath(os.getcwd())}
    # `python -m` put its working directory first; our modules are all imported by now
    sys.path[:] = [path for path in sys.path if path and os.path.realpath(path) not in here]
    _add_requirements(requirements_directory(layout))
    sys.path += [_holds_bundle_runtime(), layout.vendor_dir]
    if document.get("artifact", {}).get("packaging") == "zip":
        sys.path.insert(0, layout.artifact_dir)
    if os.path.isdir(layout.artifact_dir):
        os.chdir(layout.artifact_dir)  # relative paths in user code mean the bundle's own files


def requirements_directory(layout: Layout) -> str:
    """Where the requirements can be imported from: what install put there, or the layer that it took instead."""
    marked = os.path.join(layout.requirements_dir, FROM_LAYER)
    return layout.layer_dir if os.path.exists(marked) else layout.requirements_dir


def _holds_bundle_runtime() -> str:
    """The directory that our package was imported from."""
    path = os.path.abspath(__file__)
    for _ in range(4):
        path = os.path.dirname(path)
    return path


def _add_requirements(directory: str) -> None:
    if not os.path.isdir(directory):
        return
    before = list(sys.path)
    site.addsitedir(directory)  # .pth files are honoured; new entries come at the end
    added = [path for path in sys.path if path not in before]
    packages = {os.path.realpath(path) for path in _site_packages()}
    at = next((i for i, path in enumerate(before) if os.path.realpath(path) in packages), len(before))
    sys.path[:] = before[:at] + added + before[at:]
    programs = os.path.join(directory, "bin")
    if os.path.isdir(programs):
        os.environ["PATH"] = programs + os.pathsep + os.environ.get("PATH", os.defpath)


def _site_packages() -> list[str]:
    found = [path for path in sys.path if os.path.basename(path) in ("site-packages", "dist-packages")]
    if hasattr(site, "getsitepackages"):  # old virtualenvs replace the module
        found += site.getsitepackages()
    if hasattr(site, "getusersitepackages"):
        found.append(site.getusersitepackages())
    return found
