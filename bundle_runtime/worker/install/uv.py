"""Runs uv, with nothing of the image's own settings and nothing secret in what it prints."""

from __future__ import annotations

import os
import re
import subprocess
import sys

from bundle_runtime.contract.report import INSTALL_FAILED, fail
from bundle_runtime.worker.install.indexes import without_secrets

PROGRESS = re.compile(r"(Downloading|Downloaded|Building|Built|Preparing|Prepared|Resolved) ")


class UvFailedError(Exception):
    """uv ended with an error, or took longer than it may; `said` is what it wrote, without secrets."""

    def __init__(self, said: str) -> None:
        super().__init__(said)
        self.said = said

    @property
    def line(self) -> str:
        """What it said as one line, without how far it had come."""
        lines = [line.strip() for line in self.said.strip().splitlines()]
        return " ".join(line for line in lines if not PROGRESS.match(line))


def run_uv(uv: str, arguments: list[str], cache: str, seen_by_builds: str, seconds: float | None = None) -> str:
    """uv's standard output; UvFailedError when it fails or takes longer than `seconds`.

    `seen_by_builds` is a directory for PYTHONPATH: uv itself asks an isolated interpreter, its builds do not.
    With a limit it is a try of ours, whose words are not for the log.
    """
    environment = {name: value for name, value in os.environ.items() if name not in ("VIRTUAL_ENV", "CONDA_PREFIX")}
    environment.update(NO_COLOR="1", UV_NO_PROGRESS="1", UV_PYTHON_DOWNLOADS="never", UV_CACHE_DIR=cache)
    environment.update(PYTHONPATH=seen_by_builds)
    # bytecode that is valid whatever the time of its source, as a layer unpacks it with another (PEP 552)
    environment.update(PYC_INVALIDATION_MODE="UNCHECKED_HASH")
    try:
        done = subprocess.run(
            [uv, "--no-config", *arguments],
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            universal_newlines=True,
            check=False,
            timeout=seconds,
        )
    except subprocess.TimeoutExpired as error:
        raise UvFailedError(f"uv took longer than {seconds:.0f} s") from error
    except OSError as error:
        raise fail(INSTALL_FAILED, f"cannot run {uv} in this image: {error}. uv needs a glibc image.") from error
    said = without_secrets(done.stderr)
    if said.strip() and seconds is None:
        print(said.rstrip(), file=sys.stderr, flush=True)
    if done.returncode:
        raise UvFailedError(said)
    return done.stdout
