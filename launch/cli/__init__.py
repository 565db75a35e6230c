"""The `modelbundle` command: its start, its end, and its exit codes."""

from __future__ import annotations

import sys

from launch.api.interruption import INTERRUPTED, end_on_interruption

USAGE = 64  # EX_USAGE: 2, click's own, means Stalled to `modelbundle wait`


def main() -> None:
    """Every expected failure is one message on stderr and an exit code; a traceback is a defect of the client."""
    end_on_interruption()  # before the imports, which take most of a short command's time
    import click

    from launch.cli.commands import cli

    try:
        code = cli.main(prog_name="modelbundle", standalone_mode=False)
    except click.UsageError as error:
        error.show()
        sys.exit(USAGE)
    except click.ClickException as error:
        error.show()
        sys.exit(getattr(error, "code", error.exit_code))
    except (click.Abort, KeyboardInterrupt):
        sys.exit(INTERRUPTED)
    sys.exit(code if isinstance(code, int) else 0)
