"""What the commands about bundles in the cluster share: where to look, which bundle a word means, what fails how."""

from __future__ import annotations

from contextlib import contextmanager
from typing import Any, Callable, Dict, Iterator, TypeVar

import click

from launch.cli.failure import Failure, missing
from launch.connection import Connection
from launch.errors import APIError, BundleFailedError, LaunchError, WaitTimeoutError

Command = TypeVar("Command", bound=Callable[..., Any])

STALLED = 2
_REASONS = {404: "NotFound", 403: "Forbidden", 401: "Unauthorized", 409: "AlreadyExists"}


def output(*formats: str, default: str = "text") -> Callable[[Command], Command]:
    return click.option("-o", "--output", type=click.Choice(list(formats)), default=default, show_default=True)


def bundle_named(connection: Connection, word: str) -> Dict[str, Any]:
    """NAME on the command line: the name of an object (an id), else the newest bundle that was created by that name."""
    from launch.lookup import found

    return found(connection, word, everybody=True)


@contextmanager
def told_as(command: str, as_json: bool = False) -> Iterator[None]:
    """Whatever the client raises on purpose becomes the command's one message and its exit code."""
    try:
        yield
    except BundleFailedError as error:
        code = STALLED if error.reason == "Stalled" else 1
        raise Failure(str(error), code=code, reason=error.reason, as_json=as_json) from error
    except WaitTimeoutError as error:
        raise Failure(str(error), reason="Timeout", as_json=as_json) from error
    except APIError as error:
        reason = _REASONS.get(error.status, "ApiError")
        raise Failure(str(error), reason=reason, as_json=as_json) from error
    except ImportError as error:
        raise missing(str(error.name), "client", command) from error
    except LaunchError as error:
        raise Failure(str(error), reason=type(error).__name__.replace("Error", ""), as_json=as_json) from error
