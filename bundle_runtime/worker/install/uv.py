"""Runs uv and turns what it says on failure into one of our reasons."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Mapping
from urllib.parse import urlsplit

from bundle_runtime.contract.report import (
    INDEX_UNREACHABLE,
    INSTALL_FAILED,
    REQUIREMENT_NOT_FOUND,
    REQUIREMENTS_CONFLICT,
    RuntimeFailure,
    fail,
)

_UNREACHABLE = re.compile(
    r"error sending request|failed to fetch|could not connect|connection (refused|reset|closed)|dns error|timed out|"
    r"certificate|operation timed out|network|status (code|server error)|HTTP status|unauthorized|forbidden",
    re.IGNORECASE,
)
_NOT_FOUND = re.compile(
    r"(?P<a>\S+) was not found in the (package registry|provided package locations)|"
    r"there (is|are) no versions? of (?P<b>\S+)|"
    r"no (matching )?(wheels|distributions?) .*for (?P<c>\S+)|only (the following versions of )?(?P<d>[^\s<>=!~]+)"
    r"([^\n]*) (is|are) available|(?P<e>\S+) has no (usable|wheels)",
    re.IGNORECASE,
)
_WRONG_PYTHON = re.compile(
    r"the current Python version \((?P<found>[^)]+)\) does not satisfy Python(?P<needed>\S+) and (?P<what>\S+)"
)
LAST_LINES = 12


def index_name(environment: Mapping[str, str] = os.environ) -> str:
    """The index, or all of them in their order, as the failure's message shows it: without user and password."""
    extra = [_shown(url) for url in environment.get("UV_INDEX", "").split()]
    url = environment.get("UV_DEFAULT_INDEX") or environment.get("UV_INDEX_URL")
    if not url:
        return ", ".join([*extra, "PyPI"]) if extra else "PyPI (no index of your own is set)"
    return ", ".join([*extra, _shown(url)])


def _shown(url: str) -> str:
    url = url.partition("=")[2] if re.match(r"[\w.-]+=", url) else url
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"


def run_uv(uv: str, arguments: list[str], cache: str, image: Mapping[str, str]) -> str:
    """uv's standard output; a RuntimeFailure with our reason when it fails. `image` holds the pinned versions."""
    # the image's own settings (an active venv, a uv.toml, colours) must not change what is installed
    environment = {name: value for name, value in os.environ.items() if name not in ("VIRTUAL_ENV", "CONDA_PREFIX")}
    environment.update(NO_COLOR="1", UV_NO_PROGRESS="1", UV_PYTHON_DOWNLOADS="never", UV_CACHE_DIR=cache)
    command = [uv, "--no-config", *arguments]
    try:
        done = subprocess.run(
            command,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            universal_newlines=True,
            check=False,
        )
    except OSError as error:
        raise fail(INSTALL_FAILED, f"cannot run {uv} in this image: {error}. uv needs a glibc image.") from error
    if done.stderr.strip():
        print(done.stderr.rstrip(), file=sys.stderr, flush=True)
    if done.returncode:
        raise explain(done.stderr, image)
    return done.stdout


def explain(stderr: str, image: Mapping[str, str]) -> RuntimeFailure:
    """The reason behind uv's words; the words themselves follow, they are good."""
    said = " ".join(line.strip() for line in stderr.strip().splitlines())
    if "No solution found" in stderr or "unsatisfiable" in stderr:
        pinned = [name for name, version in image.items() if _mentions(stderr, name, version)]
        missing = _NOT_FOUND.search(stderr)
        if pinned:
            kept = ", ".join(f"{name}=={image[name]}" for name in sorted(pinned))
            return fail(
                REQUIREMENTS_CONFLICT,
                f"the image has {kept}, which is kept as it is. Ask for versions that go with it, or take another "
                f"image. uv: {said}",
            )
        wrong_python = _WRONG_PYTHON.search(stderr)
        if wrong_python:
            return fail(
                REQUIREMENT_NOT_FOUND,
                f"{wrong_python['what']} needs Python {wrong_python['needed']}, the image has {wrong_python['found']}: "
                f"ask for a version that still supports it. uv: {said}",
            )
        if missing:
            return fail(
                REQUIREMENT_NOT_FOUND,
                f"{_first(missing)} is not at the index {index_name()}: put it there, or correct the requirement in a "
                f"new bundle. uv: {said}",
            )
        return fail(
            REQUIREMENTS_CONFLICT, f"the requirements exclude each other: loosen one in a new bundle. uv: {said}"
        )
    if _UNREACHABLE.search(stderr):
        return fail(
            INDEX_UNREACHABLE, f"cannot reach the index {index_name()}; it is tried again.{_trust(stderr)} uv: {said}"
        )
    last = " | ".join(line.strip() for line in stderr.strip().splitlines()[-LAST_LINES:])
    return fail(INSTALL_FAILED, f"uv could not install the requirements: {last}")


def _trust(stderr: str) -> str:
    if "certificate" not in stderr:
        return ""
    return (
        " For an authority of your own, the operator's setting caConfigMap names a ConfigMap with its certificate (in"
        " pods that are rolled out after it)."
    )


def _mentions(stderr: str, name: str, version: str) -> bool:
    return re.search(rf"(?<![\w.-]){re.escape(name)}=={re.escape(version)}(?![\w.+])", stderr) is not None


def _first(match: re.Match[str]) -> str:
    return next((value for value in match.groupdict().values() if value), "a requirement").strip("`,.:")
