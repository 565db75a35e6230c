"""`modelbundle serve FILE`: the bundle as local processes, the same code that runs in a pod."""

from __future__ import annotations

import contextlib
import importlib.util
import json
import os
import shlex
import signal
import socket
import sys
import threading
import time
from pathlib import Path
from typing import Any, Optional, Tuple

import click

from launch.api.interruption import INTERRUPTED, raise_on_interruption
from launch.bundle.manifest import ManifestError, read_bundle
from launch.cli.errors import Failure, missing
from launch.local.example_request import example_request
from launch.local.local_serving import LocalServing, ServingError
from launch.local.pythons import NoSuchPythonError
from launch.local.worker_environment import UnknownVariableError, added_variables

NEEDED = ("httptools", "uvloop", "orjson", "jsonschema_rs", "prometheus_client", "rfc8785")


@click.command(name="serve")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=8080,
    show_default=True,
    help="Port to listen on, on 127.0.0.1; 0 takes a free one.",
)
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
def command(file: Path, port: int, python: Optional[str], variables: Tuple[str, ...]) -> None:
    """Serve the ModelBundle in FILE on this machine, as a pod would, until Ctrl-C.

    The artifact's URI may be a path relative to FILE. The bundle's sha256, Python version and schemas are checked as in
    a cluster; its requirements are installed beside what the chosen Python has. GPU, image and replicas are not used.
    The bundle's code sees its own variables and few of your shell: no keys and tokens but those that --env names.
    """
    for name in NEEDED:
        if sys.version_info < (3, 11) or importlib.util.find_spec(name) is None:
            raise missing(f"{name} (and Python 3.11 or newer for itself)", "client,runtime", "serve")
    try:
        added = added_variables(variables, os.environ)
    except UnknownVariableError as error:
        raise click.BadParameter(str(error), param_hint="--env") from error
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background job starts with it ignored
    raise_on_interruption()
    started = time.monotonic()
    ready = False
    try:
        manifest = read_bundle(file)
        port = _free_port(port)
        with LocalServing(manifest, file.resolve().parent, python, _say, added) as serving:
            serving.prepare()
            serving.start(port)
            url = f"http://127.0.0.1:{port}"
            serving.wait_until_ready(url)
            ready = True
            _say(f"ready in {time.monotonic() - started:.1f} s, {serving.digest}; Ctrl-C stops")
            _say("try: " + _curl(url, manifest["spec"]["bundle"].get("requestSchema")))
            _until_interrupted(serving)
    except KeyboardInterrupt:
        _say("stopped")
        if not ready:
            sys.exit(INTERRUPTED)
    except (ManifestError, ServingError, NoSuchPythonError, ValueError) as error:
        raise Failure(str(error)) from error


def _until_interrupted(serving: LocalServing) -> None:
    while True:
        serving.check()
        time.sleep(0.2)


def _free_port(port: int) -> int:
    """The port, or a free one for 0; one that another process has is refused before anything is fetched."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            raise ServingError(f"port {port} is taken ({error.strerror}): choose another with --port") from error
        bound: int = probe.getsockname()[1]
        return bound


def _curl(url: str, schema: Any) -> str:
    body = json.dumps(example_request(schema))
    return f"curl {url}/predict -H 'content-type: application/json' -d {shlex.quote(body)}"


_printing = threading.Lock()


def _say(text: str) -> None:
    with _printing, contextlib.suppress(OSError):  # the terminal was closed
        click.echo(text, err=True)
