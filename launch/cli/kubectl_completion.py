"""`kubectl_complete-modelbundle`: what kubectl runs for Tab behind `kubectl modelbundle`.

kubectl gives the words behind the plugin's name, of which the last is begun, and reads a completion a line, then a
directive of its own (Cobra's): 4 has the shell add no files, 0 lets it.
"""

from __future__ import annotations

import sys
from typing import List

NO_FILES, FILES = 4, 0


def completions(words: List[str]) -> List[str]:
    """The lines for these words."""
    from click.shell_completion import ShellComplete

    from launch.cli.commands import cli
    from launch.cli.completion import VARIABLE

    *before, begun = words or [""]
    found = ShellComplete(cli, {}, "modelbundle", VARIABLE).get_completions(before, begun)
    plain = [item for item in found if item.type == "plain"]
    lines = ["\t".join(filter(None, (str(item.value), item.help))) for item in plain]
    return [*lines, f":{NO_FILES if plain or not found else FILES}"]


def main() -> None:
    """The entry point."""
    sys.stdout.write("".join(f"{line}\n" for line in completions(sys.argv[1:])))
