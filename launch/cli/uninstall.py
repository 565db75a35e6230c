"""`modelbundle uninstall`: remove what this machine has of it, and say what remains and who removes that."""

from __future__ import annotations

import sys
from typing import List

import click

from launch.cli.errors import Failure
from launch.cli.options import confirm
from launch.local.leftovers import Leftover, leftovers, remove

_PAGE = "docs/how-to/uninstall.md"


@click.command(name="uninstall")
@click.option("-y", "--yes", is_flag=True, help="Do not ask.")
@click.option("--dry-run", is_flag=True, help="Print what would be removed, and remove nothing.")
def command(yes: bool, dry_run: bool) -> None:
    """Remove what this machine has of model-bundles: local bundles with their artifacts, caches, accepted stores.

    The package itself, which runs this, is removed by pip; the command is printed. Nothing is removed of a cluster or
    an artifact store: others may use it.
    """
    found = leftovers()
    for leftover in found:
        click.echo(f"{leftover.path}: {leftover.said}, {_amount(leftover.size)}")
    if not found:
        click.echo("this machine has no local bundles, caches or accepted stores")
    elif not dry_run:
        confirm(yes, "Remove them?")
        _remove(found)
    click.echo(f"the package itself: {sys.executable} -m pip uninstall model-bundles")
    click.echo(f"clusters and artifact stores are as they were: {_PAGE}")


def _remove(found: List[Leftover]) -> None:
    for leftover in found:
        try:
            remove(leftover)
        except OSError as error:
            raise Failure(f"{leftover.path} could not be removed: {error}") from error
        click.echo(f"removed {leftover.path}")


def _amount(size: int) -> str:
    for unit in ("bytes", "KiB", "MiB"):
        if size < 1024:
            return f"{size:.0f} {unit}"
        size //= 1024
    return f"{size:.0f} GiB"
