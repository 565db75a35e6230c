"""A failure that the user can act on: one message, an exit code of its own, and JSON where a program asked for it."""

from __future__ import annotations

import json
from typing import IO, Any, Optional

import click


class Failure(click.ClickException):
    """Ends the command with `code`; printed on stderr, as {"error": ...} when the output format is json."""

    def __init__(self, message: str, *, code: int = 1, reason: str = "", as_json: bool = False) -> None:
        super().__init__(message)
        self.code = code
        self.reason = reason
        self.as_json = as_json

    def show(self, file: Optional[IO[Any]] = None) -> None:
        """One line, or one JSON object with -o json, on stderr."""
        if self.as_json:
            error = {"code": self.reason or "Failed", "message": self.message}
            click.echo(json.dumps({"error": error}), file=file, err=True)
        else:
            click.echo(f"Error: {self.message}", file=file, err=True)


def missing(package: str, extra: str, command: str) -> Failure:
    """The failure of a command that needs a package of an extra which is not installed."""
    return Failure(
        f"`modelbundle {command}` needs {package}, which is not installed: pip install 'model-bundles[{extra}]'",
        reason="MissingPackage",
    )
