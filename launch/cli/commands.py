"""The commands of `modelbundle`. Each subcommand is imported when it is used, so that --help answers at once."""

from __future__ import annotations

import importlib
import keyword
from typing import Dict, List, Optional

import click
from click.shell_completion import CompletionItem

from launch.cli.examples import epilog

# name -> its help line; the module of that name in this package holds `command`
COMMANDS: Dict[str, str] = {
    "create": "Pack functions, upload them, and create a bundle.",
    "render": "Print the YAML of a bundle that create would make, for Git.",
    "list": "List bundles.",
    "get": "Print a bundle, as a row or as its object.",
    "describe": "Print how a bundle is, and why.",
    "deploy": "Serve a bundle, and wait until it answers.",
    "logs": "Print what a bundle's containers wrote.",
    "delete": "Remove a bundle and its pods.",
    "serve": "Serve a bundle on this machine, as a pod would.",
    "predict": "Send one request to a bundle and print the prediction.",
    "pin": "Print the sha256 of an artifact, wherever it lies.",
    "wait": "Wait until a bundle has a condition, printing each change.",
    "digest": "Print the digest that a bundle has, and how it comes about.",
    "clone": "Create a bundle that differs from another in what you say.",
    "tree": "Print a family of bundles: their health, and what each clone changed.",
    "diff": "Print the values in which two bundles differ.",
    "blame": "Print which bundle of the line set a value.",
    "flatten": "Print a bundle as self-contained YAML, for Git.",
    "lock": "Print a bundle with pins for the image and requirements that ran.",
    "check": "Say what a cluster would refuse of a bundle in a file.",
    "doctor": "Check what this cluster, namespace and store can do for a bundle.",
    "completion": "Print the completion script of a shell.",
    "init": "Make a folder to begin with: a function, its test and its bundle.",
    "uninstall": "Remove what this machine has of it beside the package.",
    "plan": "Say what would become of a bundle, before anything is applied.",
    "ui": "Show bundles on a page in the browser, as they change.",
    "import": "Print the bundle of a model that MLflow wrote, or create it.",
}


class _Lazy(click.Group):
    def list_commands(self, ctx: click.Context) -> List[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, name: str) -> Optional[click.Command]:
        if name not in COMMANDS:
            return None
        module = f"{name}_" if keyword.iskeyword(name) else name
        command: click.Command = importlib.import_module(f"launch.cli.{module}").command
        command.epilog = epilog(name)
        return command

    def shell_complete(self, ctx: click.Context, incomplete: str) -> List[CompletionItem]:
        """As click's own, which would import every command for its first line."""
        named = [CompletionItem(name, help=line) for name, line in COMMANDS.items() if name.startswith(incomplete)]
        return named + click.Command.shell_complete(self, ctx, incomplete)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):  # click's own would import every command for its first line
            formatter.write_dl(list(COMMANDS.items()))


@click.group(cls=_Lazy, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="model-bundles", message="%(version)s")
def cli() -> None:
    """Model Bundles: a Python function and its model become an immutable ModelBundle that Kubernetes serves.

    Exit codes: 0 done, 1 failed (the message says why), 64 wrong usage; `wait` adds 2 for a bundle that cannot become
    ready, `doctor` 3 for a check that says no. docs/reference/cli.md has them all.
    """
