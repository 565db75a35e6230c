"""`modelbundle completion SHELL`: what goes into a shell's start-up file so that Tab completes commands and options."""

from __future__ import annotations

import click

from launch.cli.errors import Failure

VARIABLE = "_MODELBUNDLE_COMPLETE"


@click.command(name="completion")
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def command(shell: str) -> None:
    """Print the completion script of a SHELL: `eval "$(modelbundle completion bash)"` in ~/.bashrc, say."""
    from click.shell_completion import get_completion_class

    from launch.cli.commands import cli

    kind = get_completion_class(shell)
    if kind is None:
        raise Failure(f"there is no completion for {shell}")
    click.echo(kind(cli, {}, "modelbundle", VARIABLE).source())
