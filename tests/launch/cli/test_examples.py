"""Each command's --help ends with examples, and each example is a command that there is."""

from __future__ import annotations

import shlex

import pytest

from launch.cli.commands import COMMANDS, cli
from launch.cli.examples import EXAMPLES

LINES = [(name, line) for name, lines in EXAMPLES.items() for line in lines]


def test_each_command_has_one():
    assert set(EXAMPLES) == set(COMMANDS)


@pytest.mark.parametrize("name", COMMANDS)
def test_help_shows_them_as_they_are(modelbundle_here, name):
    shown = modelbundle_here(name, "--help").out
    assert shown.endswith("".join(f"\n    {line}" for line in EXAMPLES[name]) + "\n")


@pytest.mark.parametrize(("name", "line"), LINES)
def test_the_command_line_takes_its_words(name, line):
    words = shlex.split(line.partition("$(")[2].partition(")")[0] or line, comments=True)
    words = words[words.index("modelbundle") + 1 :]
    words = words[: words.index(">")] if ">" in words else words
    assert words[0] == name
    command = cli.get_command(cli.make_context("modelbundle", [name]), name)
    assert command is not None
    command.make_context(name, words[1:])  # click.UsageError where they are wrong
