"""What the commands share that ask a cluster: where to look, which bundle a word means, how a failure is reported."""

from __future__ import annotations

import re
import sys
from contextlib import contextmanager
from typing import Any, Callable, Dict, Iterator, Optional, TypeVar

import click

from bundle_spec.names import ConditionType
from launch.bundle.content import ContentError
from launch.bundle.manifest import ManifestError
from launch.cli.errors import Failure, missing
from launch.cli.waiting_line import waiting
from launch.cluster.connection import Connection
from launch.errors import APIError, BundleFailedError, LaunchError, WaitTimeoutError

Command = TypeVar("Command", bound=Callable[..., Any])

STALLED = 2
ASKING = "asking the cluster"
_NAMESPACE = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")
_REASONS = {404: "NotFound", 403: "Forbidden", 401: "Unauthorized", 409: "AlreadyExists"}


def in_cluster(command: Command) -> Command:
    """The options that say where NAME is."""
    command = click.option("--context", help="The kubeconfig's context; else the current one.")(command)
    return click.option("-n", "--namespace", callback=_namespace, help="Of NAME; else the kubeconfig's.")(command)


def _namespace(_context: Any, _parameter: Any, word: Optional[str]) -> Optional[str]:
    if word is not None and not _NAMESPACE.fullmatch(word):
        raise click.BadParameter(f"{word!r} cannot name a namespace: lowercase letters, digits and -")
    return word


def output(*formats: str, default: str = "text") -> Callable[[Command], Command]:
    """The option -o with these formats."""
    return click.option("-o", "--output", type=click.Choice(list(formats)), default=default, show_default=True)


def confirm(yes: bool, question: str) -> None:
    """Asks, unless --yes was given."""
    if yes:
        return
    if not sys.stdin.isatty():
        raise click.UsageError("there is no terminal to ask on: say --yes")
    click.confirm(question, abort=True)


def asking(*words: str) -> str:
    """What a terminal shows while a cluster is asked about these words; nothing where one is read from the terminal."""
    return "" if "-" in words else ASKING


def bundle_named(connection: Connection, word: str) -> Dict[str, Any]:
    """NAME on the command line: the name of an object (an id), else the newest bundle that was created by that name."""
    from launch.api.lookup import found

    return found(connection, word, everybody=True)


@contextmanager
def exit_on_error(command: str, as_json: bool = False, waits: str = "") -> Iterator[None]:
    """Whatever the client raises on purpose becomes the command's one message and its exit code.

    `waits` is what a terminal shows while this goes on, where the command prints nothing meanwhile.
    """
    try:
        with waiting(waits):
            yield
    except BundleFailedError as error:
        code = STALLED if error.reason == ConditionType.STALLED else 1
        raise Failure(str(error), code=code, reason=error.reason, as_json=as_json) from error
    except WaitTimeoutError as error:
        raise Failure(str(error), reason="Timeout", as_json=as_json) from error
    except APIError as error:
        reason = _REASONS.get(error.status, "ApiError")
        raise Failure(str(error), reason=reason, as_json=as_json) from error
    except ImportError as error:
        raise missing(str(error.name), "client", command) from error
    except (ContentError, ManifestError) as error:
        raise Failure(str(error), reason="InvalidManifest", as_json=as_json) from error
    except LaunchError as error:
        raise Failure(str(error), reason=type(error).__name__.replace("Error", ""), as_json=as_json) from error
