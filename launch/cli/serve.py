"""`modelbundle serve FILE`: a bundle, or code that is packed first, as local processes, the code that runs in a pod."""

from __future__ import annotations

import os
import signal
import socket
import sys
import time
from pathlib import Path
from typing import Optional, Tuple

import click

from launch.api.interruption import INTERRUPTED, raise_on_interruption
from launch.cli.completing import files
from launch.cli.errors import Failure, missing
from launch.cli.newer_python import needs_newer_python
from launch.cli.port import port_option
from launch.cli.versions import Versions
from launch.cli.waiting_line import WaitingLine
from launch.errors import LaunchError
from launch.local.local_serving import LocalServing, ServingError
from launch.local.ports import reserve
from launch.local.pythons import NoSuchPythonError
from launch.local.served_example import to_try
from launch.local.server_packages import is_too_old, missing_package
from launch.local.worker_environment import UnknownVariableError, added_variables

_line = WaitingLine()
_say = _line.say
IMAGE = "python:{}.{}-slim".format(*sys.version_info[:2])


@click.command(name="serve")
@click.argument("word", metavar="FILE", shell_complete=files)
@port_option(8080)
@click.option(
    "--python", metavar="PATH", help="Python that runs the bundle. Else one of artifact.pythonVersion is looked for."
)
@click.option(
    "--env",
    "variables",
    multiple=True,
    metavar="NAME[=VALUE]",
    help="Variable for the bundle's code, NAME alone: as your shell has it. May be given again.",
)
@click.option("--reload", is_flag=True, help="Serve anew whenever a file of the bundle, or of the code, changes.")
@click.option(
    "--type-hints/--no-type-hints", default=True, show_default=True, help="Of code: make schemas of its type hints."
)
@click.option("--image", metavar="REPOSITORY:TAG", default=IMAGE, show_default=True, help="Of code: for a cluster.")
@click.option(
    "--keep", metavar="DIR", type=click.Path(path_type=Path), help="Of code: write bundle.yaml and the artifact to DIR."
)
def command(
    word: str,
    port: int,
    python: Optional[str],
    variables: Tuple[str, ...],
    reload: bool,
    type_hints: bool,
    image: str,
    keep: Optional[Path],
) -> None:
    """Serve FILE on this machine, as a pod would, until Ctrl-C.

    FILE is a ModelBundle in YAML or JSON (- is standard input), or code that is packed first: FILE.py, FILE.ipynb or
    package.module with :FUNCTION behind it, or a folder. Without :FUNCTION it is load_predict_fn with load_model_fn or
    model, else predict, else the only function there. Nothing but the code is needed; its requirements are looked up.

    The artifact's URI may be a path relative to FILE. The bundle's sha256, Python version and schemas are checked as in
    a cluster; its requirements are installed beside what the chosen Python has. GPU, image and replicas are not used.
    The bundle's code sees its own variables and few of your shell: no keys and tokens but those that --env names.
    """
    if is_too_old():
        raise needs_newer_python(word)
    package = missing_package()
    if package is not None:
        raise missing(package, "client,runtime", "serve")
    try:
        added = added_variables(variables, os.environ)
    except UnknownVariableError as error:
        raise click.BadParameter(str(error), param_hint="--env") from error
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background job starts with it ignored
    raise_on_interruption()
    started = time.monotonic()
    ready = False
    try:
        with Versions(word, image, type_hints, reload, keep, _say) as versions:
            for manifest, directory in versions:
                port, keeps_port = _reserved(port)
                with keeps_port, versions.survived(), LocalServing(manifest, directory, python, _say, added) as serving:
                    url = f"http://127.0.0.1:{port}"
                    with _line.showing("starting"):
                        serving.prepare()
                        serving.start(port)
                        serving.wait_until_ready(url)
                    _say(f"ready in {time.monotonic() - started:.1f} s, {serving.digest}; Ctrl-C stops")
                    if not ready and versions.create:
                        _say(f"on a cluster: {versions.create}")
                    ready = True
                    for line in to_try(url):
                        _say(line)
                    versions.wait(serving.check)
                started = time.monotonic()
    except KeyboardInterrupt:
        _say("stopped")
        if not ready:
            sys.exit(INTERRUPTED)
    except (LaunchError, ServingError, NoSuchPythonError, ValueError) as error:
        raise Failure(str(error)) from error


def _reserved(port: int) -> Tuple[int, socket.socket]:
    """The port, or a free one for 0; one that another process has is refused before anything is fetched."""
    try:
        return reserve(port)
    except OSError as error:
        raise ServingError(f"port {port} is taken ({error.strerror}): choose another with --port") from error
