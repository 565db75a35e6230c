"""Running other programs: their output is kept and shown only when they fail, with the command that failed."""

import os
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from tools.local_cluster.errors import ClusterError

_TAIL_LINES = 25


def run(
    argv: Sequence[str | Path],
    *,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    stdin: str | None = None,
    remedy: str = "",
) -> str:
    """Run to the end and return standard output; a non-zero exit becomes a ClusterError with the output's tail."""
    command = [str(part) for part in argv]
    try:
        done = subprocess.run(
            command,
            env={**os.environ, **(env or {})},
            cwd=cwd,
            input=stdin,
            stdin=subprocess.DEVNULL if stdin is None else None,
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
        )
    except FileNotFoundError as error:
        raise ClusterError(f"{command[0]} is not installed", remedy or f"install {command[0]}") from error
    if done.returncode != 0:
        tail = "\n".join((done.stdout + done.stderr).strip().splitlines()[-_TAIL_LINES:])
        raise ClusterError(f"`{' '.join(command)}` ended with {done.returncode}:\n{tail}", remedy)
    return done.stdout


def succeeds(argv: Sequence[str | Path]) -> bool:
    """Whether a command exits with 0; one that does not exist does not."""
    try:
        done = subprocess.run(
            [str(part) for part in argv],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            check=False,
        )
    except FileNotFoundError:
        return False
    return done.returncode == 0
