"""Completion is click's own; docs/reference/cli.md says how it is switched on."""

import pytest


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_each_shell_gets_its_script(modelbundle, shell):
    done = modelbundle(_MODELBUNDLE_COMPLETE=f"{shell}_source")
    assert "_MODELBUNDLE_COMPLETE" in done.out


def test_commands_and_options_are_completed(modelbundle):
    asked = {"_MODELBUNDLE_COMPLETE": "bash_complete", "COMP_CWORD": "1", "COMP_WORDS": "modelbundle fl"}
    assert modelbundle(**asked).out.split() == ["plain,flatten"]
    asked.update(COMP_WORDS="modelbundle diff --na", COMP_CWORD="2")
    assert modelbundle(**asked).out.split() == ["plain,--namespace"]
