"""The option of commands that serve on this machine."""

from __future__ import annotations

from typing import Any, Callable, TypeVar

import click

Command = TypeVar("Command", bound=Callable[..., Any])


def port_option(default: int) -> Callable[[Command], Command]:
    """--port, for a server that listens on 127.0.0.1."""
    return click.option(
        "--port",
        type=click.IntRange(0, 65535),
        default=default,
        show_default=True,
        help="Port to listen on, on 127.0.0.1; 0 takes a free one.",
    )
